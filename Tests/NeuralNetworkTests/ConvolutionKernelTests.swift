import CKernels
import Foundation
import Testing

/// Our convolution kernels in C against the definition of a convolution, in double precision.
@Suite(
    .enabled(
        if: KernelProcessor.hasVectors, "this processor has neither AVX-512 nor AVX2: the kernels refuse every call"))
struct ConvolutionKernelTests {
    @Test(arguments: KernelCase.directCases)
    func `the direct kernel sums what the definition says`(_ shape: KernelCase) throws {
        #expect(try shape.error(algorithm: ORK_DIRECT) < 1e-4)
    }

    @Test(
        .enabled(if: KernelProcessor.hasHalves, "this processor has no bfloat16 products"),
        arguments: KernelCase.directCases)
    func `the direct kernel sums bfloat16 products in float32`(_ shape: KernelCase) throws {
        // Inputs and weights are bfloat16 numbers already: only the order of the sum differs.
        #expect(try shape.error(algorithm: ORK_DIRECT, type: ORK_BF16) < 1e-4)
    }

    @Test(
        .enabled(if: KernelProcessor.hasHalves, "this processor has no bfloat16 products"),
        arguments: KernelCase.directCases)
    func `results are rounded to bfloat16 once`(_ shape: KernelCase) throws {
        #expect(try shape.error(algorithm: ORK_DIRECT, type: ORK_BF16, outputType: ORK_BF16) < 1.0 / 256 + 1e-4)
    }

    /// The kernel's own logic on any processor; what is not tested so are the eight instructions themselves.
    @Test(
        .enabled(if: KernelProcessor.hasHalves, "this processor has no bfloat16 products"),
        arguments: KernelCase.directCases)
    func `the AMX kernel is right over tiles in plain C`(_ shape: KernelCase) throws {
        #expect(try shape.error(algorithm: ORK_TILES, variant: Int(ORK_EMULATED), type: ORK_BF16) < 1e-4)
    }

    @Test(
        .enabled(if: ork_processor_features().amx_bf16, "this processor has no AMX"),
        arguments: KernelCase.directCases)
    func `the AMX kernel is right on AMX`(_ shape: KernelCase) throws {
        #expect(try shape.error(algorithm: ORK_TILES, type: ORK_BF16) < 1e-4)
    }

    @Test(arguments: KernelCase.winogradCases, [1, 2])
    func `Winograd's products give the same sums`(_ shape: KernelCase, _ variant: Int) throws {
        #expect(try shape.error(algorithm: ORK_WINOGRAD, variant: variant) < 5e-4)
    }

    @Test(arguments: KernelCase.directCases)
    func `weights alone may have half precision`(_ shape: KernelCase) throws {
        // Weights are numbers of half precision already: nothing is rounded.
        #expect(try shape.error(algorithm: ORK_DIRECT, type: ORK_F16) < 1e-4)
    }

    @Test(arguments: KernelCase.winogradCases.filter { $0.kernel[1...] == [3, 3] }, [0, 1, 2])
    func `transformed weights are rounded to half precision`(_ shape: KernelCase, _ variant: Int) throws {
        let error = try shape.error(algorithm: ORK_WINOGRAD, variant: variant, type: ORK_F16)
        // Short transforms of numbers with few digits need no rounding.
        #expect(variant == 1 ? error < 1e-4 : error > 1e-6 && error < 1e-2)
    }

    @Test(arguments: KernelCase.stridedCases, [ORK_F32, ORK_F16])
    func `strided volumes are transformed by their phases`(_ shape: KernelCase, _ type: ork_type) throws {
        // The shortest transforms of numbers with few digits need no rounding.
        #expect(try shape.error(algorithm: ORK_WINOGRAD, variant: 1, type: type) < 1e-4)
        var longer = shape.description(ORK_WINOGRAD, variant: 2, type: type)
        #expect(!ork_convolution_supported(&longer))
    }

    @Test func `weights too large for half precision become its largest, what is not a number stays so`() throws {
        for (weight, expected) in [(Float(1e9), Float(65504)), (-1e9, -65504), (65504, 65504), (.nan, .nan)] {
            var shape = KernelCase(inputs: 16, outputs: 16, size: [1, 1, 1], kernel: [1, 1, 1]).description(ORK_DIRECT)
            shape.type = Int32(bitPattern: ORK_F16.rawValue)
            let packed = UnsafeMutableRawPointer.allocate(
                byteCount: ork_convolution_packed_bytes(&shape), alignment: 64)
            let scratch = UnsafeMutableRawPointer.allocate(
                byteCount: ork_convolution_scratch_bytes(&shape, 1), alignment: 64)
            defer {
                packed.deallocate()
                scratch.deallocate()
            }
            var weights = [Float](repeating: 0, count: 256)
            weights[0] = weight
            try #require(shape.pack(weights, outputs: 16, inputs: 16, into: packed) == 0)
            var input = [Float](repeating: 0, count: 16)
            input[0] = 1
            var output = [Float](repeating: 7, count: 16)
            try #require(ork_convolution_run(&shape, packed, nil, input, nil, &output, scratch, 1) == 0)
            #expect(output[0] == expected || output[0].isNaN && expected.isNaN)
            #expect(output[1] == 0)
        }
    }

    @Test func `no values may have half precision, and no stem's weights`() {
        var shape = KernelCase(inputs: 16, outputs: 16, size: [1, 8, 8], kernel: [1, 3, 3]).description(ORK_DIRECT)
        shape.output_type = Int32(bitPattern: ORK_F16.rawValue)
        #expect(!ork_convolution_supported(&shape))
        shape.output_type = 0
        shape.input_type = Int32(bitPattern: ORK_F16.rawValue)
        #expect(!ork_convolution_supported(&shape))
        var stem = KernelCase.planarCases[0].description(ORK_PLANAR)
        #expect(ork_convolution_supported(&stem))
        stem.type = Int32(bitPattern: ORK_F16.rawValue)
        #expect(!ork_convolution_supported(&stem))
    }

    @Test(arguments: KernelCase.planarCases, [1, 2, 3])
    func `stems read planes as they come`(_ shape: KernelCase, _ variant: Int) throws {
        #expect(try shape.error(algorithm: ORK_PLANAR, variant: variant) < 5e-4)
    }

    @Test(
        .enabled(if: KernelProcessor.hasHalves, "this processor has no bfloat16 products"),
        arguments: KernelCase.planarCases + KernelCase.columnCases, [0, Int(ORK_EMULATED)])
    func `stems multiply bfloat16 columns, in vectors and in tiles`(_ shape: KernelCase, _ variant: Int) throws {
        #expect(try shape.error(algorithm: ORK_PLANAR, variant: variant, type: ORK_BF16) < 1e-4)
    }

    @Test func `what no kernel can do is refused`() {
        var shape = KernelCase(inputs: 16, outputs: 16, size: [1, 8, 8], kernel: [1, 3, 3]).description(ORK_DIRECT)
        #expect(ork_convolution_supported(&shape))
        shape.in_channels = 17
        #expect(!ork_convolution_supported(&shape))
        #expect(ork_convolution_packed_bytes(&shape) == 0)
        #expect(ork_convolution_run(&shape, nil, nil, nil, nil, nil, nil, 1) != 0)
        shape.in_channels = 16
        shape.stride.1 = 0
        #expect(!ork_convolution_supported(&shape))
        #expect(!ork_convolution_supported(nil))
    }

    @Test func `a variant that an algorithm does not have is refused`() {
        func isSupported(_ shape: KernelCase, _ algorithm: ork_algorithm, _ variant: Int) -> Bool {
            var c = shape.description(algorithm, variant: variant)
            return ork_convolution_supported(&c)
        }
        for shape in KernelCase.winogradCases {
            #expect(
                (-1...5).map { isSupported(shape, ORK_WINOGRAD, $0) } == [false, true, true, true] + [
                    false, false, false,
                ])
        }
        for shape in KernelCase.planarCases {
            #expect(
                (-1...5).map { isSupported(shape, ORK_PLANAR, $0) } == [false, true, true, true, true, false, false])
        }
    }
}

enum KernelProcessor {
    static let hasVectors = ork_processor_features().avx2
    static let hasHalves = ork_processor_features().avx512_bf16
}

/// One convolution with seeded numbers, and how far a kernel is from its definition.
struct KernelCase: CustomTestStringConvertible {
    var batch = 1
    var inputs: Int
    var outputs: Int
    var size: [Int]
    var kernel: [Int]
    var stride = [1, 1, 1]
    var padding = [0, 0, 0]
    var dilation = [1, 1, 1]
    var channelsLast = false
    var hasResidual = false
    var relu = false
    var threads = 2

    var testDescription: String { "\(batch)x\(inputs) to \(outputs), \(size), kernel \(kernel), stride \(stride)" }

    private var outSize: [Int] {
        (0..<3).map { (size[$0] + 2 * padding[$0] - dilation[$0] * (kernel[$0] - 1) - 1) / stride[$0] + 1 }
    }

    private static func triple(_ values: [Int]) -> (Int32, Int32, Int32) {
        (Int32(values[0]), Int32(values[1]), Int32(values[2]))
    }

    /// Blocks of 16 channels of one item, and behind them one block that belongs to somebody else.
    private func strides(channels: Int, pixels: Int) -> ork_strides {
        let all = channels + 16
        return channelsLast
            ? ork_strides(item: Int64(all * pixels), block: 16, pixel: Int64(all))
            : ork_strides(item: Int64(all * pixels), block: Int64(pixels * 16), pixel: 16)
    }

    func description(
        _ algorithm: ork_algorithm, variant: Int = 0, type: ork_type = ORK_F32, outputType: ork_type = ORK_F32
    ) -> ork_convolution {
        var c = ork_convolution()
        c.algorithm = Int32(algorithm.rawValue)
        c.variant = Int32(variant)
        c.type = Int32(type.rawValue)
        c.input_type = algorithm == ORK_PLANAR || type != ORK_BF16 ? Int32(ORK_F32.rawValue) : c.type
        c.output_type = Int32(outputType.rawValue)
        c.relu = relu ? 1 : 0
        c.batch = Int32(batch)
        c.in_channels = Int32(algorithm == ORK_PLANAR ? inputs : (inputs + 15) / 16 * 16)
        c.out_channels = Int32((outputs + 15) / 16 * 16)
        c.in_size = Self.triple(size)
        c.out_size = Self.triple(outSize)
        c.kernel = Self.triple(kernel)
        c.stride = Self.triple(stride)
        c.padding = Self.triple(padding)
        c.dilation = Self.triple(dilation)
        let pixels = size.reduce(1, *), outPixels = outSize.reduce(1, *)
        c.input =
            algorithm == ORK_PLANAR
            ? ork_strides(item: Int64(inputs * pixels), block: Int64(pixels), pixel: 1)
            : strides(channels: Int(c.in_channels), pixels: pixels)
        c.output = strides(channels: Int(c.out_channels), pixels: outPixels)
        c.residual = c.output
        return c
    }

    /// Numbers of seven bits, so that they are bfloat16 numbers as well.
    private static func numbers(_ count: Int, seed: UInt64, scale: Float = 1 / 64) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Float(state >> 57) - 64) * scale
        }
    }

    /// The largest |kernel - definition| / (1 + |definition|) over all outputs; infinite where it wrote elsewhere.
    func error(
        algorithm: ork_algorithm, variant: Int = 0, type: ork_type = ORK_F32, outputType: ork_type = ORK_F32
    ) throws -> Double {
        var c = description(algorithm, variant: variant, type: type, outputType: outputType)
        try #require(ork_convolution_supported(&c))
        let taps = kernel.reduce(1, *), outPixels = outSize.reduce(1, *)
        let bits = (Float(inputs * taps)).squareRoot().rounded(.up)
        let scale =
            1 / (32 * Float(sign: .plus, exponent: Int(bits).bitWidth - Int(bits).leadingZeroBitCount, significand: 1))
        let weights = Self.numbers(outputs * inputs * taps, seed: 1, scale: scale)
        let bias = Self.numbers(Int(c.out_channels), seed: 2)
        let input = KernelMemory(
            Self.numbers(batch * Int(c.input.item), seed: 3), type: ork_type(UInt32(c.input_type)))
        let residual = KernelMemory(Self.numbers(batch * Int(c.output.item), seed: 4), type: ORK_F32)
        let output = KernelMemory([Float](repeating: 777, count: batch * Int(c.output.item)), type: outputType)
        let packed = KernelMemory(bytes: ork_convolution_packed_bytes(&c))
        let scratch = KernelMemory(bytes: ork_convolution_scratch_bytes(&c, Int32(threads)))
        let factors = (0..<outputs).map { [1, -0.5, -1, 0.5][$0 % 4] as Float }
        try #require(
            c.pack(weights, factors: factors, outputs: outputs, inputs: inputs, into: packed.pointer) == 0)
        let status = ork_convolution_run(
            &c, packed.pointer, bias, input.pointer, hasResidual ? residual.pointer : nil, output.pointer,
            scratch.pointer, Int32(threads))
        try #require(status == 0)

        var worst = 0.0
        var written = Set<Int>()
        let exact = weights.indices.map { Double(weights[$0] * factors[$0 / (inputs * taps)]) }
        for item in 0..<batch {
            for pixel in 0..<outPixels {
                let patch = patch(c, input: input, item, pixel)
                for channel in 0..<Int(c.out_channels) {
                    let at = Self.place(c.output, item, channel, pixel)
                    var sum = Double(bias[channel]) + (hasResidual ? Double(residual[at]) : 0)
                    if channel < outputs { sum += Self.dot(patch, exact, from: channel * patch.count) }
                    if relu { sum = max(sum, 0) }
                    let difference = abs(Double(output[at]) - sum) / (1 + abs(sum))
                    // Scratch memory read before it was written is not a number.
                    guard !difference.isNaN else { return .infinity }
                    worst = max(worst, difference)
                    written.insert(at)
                }
            }
        }
        let rest = KernelMemory([777], type: outputType)[0]
        for at in 0..<batch * Int(c.output.item) where !written.contains(at) && output[at] != rest { worst = .infinity }
        return worst
    }

    private static func place(_ strides: ork_strides, _ item: Int, _ channel: Int, _ pixel: Int) -> Int {
        item * Int(strides.item) + channel / 16 * Int(strides.block) + channel % 16 + pixel * Int(strides.pixel)
    }

    /// The inputs that one output sees, [inputs, taps], zero outside.
    private func patch(_ c: ork_convolution, input: KernelMemory, _ item: Int, _ pixel: Int) -> [Double] {
        let out = [pixel / (outSize[1] * outSize[2]), pixel / outSize[2] % outSize[1], pixel % outSize[2]]
        let taps = kernel.reduce(1, *), pixels = size.reduce(1, *)
        var patch = [Double](repeating: 0, count: inputs * taps)
        for tap in 0..<taps {
            let k = [tap / (kernel[1] * kernel[2]), tap / kernel[2] % kernel[1], tap % kernel[2]]
            let at = (0..<3).map { out[$0] * stride[$0] - padding[$0] + k[$0] * dilation[$0] }
            guard (0..<3).allSatisfy({ (0..<size[$0]).contains(at[$0]) }) else { continue }
            let place = (at[0] * size[1] + at[1]) * size[2] + at[2]
            for i in 0..<inputs {
                let index =
                    c.algorithm == Int32(ORK_PLANAR.rawValue)
                    ? (item * inputs + i) * pixels + place : Self.place(c.input, item, i, place)
                patch[i * taps + tap] = Double(input[index])
            }
        }
        return patch
    }

    private static func dot(_ a: [Double], _ b: [Double], from offset: Int) -> Double {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                var sum = 0.0
                var index = 0
                while index < a.count {
                    sum += a[index] * b[offset + index]
                    index += 1
                }
                return sum
            }
        }
    }
}
