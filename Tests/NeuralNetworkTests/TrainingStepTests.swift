import CKernels
import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Whole networks' gradients and one step of SGD against PyTorch; see Fixtures/generate_training_fixtures.py.
struct TrainingStepTests {
    /// How closely an engine follows a reference in double precision: gradients relative to each parameter's largest,
    /// parameters after the step relative to one.
    static let gradientTolerance: Float = 1e-3
    static let stepTolerance: Float = 1e-4

    @Test(
        arguments: [
            ("18B", 18, ResNet3D.Shortcut.projection), ("18A", 18, .stridedZeroPadding), ("6B", 6, .projection),
            ("6A", 6, .stridedZeroPadding),
        ], TrainingTestEngines.exact)
    func oneStepOfAResidualNetworkIsPyTorchs(
        network: (name: String, depth: Int, shortcut: ResNet3D.Shortcut), engine: TrainingSettings.Engine
    ) throws {
        let file = try NetworkFixtureTests.fixture("training_resnet3d")
        var architecture = ResNet3D(depth: network.depth, inputChannels: 2, classes: 2)
        architecture.widthMultiplier = 1 / 32
        architecture.shortcut = network.shortcut
        let graph = try architecture.graph()
        var parameters = ParameterSet()
        for parameter in graph.parameters {
            var tensor = try file.requiredTensor(parameter.name)
            if tensor.shape != parameter.shape {
                // The shallow networks' last layer is the deep one's, cut to fewer inputs.
                let (values, from) = (tensor.floats(), tensor.shape[1])
                let cut = (0..<parameter.shape[0]).flatMap { values[$0 * from..<$0 * from + parameter.shape[1]] }
                tensor = try Tensor(shape: parameter.shape, floats: cut)
            }
            parameters.tensors[parameter.name] = tensor
        }
        let training = try TrainingNetwork(
            graph: graph, parameters: parameters,
            settings: TrainingSettings(threads: 2, engine: engine, precision: .float32))
        let outputs = try training.forward(hashedImage([4, 2, 24, 20, 28]), mode: .training)
        let loss = try SoftmaxCrossEntropy(classWeights: [1, 2.5], labelSmoothing: 0.1)
            .evaluate(outputs.logits, targets: [0, 1, 1, 0])
        try training.backward(from: [training.outputName: loss.gradient])
        let optimizer = try SGD(
            .init(learningRate: 0.05, momentum: 0.9, weightDecay: 0.01, isNesterov: true))
        try compare(training, optimizer, loss.value, file, network.name)
    }

    @Test(arguments: TrainingTestEngines.exact)
    func oneStepOfInceptionWithItsAuxiliaryHeadIsPyTorchs(engine: TrainingSettings.Engine) throws {
        let file = try NetworkFixtureTests.fixture("training_inception")
        var architecture = InceptionV3(classes: 3)
        architecture.widthMultiplier = 1 / 32
        let graph = withoutDropout(try architecture.graph(withAuxiliaryHead: true))
        var parameters = ParameterSet()
        for parameter in graph.parameters {
            parameters.tensors[parameter.name] = try file.requiredTensor(parameter.name)
        }
        let training = try TrainingNetwork(
            graph: graph, parameters: parameters,
            settings: TrainingSettings(threads: 2, engine: engine, precision: .float32))
        let outputs = try training.forward(hashedImage([4, 3, 299, 299]), mode: .training)
        let targets = [2, 0, 1, 0]
        let main = try SoftmaxCrossEntropy().evaluate(outputs.logits, targets: targets)
        let head = try #require(outputs.auxiliary["AuxLogits.fc"])
        let auxiliary = try SoftmaxCrossEntropy().evaluate(head, targets: targets)
        try training.backward(from: [
            training.outputName: main.gradient,
            "AuxLogits.fc": try Tensor(shape: head.shape, floats: auxiliary.gradient.floats().map { 0.4 * $0 }),
        ])
        let optimizer = try SGD(.init(learningRate: 0.05, momentum: 0.9, weightDecay: 0.01))
        // Through so many layers the transforms' rounding reaches one bend: Conv2d_2b's bias is 1.07e-3 off with AVX-512.
        try compare(training, optimizer, main.value + 0.4 * auxiliary.value, file, "step", isDeep: true)
    }

    private func compare(
        _ training: TrainingNetwork, _ optimizer: SGD, _ loss: Float, _ file: SafetensorsFile, _ prefix: String,
        isDeep: Bool = false
    ) throws {
        let expectedLoss = try file.requiredTensor("\(prefix).loss").floats()[0]
        #expect(abs(loss - expectedLoss) < 1e-4 * max(1, abs(expectedLoss)))
        // The fixtures were chosen so that nothing lies near a rectifier's bend by the sums of OpenBLAS and of AVX-512;
        // those of AVX2 round in another order.
        let isOther = training.engineName.hasPrefix("onednn") && (isDeep || !ork_processor_features().avx512)
        let tolerance = isOther ? 2 * Self.gradientTolerance : Self.gradientTolerance
        var outside: [String] = []
        var largest: Float = 0
        for parameter in training.parameters where parameter.isTrained {
            let expected = try file.requiredTensor("\(prefix).gradient.\(parameter.name)").floats()
            largest = max(largest, expected.map(abs).max() ?? 0)
        }
        var (errors, squares) = (0.0, 0.0)
        for parameter in training.parameters where parameter.isTrained {
            let expected = try file.requiredTensor("\(prefix).gradient.\(parameter.name)").floats()
            let got = try #require(try parameter.gradient()).floats()
            // What is zero but for rounding is compared with the largest of all.
            let scale = max(expected.map(abs).max() ?? 0, 1e-3 * largest)
            let difference = largestDifference(got, expected) / scale
            if difference >= tolerance { outside.append("\(parameter.name): \(difference)") }
            for (one, other) in zip(got, expected) {
                errors += Double((one - other) * (one - other))
                squares += Double(other * other)
            }
        }
        let distance = (errors / squares).squareRoot()
        #expect(distance < 1e-4, "all gradients together: \(distance)")
        #expect(outside.isEmpty, "gradients: \(outside)")
        #expect(training.firstNonFiniteGradient() == nil)
        try optimizer.step(training)
        for parameter in training.parameters {
            let expected = try file.requiredTensor("\(prefix).after.\(parameter.name)").floats()
            let difference = largestDifference(try parameter.value().floats(), expected)
            let scale = max(1, expected.map(abs).max() ?? 0)
            #expect(difference < Self.stepTolerance * scale, "\(parameter.name) after the step: \(difference)")
        }
    }

    /// Dropout draws other numbers in PyTorch; the fixture has none.
    private func withoutDropout(_ graph: NetworkGraph) -> NetworkGraph {
        rebuilt(graph) { operation in
            if case .dropout = operation { .dropout(rate: 0) } else { operation }
        }
    }
}

/// The same layers with some operations changed.
func rebuilt(_ graph: NetworkGraph, _ change: (NeuralNetwork.Operation) -> NeuralNetwork.Operation) -> NetworkGraph {
    var builder = GraphBuilder(spatialRank: graph.spatialRank, inputChannels: graph.inputChannels)
    for node in graph.nodes.dropFirst() { _ = builder.add(node.name, change(node.operation), node.inputs) }
    for (name, node) in graph.taps { builder.tap(name, node) }
    return builder.build()
}

/// The fixtures' noise in [−1, 1): Knuth's multiplicative hash of each element's index.
func hashedImage(_ shape: [Int]) throws -> Tensor {
    let values = (0..<shape.reduce(1, *)).map { index -> Float in
        let hashed = UInt32(truncatingIfNeeded: UInt64(index) &* 2_654_435_761)
        return Float(hashed >> 16) / 32768 - 1
    }
    return try Tensor(shape: shape, floats: values)
}

/// The engines that this machine has.
enum TrainingTestEngines {
    static let exact = [TrainingSettings.Engine.openBLAS, .oneDNN].filter(\.isAvailable)
}
