import CKernels
import NeuralNetwork
import Tensors
import Testing

/// A first convolution whose outputs are only looked at by the maximum pool behind it: they never reach memory.
@Suite(
    .enabled(
        if: KernelProcessor.hasVectors, "this processor has neither AVX-512 nor AVX2: the kernels refuse every call"))
struct PooledConvolutionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var batch = 1
        var inputs: Int
        var outputs: Int
        var size: [Int]
        var stride: Int
        var threads = 1
        var testDescription: String {
            "\(batch)x\(inputs) to \(outputs), \(size), stride \(stride), \(threads) threads"
        }

        /// 3: of tiles that are longer along the depth, where as many outputs fill them.
        var variant = 2
        var outSize: [Int] { size.map { ($0 - 1) / stride + 1 } }
        var windows: [Int] { outSize.map { ($0 - 1) / 2 + 1 } }

        /// Blocks of sixteen channels.
        func description(output: [Int]) -> ork_convolution {
            func triple(_ values: [Int]) -> (Int32, Int32, Int32) {
                (Int32(values[0]), Int32(values[1]), Int32(values[2]))
            }
            var c = ork_convolution()
            c.algorithm = Int32(ORK_PLANAR.rawValue)
            c.variant = Int32(variant)
            c.relu = 1
            c.batch = Int32(batch)
            c.in_channels = Int32(inputs)
            c.out_channels = Int32(outputs)
            c.in_size = triple(size)
            c.out_size = triple(outSize)
            c.kernel = (7, 7, 7)
            c.stride = triple([stride, stride, stride])
            c.padding = (3, 3, 3)
            c.dilation = (1, 1, 1)
            let pixels = Int64(size.reduce(1, *)), outPixels = Int64(output.reduce(1, *))
            c.input = ork_strides(item: Int64(inputs) * pixels, block: pixels, pixel: 1)
            c.output = ork_strides(item: Int64(outputs) * outPixels, block: outPixels * 16, pixel: 16)
            return c
        }
    }

    @Test(arguments: [
        Case(inputs: 3, outputs: 32, size: [32, 32, 32], stride: 2),
        Case(batch: 2, inputs: 1, outputs: 16, size: [37, 29, 42], stride: 2, threads: 3),
        Case(inputs: 4, outputs: 48, size: [26, 45, 31], stride: 2, threads: 2),
        Case(inputs: 2, outputs: 16, size: [19, 17, 22], stride: 1, threads: 2),
        Case(batch: 2, inputs: 3, outputs: 32, size: [31, 26, 45], stride: 2, threads: 3, variant: 3),
        Case(inputs: 1, outputs: 16, size: [32, 17, 22], stride: 1, threads: 2, variant: 3),
    ])
    func `what is pooled at once are the maxima of what is computed alone`(_ shape: Case) throws {
        var whole = shape.description(output: shape.outSize), pooled = shape.description(output: shape.windows)
        let weights = randomValues(shape.outputs * shape.inputs * 343, seed: 1)
        let bias = randomValues(shape.outputs, seed: 2)
        let input = randomValues(shape.batch * shape.inputs * shape.size.reduce(1, *), seed: 3)
        let threads = Int32(shape.threads)
        let bytes = ork_convolution_pooled_scratch_bytes(&pooled, threads)
        try #require(bytes > 0)
        let packed = KernelMemory(bytes: ork_convolution_packed_bytes(&whole))
        try #require(
            whole.pack(weights, outputs: shape.outputs, inputs: shape.inputs, into: packed.pointer) == 0)
        let scratch = KernelMemory(bytes: max(bytes, ork_convolution_scratch_bytes(&whole, threads)))
        var found = [Float](repeating: .nan, count: shape.batch * Int(pooled.output.item))
        try #require(
            ork_convolution_run_pooled(&pooled, packed.pointer, bias, input, &found, scratch.pointer, threads) == 0)
        var outputs = [Float](repeating: .nan, count: shape.batch * Int(whole.output.item))
        try #require(
            ork_convolution_run(&whole, packed.pointer, bias, input, nil, &outputs, scratch.pointer, threads) == 0)
        #expect(found == maxima(of: outputs, shape))
    }

    private func maxima(of outputs: [Float], _ shape: Case) -> [Float] {
        let size = shape.outSize, windows = shape.windows
        var result: [Float] = []
        for block in 0..<shape.batch * shape.outputs / 16 {
            let base = block * size.reduce(1, *) * 16
            for z in 0..<windows[0] {
                for y in 0..<windows[1] {
                    for x in 0..<windows[2] {
                        for channel in 0..<16 {
                            var largest: Float = 0
                            for d in max(0, 2 * z - 1)...min(size[0] - 1, 2 * z + 1) {
                                for h in max(0, 2 * y - 1)...min(size[1] - 1, 2 * y + 1) {
                                    for w in max(0, 2 * x - 1)...min(size[2] - 1, 2 * x + 1) {
                                        let pixel = (d * size[1] + h) * size[2] + w
                                        largest = max(largest, outputs[base + pixel * 16 + channel])
                                    }
                                }
                            }
                            result.append(largest)
                        }
                    }
                }
            }
        }
        return result
    }

    @Test func `what is not rectified, or has other tiles, is not pooled at once`() {
        let shape = Case(inputs: 3, outputs: 32, size: [32, 32, 32], stride: 2)
        var signed = shape.description(output: shape.windows), short = signed
        signed.relu = 0
        short.variant = 1
        #expect(ork_convolution_pooled_scratch_bytes(&signed, 1) == 0)
        #expect(ork_convolution_pooled_scratch_bytes(&short, 1) == 0)
    }

    @Test(arguments: [1, 2])
    func `a network that pools at once gives what the portable one gives`(stride: Int) throws {
        var network = ResNet3D(depth: 6, inputChannels: 3, classes: 4)
        network.widthMultiplier = 1 / 4
        network.stemStride = [stride, stride, stride]
        let graph = try Architecture.resnet3D(network).graph()
        let fused = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let backend = ChannelsLastBackend { $0.contains("planes") ? .planar2 : .direct }
        let plan = InferencePlan(
            network: fused, settings: ComputeSettings(threads: 2, precision: .float32), backend: backend)
        let shape = [1, 3, 36, 33, 30]
        let input = try Tensor(shape: shape, floats: randomValues(shape.reduce(1, *), seed: 5))
        let expected = try InferencePlan(network: fused, settings: ComputeSettings(backend: .openBLAS)).run(input)
        let largest = try #require(expected.floats().map(abs).max())
        #expect(largestDifference(try plan.run(input).floats(), expected.floats()) < 1e-4 * largest)
        let codes = try plan.profile(input, repetitions: 1).map(\.step.implementation)
        #expect(codes.contains { $0.hasSuffix("pooled") }, "\(codes)")
    }
}

struct WorkingMemoryTests {
    @Test func `networks that take turns in one memory give what each gives alone`() throws {
        let memory = WorkingMemory()
        let shapes = [[1, 3, 16, 18, 20], [2, 3, 24, 16, 16]]
        let networks = try [6, 18].map { depth in
            var network = ResNet3D(depth: depth, inputChannels: 3, classes: 4)
            network.widthMultiplier = 1 / 8
            let graph = try Architecture.resnet3D(network).graph()
            return try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph, seed: UInt64(depth)))
        }
        let settings = ComputeSettings(threads: 2, precision: .float32, rounding: .least)
        let plans = networks.map { InferencePlan(network: $0, settings: settings, memory: memory) }
        for turn in 0..<6 {
            let shape = shapes[turn / 2 % 2]
            let input = try Tensor(shape: shape, floats: randomValues(shape.reduce(1, *), seed: UInt64(turn)))
            let alone = try InferencePlan(network: networks[turn % 2], settings: settings).run(input)
            #expect(try plans[turn % 2].run(input).floats() == alone.floats())
        }
    }
}
