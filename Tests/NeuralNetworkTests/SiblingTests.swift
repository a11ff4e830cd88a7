import CKernels
import NeuralNetwork
import Tensors
import Testing

/// Layers that the plan computes together, or in another order than they stand in: against plain ones of the same numbers.
@Suite struct SiblingTests {
    private static let precisions: [(precision: Precision, tolerance: Float)] = [(.float32, 1e-5), (.bfloat16, 2e-2)]

    @Test(arguments: [(1, Extent(1, 7, 9)), (3, Extent(1, 5, 3)), (2, Extent(1, 17, 17))])
    func convolutionsOfOneValueGiveWhatEachGivesAlone(batch: Int, extent: Extent) throws {
        var builder = GraphBuilder(spatialRank: 2, inputChannels: 3)
        var node = add("stem", 3, 32, .square(3), to: builder.input, &builder)
        let branches = [48, 16, 33].map { add("branch\($0)", 32, $0, .square(1), to: node, &builder) }
        let further = add("further", 33, 20, .square(3), to: branches[2], &builder)
        let plain = Convolution(inputChannels: 32, outputChannels: 24, kernel: .square(1), hasBias: true)
        let linear = builder.add("linear", .convolution(plain), node)
        node = builder.add("joined", .concatenate, [branches[0], further, branches[1], linear])
        try expectTheSame(builder.build(), batch: batch, extent: extent) { implementations in
            // The four are one piece of work, and the concatenation copies none of them.
            #expect(implementations.filter { $0.hasPrefix("with branch48") }.count == 3)
        }
    }

    @Test(arguments: [true, false])
    func aMeanBeforeAConvolutionThatNarrowsIsTakenBehindIt(countsPadding: Bool) throws {
        var builder = GraphBuilder(spatialRank: 2, inputChannels: 3)
        let stem = add("stem", 3, 64, .square(3), to: builder.input, &builder)
        let window = Pooling(kernel: .square(3), stride: .one, padding: .square(1, depth: 0))
        let pool = builder.add("pool", .averagePool(window, countsPadding: countsPadding), stem)
        _ = add("narrow", 64, 16, .square(1), to: pool, &builder)
        let graph = builder.build()
        let network = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        #expect(network.steps.map(\.name) == ["stem", "narrow", "pool", "narrow.bias"])
        builder.tap("pool", pool)
        let apart = builder.build()
        #expect(try FusedNetwork(graph: apart, parameters: try randomParameters(of: apart)).steps.count == 3)

        let extent = Extent(1, 9, 6)
        let input = randomValues(2 * 3 * extent.volume, seed: 4)
        let truth = try run(apart, .openBLAS, .float32, input, batch: 2, extent: extent)
        for backend in [BackendChoice.openBLAS, .oneDNN] {
            let moved = try run(graph, backend, .float32, input, batch: 2, extent: extent)
            #expect(largestDifference(truth, moved) < 1e-5 * largest(truth))
        }
    }

    @Test func aMeanThatWouldLeaveMoreChannelsStaysWhereItIs() throws {
        var builder = GraphBuilder(spatialRank: 2, inputChannels: 3)
        let window = Pooling(kernel: .square(3), stride: .one, padding: .square(1, depth: 0))
        let pool = builder.add("pool", .averagePool(window, countsPadding: true), builder.input)
        _ = add("wide", 3, 16, .square(1), to: pool, &builder)
        let graph = builder.build()
        let network = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        #expect(network.steps.map(\.name) == ["pool", "wide"])
    }

    /// A convolution with its normalization and rectification.
    private func add(
        _ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Extent, to node: Int, _ builder: inout GraphBuilder
    ) -> Int {
        let padding = Extent(0, (kernel.height - 1) / 2, (kernel.width - 1) / 2)
        let convolution = Convolution(
            inputChannels: inputs, outputChannels: outputs, kernel: kernel, padding: padding)
        var node = builder.add(name, .convolution(convolution), node)
        node = builder.add("\(name).bn", .batchNormalization(features: outputs, epsilon: 1e-3), node)
        return builder.add("\(name).relu", .relu, node)
    }

    private func expectTheSame(
        _ graph: NetworkGraph, batch: Int, extent: Extent, _ inspect: ([String]) -> Void
    ) throws {
        let input = randomValues(batch * graph.inputChannels * extent.volume, seed: 3)
        let truth = try run(graph, .openBLAS, .float32, input, batch: batch, extent: extent)
        for (precision, tolerance) in Self.precisions {
            let found = try run(
                graph, .oneDNN, precision, input, batch: batch, extent: extent, isFast ? inspect : { _ in })
            #expect(largestDifference(truth, found) < tolerance * largest(truth))
        }
    }

    /// Whether kernels of ours surely compute siblings here; where there are tiles, measurements decide.
    private var isFast: Bool {
        let processor = ork_processor_features()
        return processor.avx512_bf16 && !processor.amx_bf16
    }

    private func run(
        _ graph: NetworkGraph, _ backend: BackendChoice, _ precision: Precision, _ input: [Float], batch: Int,
        extent: Extent, _ inspect: ([String]) -> Void = { _ in }
    ) throws -> [Float] {
        let network = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let settings = ComputeSettings(threads: 2, precision: precision, backend: backend)
        let executable = try settings.makeBackend().makeExecutable(
            for: network, shape: BatchShape(batch: batch, extent: extent), settings: settings, keepsActivations: false)
        inspect(executable.steps.map(\.implementation))
        try executable.run(input: input)
        return try executable.withValue(network.outputValue) { values, view in
            (0..<batch).flatMap { item in
                Array(UnsafeBufferPointer(start: values + item * view.itemStride, count: view.shape.count))
            }
        }
    }
}
