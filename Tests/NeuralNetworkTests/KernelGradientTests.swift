import CKernels
import Testing

/// Gradients by what defines them: a convolution is linear in its input and in its weights, so
/// <conv(x, w), g> = <x, data gradient(g, w)> = <w, weight gradient(x, g)>. And pooling, means and layouts by hand.
@Suite(
    .enabled(
        if: KernelProcessor.hasVectors, "this processor has neither AVX-512 nor AVX2: the kernels refuse every call"))
struct KernelGradientTests {
    private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int(state >> 57) - 64) / 64
        }
    }

    private static func dot(_ a: KernelMemory, _ b: [Float]) -> Double {
        b.indices.reduce(0) { $0 + Double(a[$1]) * Double(b[$1]) }
    }

    /// 2 items of 32 channels, 3 x 6 x 7 pixels, kernel 3 x 3 x 3, all of whose channels are real.
    private static func shape(stride: Int32) -> ork_convolution {
        var c = ork_convolution()
        c.batch = 2
        c.in_channels = 32
        c.out_channels = 16
        c.in_size = (3, 6, 7)
        c.kernel = (3, 3, 3)
        c.stride = (1, stride, stride)
        c.padding = (1, 1, 1)
        c.dilation = (1, 1, 1)
        c.out_size = (3, (6 - 1) / stride + 1, (7 - 1) / stride + 1)
        let pixels = Int64(3 * 6 * 7), outPixels = Int64(3 * c.out_size.1 * c.out_size.2)
        c.input = ork_strides(item: 32 * pixels, block: 16 * pixels, pixel: 16)
        c.output = ork_strides(item: 16 * outPixels, block: 16, pixel: 16)
        return c
    }

    private static func run(
        _ c: inout ork_convolution, _ input: [Float], count: Int, pack: (inout ork_convolution, KernelMemory) -> Int32
    ) throws -> KernelMemory {
        let packed = KernelMemory(bytes: ork_convolution_packed_bytes(&c))
        let scratch = KernelMemory(bytes: ork_convolution_scratch_bytes(&c, 2))
        try #require(pack(&c, packed) == 0)
        let result = KernelMemory([Float](repeating: 0, count: count), type: ORK_F32)
        try #require(
            ork_convolution_run(&c, packed.pointer, nil, input, nil, result.pointer, scratch.pointer, 2) == 0)
        return result
    }

    /// Values by pixels with their channels last, of one item.
    private static func pixels(_ values: inout [Float], channels: Int32, count: Int) -> ork_pixels {
        values.withUnsafeMutableBytes {
            ork_pixels(
                data: $0.baseAddress, is_bf16: false, channels: channels, stride: Int64(channels), pixels: Int64(count))
        }
    }

    @Test(arguments: KernelProcessor.hasHalves ? [ORK_F32, ORK_BF16] : [ORK_F32], [Int32(1), 2])
    func `the gradient from shared weights is adjoint to the convolution and is added`(
        _ type: ork_type, _ stride: Int32
    ) throws {
        var c = Self.shape(stride: stride)
        c.out_channels = 48
        let outPixels = 2 * Int(3 * c.out_size.1 * c.out_size.2), inPixels = 2 * 3 * 6 * 7
        c.input = ork_strides(item: 32 * Int64(inPixels / 2), block: 16, pixel: 32)
        c.output = ork_strides(item: 48 * Int64(outPixels / 2), block: 16, pixel: 48)
        c.output_type = Int32(ORK_F32.rawValue)
        c.type = Int32(type.rawValue)
        c.input_type = c.type
        // All of these are exact in bfloat16, as are the sums in float32: what differs is wrong.
        let input = Self.numbers(inPixels * 32, seed: 1), weights = Self.numbers(48 * 32 * 27, seed: 2)
        var gradient = Self.numbers(outPixels * 48, seed: 3)
        let packed = KernelMemory(bytes: ork_convolution_packed_bytes(&c))
        try #require(c.pack(weights, outputs: 48, inputs: 32, into: packed.pointer) == 0)
        let scratch = KernelMemory(bytes: ork_convolution_scratch_bytes(&c, 2))
        let source = KernelMemory(input, type: type)
        let output = KernelMemory([Float](repeating: 0, count: gradient.count), type: ORK_F32)
        try #require(
            ork_convolution_run(
                &c, packed.pointer, nil, source.pointer, nil, output.pointer, scratch.pointer, 2) == 0)
        let expected = Self.dot(output, gradient)

        var ofInput = [Float](repeating: 1, count: input.count)
        let from = Self.pixels(&gradient, channels: 48, count: outPixels)
        let to = Self.pixels(&ofInput, channels: 32, count: inPixels)
        #expect(ork_shared_gradient_run(&c, packed.pointer, from, to, 2) == 0)
        let sum = zip(ofInput, input).reduce(0) { $0 + Double($1.0 - 1) * Double($1.1) }
        #expect(abs(sum - expected) < 1e-4 * (1 + abs(expected)))
        c.algorithm = Int32(ORK_WINOGRAD.rawValue)
        #expect(ork_shared_gradient_run(&c, packed.pointer, from, to, 2) != 0)
    }

    @Test(arguments: [Int32(1), 2])
    func `both gradients are adjoint to the convolution`(_ stride: Int32) throws {
        var c = Self.shape(stride: stride)
        let input = Self.numbers(2 * Int(c.input.item), seed: 1), weights = Self.numbers(16 * 32 * 27, seed: 2)
        let gradient = Self.numbers(2 * Int(c.output.item), seed: 3)
        let output = try Self.run(&c, input, count: gradient.count) {
            $0.pack(weights, outputs: 16, inputs: 32, into: $1.pointer)
        }
        let expected = Self.dot(output, gradient)

        let scratch = KernelMemory(bytes: ork_weight_gradient_scratch_bytes(&c, 3))
        let tiles = KernelMemory([Float](repeating: 7, count: weights.count), type: ORK_F32)
        let pointer = tiles.pointer.assumingMemoryBound(to: Float.self)
        let status = ork_weight_gradient_run(&c, input, gradient, pointer, scratch.pointer, 3)
        var ofWeights = [Float](repeating: 0, count: weights.count)
        let order = ork_weights(
            outputs: 16, inputs: 32, taps: c.kernel.0 * c.kernel.1 * c.kernel.2, planar: false)
        ork_weights_unpack(order, pointer, &ofWeights)
        #expect(status == 0)
        #expect(abs(Self.dot(KernelMemory(ofWeights, type: ORK_F32), weights) - expected) < 1e-3 * (1 + abs(expected)))

        var back = ork_convolution()
        guard stride == 1 else {
            #expect(ork_data_gradient(&c, &back) != 0)
            return
        }
        try #require(ork_data_gradient(&c, &back) == 0)
        for algorithm in [ORK_DIRECT, ORK_WINOGRAD] {
            back.algorithm = Int32(algorithm.rawValue)
            let ofInput = try Self.run(&back, gradient, count: input.count) {
                ork_data_gradient_pack(&$0, weights, 16, 32, $1.pointer)
            }
            #expect(abs(Self.dot(ofInput, input) - expected) < 1e-3 * (1 + abs(expected)))
        }
    }

    @Test func `a mean over windows counts what its kind says`() throws {
        // Three channels of 1 x 2 x 4 pixels with the values 0...23, the others with zeros.
        var values = [Float](repeating: 0, count: 128)
        for pixel in 0..<8 { for channel in 0..<3 { values[pixel * 16 + channel] = Float(channel * 8 + pixel) } }
        let blocks = KernelMemory(values, type: ORK_F32)

        // Windows of 1 x 2 x 3, stride 2, padded by one column: two of them, the first with four pixels inside.
        var pooling = ork_pooling()
        pooling.batch = 1
        pooling.channels = 16
        pooling.in_size = (1, 2, 4)
        pooling.out_size = (1, 1, 2)
        pooling.kernel = (1, 2, 3)
        pooling.stride = (1, 2, 2)
        pooling.padding = (0, 0, 1)
        pooling.input = ork_strides(item: 128, block: 128, pixel: 16)
        pooling.output = ork_strides(item: 32, block: 32, pixel: 16)
        let pooled = KernelMemory([Float](repeating: 0, count: 32), type: ORK_F32)
        for (kind, first, second) in [
            (ORK_MAXIMUM, Float(5), Float(7)), (ORK_AVERAGE_INSIDE, 2.5, 4), (ORK_AVERAGE_PADDED, 10.0 / 6, 4),
        ] {
            pooling.kind = Int32(kind.rawValue)
            #expect(ork_pooling_run(&pooling, blocks.pointer, pooled.pointer, 2) == 0)
            #expect(abs(pooled[0] - first) < 1e-6 && abs(pooled[16] - second) < 1e-6)
        }
        pooling.padding = (0, 0, 3)
        #expect(ork_pooling_run(&pooling, blocks.pointer, pooled.pointer, 2) != 0)
    }
}
