import NeuralNetwork
import Tensors
import Testing

/// Single layers against reference loops, on odd sizes.
struct LayerTests {
    struct ConvolutionCase: Sendable, CustomStringConvertible {
        var convolution: Convolution
        var extent: Extent
        var batch = 1
        var description: String {
            let c = convolution
            return "\(c.inputChannels)→\(c.outputChannels) kernel \(c.kernel.components(rank: 3)) stride "
                + "\(c.stride.components(rank: 3)) padding \(c.padding.components(rank: 3)) dilation "
                + "\(c.dilation.components(rank: 3)) on \(batch)×\(extent.components(rank: 3))"
        }
    }

    private static func convolution(
        _ inputs: Int, _ outputs: Int, _ kernel: Extent, stride: Extent = .one, padding: Extent = .zero,
        dilation: Extent = .one
    ) -> Convolution {
        Convolution(
            inputChannels: inputs, outputChannels: outputs, kernel: kernel, stride: stride, padding: padding,
            dilation: dilation, hasBias: true)
    }

    static let convolutions: [ConvolutionCase] = [
        // Pointwise: read where it lies; over a small batch: gathered.
        .init(convolution: convolution(5, 7, .one), extent: Extent(1, 13, 17)),
        .init(convolution: convolution(5, 7, .one), extent: Extent(1, 3, 2), batch: 3),
        .init(convolution: convolution(3, 4, .one, stride: .cube(2)), extent: Extent(5, 7, 6), batch: 2),
        // 3D, as in the residual networks.
        .init(convolution: convolution(3, 6, .cube(3), padding: .cube(1)), extent: Extent(5, 6, 7), batch: 2),
        .init(
            convolution: convolution(2, 5, .cube(3), stride: .cube(2), padding: .cube(1)), extent: Extent(7, 5, 9),
            batch: 3),
        .init(convolution: convolution(1, 4, .cube(7), stride: .cube(2), padding: .cube(3)), extent: Extent(11, 9, 13)),
        .init(convolution: convolution(2, 3, .cube(7), padding: .cube(3)), extent: Extent(4, 3, 5)),
        .init(
            convolution: convolution(3, 4, .cube(3), padding: .cube(2), dilation: .cube(2)), extent: Extent(5, 4, 6)),
        .init(
            convolution: convolution(2, 4, .cube(3), stride: Extent(1, 2, 3), padding: .cube(4), dilation: .cube(4)),
            extent: Extent(3, 5, 8)),
        // 2D, as in Inception.
        .init(convolution: convolution(3, 8, .square(3), stride: .square(2)), extent: Extent(1, 21, 19), batch: 2),
        .init(
            convolution: convolution(4, 3, .square(5), padding: .square(2, depth: 0)), extent: Extent(1, 35, 33)),
        .init(convolution: convolution(4, 5, Extent(1, 1, 7), padding: Extent(0, 0, 3)), extent: Extent(1, 17, 17)),
        .init(convolution: convolution(4, 5, Extent(1, 7, 1), padding: Extent(0, 3, 0)), extent: Extent(1, 9, 17)),
        // A kernel that reaches over the whole input.
        .init(convolution: convolution(2, 3, .cube(3)), extent: .cube(3), batch: 2),
        // Enough work for several threads and several tiles.
        .init(convolution: convolution(12, 16, .cube(3), padding: .cube(1)), extent: Extent(5, 15, 31)),
    ]

    @Test(arguments: convolutions, Computation.all)
    func convolutionIsWhatItsDefinitionSays(layer: ConvolutionCase, computation: Computation) throws {
        let convolution = layer.convolution
        var builder = GraphBuilder(spatialRank: 3, inputChannels: convolution.inputChannels)
        _ = builder.add("conv", .convolution(convolution), builder.input)
        let graph = builder.build()
        let parameters = try randomParameters(of: graph)
        let input = randomValues(layer.batch * convolution.inputChannels * layer.extent.volume, seed: 4)
        let output = try runGraph(
            graph, parameters, input, batch: layer.batch, extent: layer.extent, computation)

        let weight = try #require(parameters.tensors["conv.weight"]).floats()
        let bias = try #require(parameters.tensors["conv.bias"]).floats()
        let itemCount = convolution.inputChannels * layer.extent.volume
        var expected: [Float] = []
        for item in 0..<layer.batch {
            let volume = ReferenceLayers.Volume(
                channels: convolution.inputChannels, extent: layer.extent,
                values: input[item * itemCount..<(item + 1) * itemCount].map(Double.init))
            expected += ReferenceLayers.convolution(volume, convolution, weight: weight, bias: bias).values.map {
                Float($0)
            }
        }
        #expect(largestDifference(output, expected) < 1e-4)
    }

    @Test(
        arguments: [
            (Pooling(kernel: .cube(3), stride: .cube(2), padding: .cube(1)), Extent(7, 6, 9)),
            (Pooling(kernel: .square(3), stride: .square(2)), Extent(1, 13, 10)),
            (Pooling(kernel: .square(3), stride: .one, padding: .square(1, depth: 0)), Extent(1, 5, 8)),
            (Pooling(kernel: Extent(2, 1, 3), stride: Extent(2, 1, 1), padding: Extent(1, 0, 1)), Extent(3, 2, 5)),
        ], ReferenceLayers.PoolKind.all)
    func poolingIsWhatItsDefinitionSays(
        window: (Pooling, Extent), kind: (ReferenceLayers.PoolKind, Computation)
    ) throws {
        let (kind, computation) = kind
        let (pooling, extent) = window
        let operation: NeuralNetwork.Operation =
            switch kind {
            case .maximum: .maxPool(pooling)
            case .average: .averagePool(pooling, countsPadding: false)
            case .averageWithPadding: .averagePool(pooling, countsPadding: true)
            }
        var builder = GraphBuilder(spatialRank: 3, inputChannels: 3)
        _ = builder.add("pool", operation, builder.input)
        // All below zero: a pool that counts padding as 0 in a maximum would show.
        let input = randomValues(2 * 3 * extent.volume, seed: 5).map { $0 - 5 }
        let output = try runGraph(builder.build(), ParameterSet(), input, batch: 2, extent: extent, computation)
        var expected: [Float] = []
        for item in 0..<2 {
            let volume = ReferenceLayers.Volume(
                channels: 3, extent: extent,
                values: input[item * 3 * extent.volume..<(item + 1) * 3 * extent.volume].map(Double.init))
            expected += ReferenceLayers.pool(volume, pooling, kind).values.map { Float($0) }
        }
        #expect(largestDifference(output, expected) < 1e-5)
    }

    @Test(arguments: Computation.backends)
    func softmaxSumsToOneAndDoesNotOverflow(computation: Computation) throws {
        var builder = GraphBuilder(spatialRank: 2, inputChannels: 3)
        _ = builder.add("softmax", .softmax, builder.input)
        let output = try runGraph(
            builder.build(), ParameterSet(), [1000, 1001, 999, 0, 0, 0], batch: 2, extent: .one, computation)
        #expect(largestDifference(output, [0.244_728_47, 0.665_240_96, 0.090_030_57, 1 / 3, 1 / 3, 1 / 3]) < 1e-6)
    }

    @Test(arguments: Computation.backends)
    func sigmoidIsOneHalfAtZero(computation: Computation) throws {
        var builder = GraphBuilder(spatialRank: 2, inputChannels: 1)
        _ = builder.add("sigmoid", .sigmoid, builder.input)
        let output = try runGraph(builder.build(), ParameterSet(), [0, 2, -200], batch: 3, extent: .one, computation)
        #expect(largestDifference(output, [0.5, 0.880_797_1, 0]) < 1e-6)
    }

    @Test(arguments: Computation.backends)
    func stridedShortcutPicksPositionsAndPadsChannelsWithZeros(computation: Computation) throws {
        var builder = GraphBuilder(spatialRank: 3, inputChannels: 1)
        _ = builder.add(
            "downsample", .stridedShortcut(outputChannels: 2, stride: .cube(2), cutsGradient: true), builder.input)
        let output = try runGraph(
            builder.build(), ParameterSet(), (0..<27).map(Float.init), batch: 1, extent: .cube(3), computation)
        #expect(output == [0, 2, 6, 8, 18, 20, 24, 26, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: Computation.backends)
    func normalizationBehindAConvolutionIsFoldedIntoIt(computation: Computation) throws {
        var builder = GraphBuilder(spatialRank: 3, inputChannels: 2)
        let convolution = Self.convolution(2, 4, .cube(3), padding: .cube(1))
        var node = builder.add("conv", .convolution(convolution), builder.input)
        node = builder.add("bn", .batchNormalization(features: 4, epsilon: 1e-3), node)
        _ = builder.add("relu", .relu, node)
        let folded = builder.build()
        let parameters = try randomParameters(of: folded)
        let network = try FusedNetwork(graph: folded, parameters: parameters)
        #expect(network.steps.count == 1)

        // The same layers, kept apart by letting each be looked at.
        builder.tap("conv", 1)
        builder.tap("bn", 2)
        let apart = builder.build()
        #expect(try FusedNetwork(graph: apart, parameters: parameters).steps.count == 3)
        let extent = Extent(4, 5, 3)
        let input = randomValues(2 * extent.volume, seed: 6)
        let first = try runGraph(folded, parameters, input, batch: 1, extent: extent, computation)
        let second = try runGraph(apart, parameters, input, batch: 1, extent: extent, computation)
        #expect(largestDifference(first, second) < 1e-5)
        #expect(first.contains(0) && first.contains { $0 > 0 })
    }

    @Test(arguments: Computation.backends)
    func aValueReadTwiceOrConcatenatedTwiceKeepsItsNumbers(computation: Computation) throws {
        var builder = GraphBuilder(spatialRank: 2, inputChannels: 1)
        let relu = builder.add("relu", .relu, builder.input)
        let first = builder.add("first", .concatenate, relu, builder.input, relu)
        let second = builder.add("second", .concatenate, first, relu)
        _ = builder.add("sum", .add, second, second)
        let output = try runGraph(builder.build(), ParameterSet(), [-1, 3], batch: 2, extent: .one, computation)
        #expect(output == [0, -2, 0, 0, 6, 6, 6, 6])
    }
}

/// Runs a graph that need not end in a linear layer; gives [batch, channels, extent] flattened.
func runGraph(
    _ graph: NetworkGraph, _ parameters: ParameterSet, _ input: [Float], batch: Int, extent: Extent,
    _ computation: Computation, keepsActivations: Bool = false
) throws -> [Float] {
    let network = try FusedNetwork(graph: graph, parameters: parameters)
    let settings = computation.settings
    let executable = try settings.makeBackend().makeExecutable(
        for: network, shape: BatchShape(batch: batch, extent: extent), settings: settings,
        keepsActivations: keepsActivations)
    try executable.run(input: input)
    return try executable.withValue(network.outputValue) { values, view in
        (0..<batch).flatMap { item in
            Array(UnsafeBufferPointer(start: values + item * view.itemStride, count: view.shape.count))
        }
    }
}

func randomValues(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.normalPair().0) }
}

/// Parameters that leave nothing at 0 or 1: normalization that does something, biases that show.
func randomParameters(of graph: NetworkGraph, seed: UInt64 = 9) throws -> ParameterSet {
    var set = try SeededParameters.make(for: graph, seed: seed)
    for parameter in graph.parameters {
        var generator = SeededGenerator(seed: seed, name: parameter.name)
        switch parameter.role {
        case .convolutionWeight, .linearWeight: continue
        case .normalizationWeight, .runningVariance:
            set.tensors[parameter.name] = try Tensor(
                shape: parameter.shape, floats: (0..<parameter.count).map { _ in Float(generator.uniform()) + 0.5 })
        case .bias, .normalizationBias, .runningMean:
            set.tensors[parameter.name] = try Tensor(
                shape: parameter.shape,
                floats: (0..<parameter.count).map { _ in Float(generator.normalPair().0) * 0.3 })
        }
    }
    return set
}
