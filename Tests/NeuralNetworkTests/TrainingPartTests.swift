import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Losses, attention and optimizers against PyTorch; see Fixtures/generate_training_fixtures.py.
struct TrainingPartTests {
    private static let targets: [Float] = [0, 1, 1, 0.25, 1]

    private func check(_ name: String, _ evaluate: (Tensor) throws -> Loss) throws {
        let file = try NetworkFixtureTests.fixture("training_parts")
        let loss = try evaluate(try file.requiredTensor("\(name).logits"))
        let expected = try file.requiredTensor("\(name).loss").floats()[0]
        #expect(abs(loss.value - expected) < 1e-6 * max(1, expected))
        #expect(loss.gradient.shape == (try file.requiredTensor("\(name).logits").shape))
        let gradient = try file.requiredTensor("\(name).gradient").floats()
        #expect(largestDifference(loss.gradient.floats(), gradient) < 1e-6)
        #expect(loss.isFinite)
    }

    @Test func binaryCrossEntropyIsPyTorchs() throws {
        try check("binary") { try BinaryCrossEntropy().evaluate($0, targets: Self.targets) }
        try check("weighted") { try BinaryCrossEntropy(positiveWeight: 1.5).evaluate($0, targets: Self.targets) }
        try check("pair") { try BinaryCrossEntropy().evaluate($0, targets: Self.targets) }
    }

    @Test func softmaxCrossEntropyIsPyTorchs() throws {
        let targets = [3, 0, 1, 1, 2]
        try check("classes") { try SoftmaxCrossEntropy().evaluate($0, targets: targets) }
        try check("smooth") {
            try SoftmaxCrossEntropy(classWeights: [0.5, 1, 2, 0.25], labelSmoothing: 0.2).evaluate($0, targets: targets)
        }
    }

    @Test func lossesRefuseWhatTheyCannotCompare() throws {
        let logits = try Tensor(shape: [2, 2], floats: [0, 1, 2, 3])
        #expect(throws: TrainingError.self) { try BinaryCrossEntropy().evaluate(logits, targets: [1]) }
        #expect(throws: TrainingError.self) { try BinaryCrossEntropy().evaluate(logits, targets: [1, 2]) }
        #expect(throws: TrainingError.self) { try SoftmaxCrossEntropy().evaluate(logits, targets: [0, 2]) }
        #expect(throws: TrainingError.self) {
            try SoftmaxCrossEntropy(classWeights: [1]).evaluate(logits, targets: [0, 1])
        }
        #expect(throws: TrainingError.self) {
            try SoftmaxCrossEntropy(classWeights: [0, 1]).evaluate(logits, targets: [0, 0])
        }
        let notANumber = try Tensor(shape: [1, 1], floats: [.nan])
        #expect(!(try BinaryCrossEntropy().evaluate(notANumber, targets: [1]).isFinite))
    }

    @Test func attentionAndItsDerivativeArePyTorchs() throws {
        let file = try NetworkFixtureTests.fixture("training_parts")
        let result = try GradCAMAttention().evaluate(
            activations: try file.requiredTensor("attention.activations"),
            classGradient: try file.requiredTensor("attention.slopes"), mask: try file.requiredTensor("attention.mask"))
        let expected = try file.requiredTensor("attention.loss").floats()[0]
        #expect(abs(result.value - expected) < 1e-5)
        #expect(result.map.shape == [2, 9, 8, 6])
        #expect(largestDifference(result.map.floats(), try file.requiredTensor("attention.map").floats()) < 1e-5)
        let gradient = try file.requiredTensor("attention.gradient").floats()
        let largest = try #require(gradient.map(abs).max())
        #expect(largestDifference(result.gradient.floats(), gradient) < 1e-3 * largest)
    }

    @Test func aMapWithoutDifferencesHasNoDerivative() throws {
        let flat = try Tensor(shape: [1, 1, 2, 2, 2], floats: [Float](repeating: 1, count: 8))
        let mask = try Tensor(shape: [1, 2, 2, 2], floats: [1, 0, 0, 0, 0, 0, 0, 0])
        let result = try GradCAMAttention().evaluate(activations: flat, classGradient: flat, mask: mask)
        #expect(result.value.isFinite)
        #expect(result.gradient.floats().allSatisfy { $0 == 0 })
        #expect(result.map.floats().allSatisfy { $0 == 0 })
    }

    /// A network that is one linear layer without inputs to speak of, so that its weight's gradient can be chosen: with
    /// the identity as inputs, the outputs' derivative is the weight's, transposed.
    private func linear(_ file: SafetensorsFile) throws -> TrainingNetwork {
        var builder = GraphBuilder(spatialRank: 2, inputChannels: 7)
        _ = builder.add("fc", .linear(inputs: 7, outputs: 3), builder.input)
        let parameters = ParameterSet([
            "fc.weight": try file.requiredTensor("optimizer.start"),
            "fc.bias": try Tensor(shape: [3], floats: [0, 0, 0]),
        ])
        return try TrainingNetwork(
            graph: builder.build(), parameters: parameters, settings: TrainingSettings(engine: .openBLAS))
    }

    private func run(_ network: TrainingNetwork, _ optimizer: any NeuralNetwork.Optimizer, steps: Range<Int>) throws {
        let file = try NetworkFixtureTests.fixture("training_parts")
        let gradients = try file.requiredTensor("optimizer.gradients").floats()
        let identity = (0..<49).map { $0 / 7 == $0 % 7 ? Float(1) : 0 }
        for step in steps {
            _ = try network.forward(try Tensor(shape: [7, 7, 1, 1], floats: identity), mode: .training)
            let seed = (0..<21).map { gradients[step * 21 + $0 % 3 * 7 + $0 / 3] }
            try network.backward(from: ["fc": try Tensor(shape: [7, 3], floats: seed)])
            try optimizer.step(network)
        }
    }

    private static func optimizer(_ name: String) throws -> any NeuralNetwork.Optimizer {
        switch name {
        case "sgd": try SGD(.init(learningRate: 0.1))
        case "momentum":
            try SGD(.init(learningRate: 0.1, momentum: 0.95, weightDecay: 0.02, learningRateDecay: 0.25))
        case "nesterov":
            try SGD(.init(learningRate: 0.1, momentum: 0.9, weightDecay: 0.02, isNesterov: true))
        default: try AdamW(.init(learningRate: 0.01, beta1: 0.8, beta2: 0.99, weightDecay: 0.1))
        }
    }

    @Test(arguments: ["sgd", "momentum", "nesterov", "adamw"])
    func optimizersStepAsPyTorchs(name: String) throws {
        let file = try NetworkFixtureTests.fixture("training_parts")
        let network = try linear(file)
        let optimizer = try Self.optimizer(name)
        try run(network, optimizer, steps: 0..<4)
        #expect(optimizer.iteration == 4)
        let expected = try file.requiredTensor("optimizer.\(name)").floats()
        let got = try #require(network.parameter(named: "fc.weight")).value().floats()
        #expect(largestDifference(got, expected) < 2e-6)
    }

    @Test(arguments: ["momentum", "adamw"])
    func trainingGoesOnBitForBitFromACheckpoint(name: String) throws {
        let file = try NetworkFixtureTests.fixture("training_parts")
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (straight, optimizer) = (try linear(file), try Self.optimizer(name))
        try run(straight, optimizer, steps: 0..<2)
        try TrainingCheckpoint.write(straight, optimizer: optimizer, metadata: ["epoch": "1"], to: path)
        try run(straight, optimizer, steps: 2..<4)

        let (resumed, second) = (try linear(file), try Self.optimizer(name))
        let metadata = try TrainingCheckpoint.restore(resumed, optimizer: second, from: path)
        #expect(metadata["epoch"] == "1")
        #expect(second.iteration == 2)
        try run(resumed, second, steps: 2..<4)
        #expect(try straight.snapshot().tensors == resumed.snapshot().tensors)
        #expect(try optimizer.state(of: straight).tensors == second.state(of: resumed).tensors)

        let other = try Self.optimizer(name == "adamw" ? "momentum" : "adamw")
        #expect(throws: TrainingError.self) { try TrainingCheckpoint.restore(resumed, optimizer: other, from: path) }
    }

    @Test func optimizersRefuseImpossibleSettings() {
        #expect(throws: TrainingError.self) { try SGD(.init(learningRate: -1)) }
        #expect(throws: TrainingError.self) { try SGD(.init(learningRate: .nan)) }
        #expect(throws: TrainingError.self) { try AdamW(.init(beta1: 1)) }
    }
}
