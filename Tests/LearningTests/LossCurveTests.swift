import Foundation
import NeuralNetwork
import Tensors
import Testing

import Learning

/// The loop beside PyTorch's, from the same weights in the same order: Fixtures/generate_curves.py.
struct LossCurveTests {
    private struct Curve: Decodable {
        var losses: [Double]
        var attention: [Double]
        var scores: [Double]
        /// Norms of the first step's gradients.
        var gradients: [String: Double]?
    }

    private static func curve(_ name: String) throws -> Curve {
        let file = try #require(
            Bundle.module.url(forResource: "curves", withExtension: "json", subdirectory: "Fixtures"))
        let curves = try JSONDecoder().decode([String: Curve].self, from: try Data(contentsOf: file))
        return try #require(curves[name])
    }

    private static let volume = "input: {sequences: [T1], size: [28, 20, 24]}"
    private static let adam = """
        optimizer: {kind: adamw, learningRate: 0.001, weightDecay: 0.01}
          schedule: {kind: cosine, warmupEpochs: 0, final: 0.01}
          classWeights: none
        """

    private static let plain = """
        optimizer: {kind: sgd, learningRate: 0.001, momentum: 0.9, weightDecay: 0}
          schedule: {kind: cosine, warmupEpochs: 0, final: 0.01}
          classWeights: none
        """

    @Test func momentumAndWeightsOfClassesFollowPyTorchOnResNet6() throws {
        try follow(
            "resnet6", shape: [1, 24, 20, 28],
            """
            task: lung-vs-non-lung
            \(Self.volume)
            network: {depth: 6, widthMultiplier: 0.0625}
            training:
              optimizer: {kind: sgd, learningRate: 0.02, momentum: 0.9, weightDecay: 0.001}
              schedule: {kind: constant, warmupEpochs: 0}
              classWeights: [1, 1.5]
            """)
    }

    @Test func adamWAndCosineFollowPyTorchOnResNet18() throws {
        try follow(
            "resnet18", shape: [1, 24, 20, 28],
            """
            task: lung-vs-non-lung
            \(Self.volume)
            network: {depth: 18, widthMultiplier: 0.0625, dilation: [1, 1, 2, 4]}
            training:
              \(Self.adam)
            """)
    }

    @Test func attentionFollowsPyTorchOnResNet18() throws {
        try follow(
            "resnet18-attention", shape: [1, 24, 20, 28], normalization: (0.6, 0.7),
            """
            task: lung-vs-non-lung
            \(Self.volume)
            network: {depth: 18, widthMultiplier: 0.0625, dilation: [1, 1, 2, 4]}
            attention: {enabled: true, layer: layer2}
            training:
              \(Self.plain)
            """)
    }

    @Test func erasingWhatIsAttendedToFollowsPyTorchOnResNet18() throws {
        try follow(
            "resnet18-erasure", shape: [1, 24, 20, 28], normalization: (0.6, 0.7),
            """
            task: lung-vs-non-lung
            \(Self.volume)
            network: {depth: 18, widthMultiplier: 0.0625, dilation: [1, 1, 2, 4]}
            attention: {enabled: true, layer: layer2, erasure: 1}
            training:
              \(Self.plain)
            """)
    }

    @Test func decayOfTheRateFollowsPyTorchOnInception() throws {
        try follow(
            "inception-v3", shape: [3, 107, 107], normalization: (0.6, 0.7),
            """
            task: node-status
            input: {size: [107, 107]}
            network: {widthMultiplier: 0.0625}
            training:
              optimizer: {kind: sgd, learningRate: 0.002, momentum: 0.95, decay: 0.01}
              dropout: 0
            """)
    }

    private func follow(
        _ name: String, shape: [Int], normalization: (scale: Float, shift: Float) = (1, 0), _ text: String
    ) throws {
        let curve = try Self.curve(name)
        let recipe = try Samples.recipe(
            text + "\n  epochs: 2\n  batch: 4\n  seed: 7\n  precision: float32"
                + "\naugmentation: {enabled: false}")
        let examples = try Samples.examples(12, shape: shape, masks: recipe.attention.isEnabled)
        let maker = BatchMaker(
            examples, augmentation: .none, seed: 7, extents: Array(shape.dropFirst()), channels: shape[0])
        let parameters = try weights(try recipe.architecture.graph(), normalization)
        let session = try TrainingSession(recipe, parameters: parameters, counts: [6, 6], threads: 1)
        var steps: [TrainingSession.Step] = []
        for epoch in 0..<2 {
            let order = EpochOrder.permutation(12, seed: 7, epoch: epoch)
            for (number, places) in EpochOrder.batches(order, size: 4).enumerated() {
                let progress = Double(epoch) + Double(number) / 3
                session.setLearningRate(
                    recipe.training.optimizer.learningRate * recipe.training.schedule.factor(at: progress, of: 2))
                steps.append(try session.step(try maker.make(places, epoch: epoch)))
                if steps.count == 1 { try compare(session.network, curve.gradients ?? [:]) }
            }
        }
        #expect(steps.count == curve.losses.count)
        for (number, (step, expected)) in zip(steps, curve.losses).enumerated() {
            #expect(abs(Double(step.loss) - expected) < 1e-3, "step \(number): \(step.loss), PyTorch \(expected)")
        }
        for (step, expected) in zip(steps, curve.attention) { #expect(abs(Double(step.attention) - expected) < 1e-3) }
        let scores = try session.scores(of: examples, by: maker, batch: 4)
        for (score, expected) in zip(scores, curve.scores) { #expect(abs(Double(score) - expected) < 1e-2) }
    }

    private func compare(_ network: TrainingNetwork, _ norms: [String: Double]) throws {
        for (name, norm) in norms {
            let gradient = try #require(try network.parameter(named: name)?.gradient()).floats()
            let own = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(own - norm) < 1e-3 * norm + 1e-6, "\(name): \(own), PyTorch \(norm)")
        }
    }

    /// The same as the script's.
    private func weights(
        _ graph: NetworkGraph, _ normalization: (scale: Float, shift: Float)
    ) throws -> ParameterSet {
        var set = ParameterSet()
        for parameter in graph.parameters {
            let values: [Float] =
                switch parameter.role {
                case .convolutionWeight, .linearWeight:
                    Samples.uniform(
                        seed: 3, name: parameter.name, count: parameter.count,
                        bound: (6 / Double(parameter.count / parameter.shape[0])).squareRoot())
                case .normalizationWeight: [Float](repeating: normalization.scale, count: parameter.count)
                case .normalizationBias: [Float](repeating: normalization.shift, count: parameter.count)
                case .runningVariance: [Float](repeating: 1, count: parameter.count)
                case .bias, .runningMean: [Float](repeating: 0, count: parameter.count)
                }
            set.tensors[parameter.name] = try Tensor(shape: parameter.shape, floats: values)
        }
        return set
    }
}
