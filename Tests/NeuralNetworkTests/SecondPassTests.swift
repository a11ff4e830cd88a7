import NeuralNetwork
import Tensors
import Testing

/// GAIN's second pass against PyTorch (Fixtures/generate_training_fixtures.py), and what it asks of the network.
struct SecondPassTests {
    @Test func erasureAndItsDerivativesArePyTorchs() throws {
        let file = try NetworkFixtureTests.fixture("training_parts")
        func tensor(_ name: String) throws -> Tensor { try file.requiredTensor("erasure.\(name)") }
        let images = try tensor("images")
        let maps = try GradCAMMaps(
            activations: try tensor("activations"), classGradient: try tensor("slopes"),
            extents: Array(images.shape.dropFirst(2)))
        let erasure = AttentionErasure(weight: 0.7)
        let erased = try erasure.erased(maps, from: images)
        #expect(largestDifference(erased.floats(), try tensor("erased").floats()) < 1e-4)
        let loss = try erasure.evaluate(try tensor("logits"), labels: [1, 0])
        #expect(abs(loss.value - (try tensor("loss").floats()[0])) < 1e-6)
        #expect(largestDifference(loss.gradient.floats(), try tensor("byLogits").floats()) < 1e-6)
        let gradient = try erasure.gradient(maps, input: images, byErased: try tensor("byErased")).floats()
        let expected = try tensor("gradient").floats()
        let largest = try #require(expected.map(abs).max())
        #expect(largest > 0)
        #expect(largestDifference(gradient, expected) < 1e-3 * largest)
    }

    @Test func oneLogitIsDerivedAsTwoThatDifferByIt() throws {
        let erasure = AttentionErasure()
        let one = try erasure.evaluate(try Tensor(shape: [2, 1], floats: [0.7, -1.2]), labels: [1, 0])
        let two = try erasure.evaluate(try Tensor(shape: [2, 2], floats: [0.1, 0.8, 1, -0.2]), labels: [1, 0])
        #expect(abs(one.value - two.value) < 1e-6)
        #expect(largestDifference(one.gradient.floats(), [two.gradient.floats()[1], two.gradient.floats()[3]]) < 1e-6)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let flat = try Tensor(shape: [1, 1, 2, 2, 2], floats: [Float](repeating: 1, count: 8))
        let maps = try GradCAMMaps(activations: flat, classGradient: flat, extents: [4, 4, 4])
        let erasure = AttentionErasure()
        #expect(throws: TrainingError.self) { try erasure.erased(maps, from: flat) }
        #expect(throws: TrainingError.self) { try erasure.evaluate(flat, labels: [1]) }
        #expect(throws: TrainingError.self) {
            try erasure.evaluate(try Tensor(shape: [1, 2], floats: [0, 1]), labels: [2])
        }
        #expect(throws: TrainingError.self) {
            try GradCAMMaps(activations: flat, classGradient: flat, extents: [4, 4])
        }
    }

    /// A convolution, a normalization, a mean and a linear layer.
    private static func network(_ engine: TrainingSettings.Engine, frozen: Set<String> = []) throws -> TrainingNetwork {
        var builder = GraphBuilder(spatialRank: 3, inputChannels: 2)
        let layer = Convolution(
            inputChannels: 2, outputChannels: 5, kernel: .cube(3), stride: .cube(2), padding: .cube(1))
        var node = builder.add("conv", .convolution(layer), builder.input)
        node = builder.add("bn", .batchNormalization(features: 5, epsilon: 1e-3), node)
        node = builder.add("relu", .relu, node)
        node = builder.add("fc", .linear(inputs: 5, outputs: 2), builder.add("pool", .globalAveragePool, node))
        let graph = builder.build()
        return try TrainingNetwork(
            graph: graph, parameters: try randomParameters(of: graph),
            settings: TrainingSettings(threads: 1, engine: engine, precision: .float32, frozenLayers: frozen))
    }

    private static let seed: Tensor? = try? Tensor(shape: [2, 2], floats: [0.3, -1, 0.5, 0.8])
    private static var engines: [TrainingSettings.Engine] {
        [TrainingSettings.Engine.openBLAS, .oneDNN].filter(\.isAvailable)
    }

    @Test func theDerivativeByTheInputIsWhatItIsByDefinition() throws {
        let seed = try #require(Self.seed)
        let extents = [5, 6, 4]
        let values = randomValues(2 * 2 * 120, seed: 3)
        for engine in Self.engines {
            let network = try Self.network(engine)
            func output(_ values: [Float]) throws -> Double {
                let logits = try network.forward(
                    try Tensor(shape: [2, 2] + extents, floats: values), mode: .evaluation
                ).logits.floats()
                return zip(logits, seed.floats()).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            }
            _ = try output(values)
            try network.backward(from: [network.outputName: seed])
            let gradient = try network.inputGradient()
            #expect(gradient.shape == [2, 2] + extents)
            for index in stride(from: 0, to: values.count, by: 37) {
                var (more, less) = (values, values)
                more[index] += 0.01
                less[index] -= 0.01
                let expected = (try output(more) - output(less)) / 0.02
                #expect(abs(Double(gradient.floats()[index]) - expected) < 2e-3, "\(engine) \(index)")
            }
        }
    }

    @Test func aFrozenFirstConvolutionHasNoDerivativeByTheInput() throws {
        let network = try Self.network(.openBLAS, frozen: ["conv"])
        #expect(throws: TrainingError.nothingToDerive) { try network.inputGradient() }
        _ = try network.forward(
            try Tensor(shape: [2, 2, 4, 4, 4], floats: randomValues(256, seed: 1)), mode: .training)
        try network.backward(from: [network.outputName: try #require(Self.seed)])
        #expect(throws: TrainingError.self) { try network.inputGradient() }
    }

    @Test func passingAnInputAgainLeavesStatisticsAndGivesTheSameGradients() throws {
        let seed = try #require(Self.seed)
        let input = try Tensor(shape: [2, 2, 4, 4, 4], floats: randomValues(256, seed: 1))
        let other = try Tensor(shape: [2, 2, 4, 4, 4], floats: randomValues(256, seed: 2))
        for engine in Self.engines {
            let network = try Self.network(engine)
            func gradients() throws -> [[Float]] { try network.parameters.compactMap { try $0.gradient()?.floats() } }
            _ = try network.forward(input, mode: .training)
            let pass = network.trainingPasses
            try network.backward(from: [network.outputName: seed])
            let first = try gradients()
            let kept = network.keepGradients()
            _ = try network.forward(other, mode: .training)
            let statistics = try network.snapshot().tensors.mapValues { $0.floats() }
            try network.repeatForward(input, pass: pass)
            try network.backward(from: [network.outputName: seed])
            #expect(try gradients() == first)
            #expect(try network.snapshot().tensors.mapValues { $0.floats() } == statistics)
            #expect(network.trainingPasses == 2)
            network.addGradients(kept)
            let sums = try gradients()
            #expect(zip(sums.joined(), first.joined()).allSatisfy { abs($0 - 2 * $1) <= 1e-6 * abs($1) })
        }
    }
}
