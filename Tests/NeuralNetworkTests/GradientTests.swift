import NeuralNetwork
import Tensors
import Testing

/// Derivatives against their definitions.
struct GradientTests {
    /// A graph with every operation that a gradient passes, its input tapped.
    private static func graph(rank: Int) -> NetworkGraph {
        var builder = GraphBuilder(spatialRank: rank, inputChannels: 3)
        builder.tap("input", builder.input)
        let three: Extent = rank == 3 ? .cube(3) : .square(3)
        let one: Extent = rank == 3 ? .cube(1) : .square(1, depth: 0)
        let two: Extent = rank == 3 ? .cube(2) : .square(2)
        func convolution(_ inputs: Int, _ outputs: Int, stride: Extent = .one, dilation: Bool = false) -> Convolution {
            Convolution(
                inputChannels: inputs, outputChannels: outputs, kernel: three, stride: stride,
                padding: dilation ? Extent(one.depth * 2, 2, 2) : one,
                dilation: dilation ? Extent(rank == 3 ? 2 : 1, 2, 2) : .one)
        }
        var node = builder.add("stem", .convolution(convolution(3, 6, dilation: true)), builder.input)
        node = builder.add("bn", .batchNormalization(features: 6, epsilon: 1e-5), node)
        let stem = builder.add("relu", .relu, node)
        builder.tap("stem", stem)
        var long = builder.add("a", .convolution(convolution(6, 6)), stem)
        long = builder.add("a.bn", .batchNormalization(features: 6, epsilon: 1e-5), long)
        let sum = builder.add("sum.relu", .relu, builder.add("sum", .add, long, stem))
        let window = Pooling(kernel: three, stride: two, padding: one)
        let largest = builder.add("max", .maxPool(window), sum)
        let mean = builder.add("mean", .averagePool(window, countsPadding: false), sum)
        let padded = builder.add("padded", .averagePool(window, countsPadding: true), stem)
        let strided = builder.add("b", .convolution(convolution(6, 4, stride: two)), sum)
        let picked = builder.add(
            "pick", .stridedShortcut(outputChannels: 8, stride: two, cutsGradient: false), sum)
        let inner = builder.add("inner", .concatenate, largest, mean)
        let joined = builder.add("joined", .concatenate, inner, strided, padded, picked)
        let pooled = builder.add("pooled", .globalAveragePool, joined)
        let dropped = builder.add("dropped", .dropout(rate: 0.5), pooled)
        _ = builder.add("fc", .linear(inputs: 30, outputs: 3), dropped)
        return builder.build()
    }

    @Test(arguments: [2, 3], Computation.all)
    func gradientIsTheSlopeOfTheScore(rank: Int, computation: Computation) throws {
        let graph = Self.graph(rank: rank)
        let network = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let extent = rank == 3 ? Extent(5, 6, 7) : Extent(1, 9, 8)
        let batch = 2
        let settings = computation.settings
        let executable = try settings.makeBackend().makeExecutable(
            for: network, shape: BatchShape(batch: batch, extent: extent), settings: settings, keepsActivations: true)
        let seed: [Float] = [1, -0.5, 0.25, 0, 2, -1]
        func score(_ input: [Float]) throws -> Double {
            try executable.run(input: input)
            return try executable.withValue(network.outputValue) { values, _ in
                zip(seed, UnsafeBufferPointer(start: values, count: 6)).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            }
        }
        let count = batch * 3 * extent.volume
        let input = randomValues(count, seed: 21)
        _ = try score(input)
        let tapped = try #require(network.taps["input"])
        let gradient = try executable.withGradient(of: tapped, seed: seed) { values, _ in
            Array(UnsafeBufferPointer(start: values, count: count))
        }
        // Along a few random directions: rectifiers bend the score, so the step is small and the bound is not exact.
        for direction in 0..<6 {
            let step = randomValues(count, seed: UInt64(100 + direction))
            let width: Float = 3e-4
            let rise =
                try score(zip(input, step).map { $0 + width * $1 })
                - score(zip(input, step).map { $0 - width * $1 })
            let slope = rise / (2 * Double(width))
            let predicted = zip(gradient, step).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            let length = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(slope - predicted) < 0.02 * length, "slope \(slope), predicted \(predicted)")
        }
    }

    /// A convolution without bias is linear, so Σ gradient · input = Σ seed · output, exactly but for rounding.
    @Test(arguments: LayerTests.convolutions, Computation.all)
    func gradientOfAConvolutionIsItsTranspose(layer: LayerTests.ConvolutionCase, computation: Computation) throws {
        var convolution = layer.convolution
        convolution.hasBias = false
        var builder = GraphBuilder(spatialRank: 3, inputChannels: convolution.inputChannels)
        builder.tap("input", builder.input)
        _ = builder.add("conv", .convolution(convolution), builder.input)
        let graph = builder.build()
        let network = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let settings = computation.settings
        let executable = try settings.makeBackend().makeExecutable(
            for: network, shape: BatchShape(batch: layer.batch, extent: layer.extent), settings: settings,
            keepsActivations: true)
        let input = randomValues(layer.batch * convolution.inputChannels * layer.extent.volume, seed: 31)
        try executable.run(input: input)
        let output = try executable.withValue(network.outputValue) { values, view in
            Array(UnsafeBufferPointer(start: values, count: layer.batch * view.shape.count))
        }
        let seed = randomValues(output.count, seed: 32)
        let gradient = try executable.withGradient(of: network.inputValue, seed: seed) { values, _ in
            Array(UnsafeBufferPointer(start: values, count: input.count))
        }
        func product(_ first: [Float], _ second: [Float]) -> Double {
            zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let size = (product(seed, seed) * product(output, output)).squareRoot()
        #expect(abs(product(gradient, input) - product(seed, output)) < 1e-5 * size)
    }

    @Test(arguments: Computation.backends)
    func heatmapPointsToTheOnlyBrightPlace(computation: Computation) throws {
        // One channel, a pointwise layer of weight 1, and a class that likes it: the map is the input's own brightness.
        var builder = GraphBuilder(spatialRank: 3, inputChannels: 1)
        let convolution = Convolution(inputChannels: 1, outputChannels: 1, kernel: .one, stride: .cube(2))
        var node = builder.add("conv", .convolution(convolution), builder.input)
        node = builder.add("relu", .relu, node)
        builder.tap("relu", node)
        node = builder.add("pool", .globalAveragePool, node)
        _ = builder.add("fc", .linear(inputs: 1, outputs: 2), node)
        let parameters = ParameterSet([
            "conv.weight": try Tensor(shape: [1, 1, 1, 1, 1], floats: [1]),
            "fc.weight": try Tensor(shape: [2, 1], floats: [1, -1]),
            "fc.bias": try Tensor(shape: [2], floats: [0, 0]),
        ])
        let plan = try InferencePlan(
            graph: builder.build(), parameters: parameters, settings: computation.settings)
        var values = [Float](repeating: 0, count: 512)
        values[(2 * 8 + 4) * 8 + 6] = 3
        let input = try Tensor(shape: [1, 1, 8, 8, 8], floats: values)
        let liked = try plan.gradCAM(input, layer: "relu", seed: [[1, 0]]).map
        // Position (2, 4, 6) of the input is (1, 2, 3) of the strided grid, whose middle lies at (2.5, 4.5, 6.5).
        #expect(liked.shape == [1, 8, 8, 8])
        let map = liked.floats()
        #expect(map.max() == 1 && map.min() == 0)
        let brightest = try #require(map.indices.max { map[$0] < map[$1] })
        #expect(
            [2, 3].contains(brightest / 64) && [4, 5].contains(brightest / 8 % 8) && [6, 7].contains(brightest % 8))
        // The other class is spoken against: nothing is left after rectification.
        let disliked = try plan.gradCAM(input, layer: "relu", seed: [[0, 1]]).map
        #expect(disliked.floats().allSatisfy { $0 == 0 })
    }

    @Test func unknownLayersAndWrongSeedsAreRefusedByName() throws {
        let graph = Self.graph(rank: 2)
        let plan = try InferencePlan(graph: graph, parameters: try randomParameters(of: graph))
        let input = try Tensor(shape: [1, 3, 9, 9], floats: randomValues(243, seed: 1))
        #expect(throws: NeuralNetworkError.unknownLayer("layer9", available: ["input", "stem"])) {
            try plan.gradCAM(input, layer: "layer9", seed: [[1, 0, 0]])
        }
        #expect(throws: NeuralNetworkError.scoreMismatch(expected: [1, 3], got: [1, 2])) {
            try plan.gradCAM(input, layer: "stem", seed: [[1, 0]])
        }
    }
}
