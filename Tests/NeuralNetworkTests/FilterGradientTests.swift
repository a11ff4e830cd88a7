import CKernels
import Testing

/// The derivative by a convolution's weights between values of either type, against sums in double precision.
@Suite(.enabled(if: ork_processor_features().avx2, "the kernels need AVX2"))
struct FilterGradientTests {
    enum Element: String, CaseIterable, Sendable {
        case float32, bfloat16

        var code: Int32 { Int32(bitPattern: (self == .float32 ? ORK_F32 : ORK_BF16).rawValue) }

        /// Those that this processor's kernels take.
        static var available: [Element] { ork_processor_features().avx512_bf16 ? allCases : [.float32] }
    }

    struct Shape: CustomTestStringConvertible, Sendable {
        var items = 2
        var inputs: Int
        var outputs: Int
        var size: [Int]
        var kernel: [Int]
        var stride = 1
        var padding: [Int]
        var dilation = 1
        var isPlanar = false
        var testDescription: String { "\(inputs) to \(outputs), kernel \(kernel), stride \(stride), \(size)" }

        var outputSize: [Int] {
            (0..<3).map { (size[$0] + 2 * padding[$0] - dilation * (kernel[$0] - 1) - 1) / stride + 1 }
        }
        var positions: Int { size.reduce(1, *) }
        var outputPositions: Int { outputSize.reduce(1, *) }
        var taps: Int { kernel.reduce(1, *) }
        var inputBlocks: Int { (inputs + 15) / 16 }
        var outputBlocks: Int { (outputs + 15) / 16 }
        var inputItem: Int { (isPlanar ? inputs : inputBlocks * 16) * positions }
        var outputItem: Int { outputBlocks * 16 * outputPositions }

        func inputPlace(_ item: Int, _ channel: Int, _ position: Int) -> Int {
            item * inputItem
                + (isPlanar
                    ? channel * positions + position : (channel / 16 * positions + position) * 16 + channel % 16)
        }
        func outputPlace(_ item: Int, _ channel: Int, _ position: Int) -> Int {
            item * outputItem + (channel / 16 * outputPositions + position) * 16 + channel % 16
        }
        func weightPlace(_ output: Int, _ input: Int, _ tap: Int) -> Int {
            isPlanar
                ? ((output / 16 * inputs + input) * taps + tap) * 16 + output % 16
                : ((output / 16 * inputBlocks + input / 16) * taps + tap) * 256 + input % 16 * 16 + output % 16
        }
    }

    static let shapes = [
        Shape(inputs: 16, outputs: 32, size: [4, 5, 6], kernel: [3, 3, 3], padding: [1, 1, 1]),
        Shape(items: 3, inputs: 40, outputs: 50, size: [5, 4, 7], kernel: [3, 3, 3], stride: 2, padding: [1, 1, 1]),
        Shape(inputs: 20, outputs: 16, size: [6, 6, 6], kernel: [3, 3, 3], padding: [2, 2, 2], dilation: 2),
        Shape(
            inputs: 3, outputs: 48, size: [7, 8, 9], kernel: [7, 7, 7], stride: 2, padding: [3, 3, 3], isPlanar: true),
        Shape(inputs: 2, outputs: 20, size: [5, 5, 5], kernel: [5, 5, 5], padding: [2, 2, 2], isPlanar: true),
        Shape(items: 3, inputs: 48, outputs: 80, size: [1, 9, 9], kernel: [1, 1, 1], padding: [0, 0, 0]),
        Shape(inputs: 33, outputs: 64, size: [1, 9, 9], kernel: [1, 1, 7], padding: [0, 0, 3]),
        Shape(inputs: 33, outputs: 16, size: [1, 9, 9], kernel: [1, 7, 1], padding: [0, 3, 0]),
        Shape(items: 1, inputs: 320, outputs: 208, size: [2, 2, 2], kernel: [3, 3, 3], padding: [1, 1, 1]),
        Shape(items: 5, inputs: 16, outputs: 96, size: [1, 1, 1], kernel: [1, 1, 1], padding: [0, 0, 0]),
    ]

    static let winogradShapes = [
        Shape(items: 3, inputs: 20, outputs: 50, size: [5, 9, 7], kernel: [3, 3, 3], padding: [1, 1, 1]),
        Shape(inputs: 33, outputs: 40, size: [1, 13, 17], kernel: [1, 3, 3], padding: [0, 0, 0]),
        Shape(inputs: 16, outputs: 16, size: [2, 9, 11], kernel: [1, 5, 5], padding: [0, 2, 2]),
        Shape(items: 1, inputs: 8, outputs: 24, size: [9, 9, 9], kernel: [4, 4, 4], padding: [2, 2, 2]),
        Shape(items: 3, inputs: 20, outputs: 40, size: [1, 9, 11], kernel: [1, 1, 7], padding: [0, 0, 3]),
        Shape(items: 3, inputs: 33, outputs: 16, size: [2, 11, 9], kernel: [1, 7, 1], padding: [0, 3, 0]),
        Shape(inputs: 16, outputs: 50, size: [1, 8, 8], kernel: [1, 3, 1], padding: [0, 1, 0]),
        Shape(items: 1, inputs: 24, outputs: 16, size: [1, 5, 13], kernel: [1, 1, 5], padding: [0, 0, 2]),
        // More sums than the caches hold: threads share the outputs.
        Shape(items: 2, inputs: 112, outputs: 144, size: [4, 5, 4], kernel: [3, 3, 3], padding: [1, 1, 1]),
    ]

    static let planeShapes = [
        Shape(
            inputs: 3, outputs: 20, size: [11, 12, 13], kernel: [7, 7, 7], stride: 2, padding: [3, 3, 3],
            isPlanar: true),
        Shape(
            inputs: 1, outputs: 16, size: [9, 8, 7], kernel: [5, 5, 5], stride: 2, padding: [1, 1, 1], isPlanar: true),
    ]

    @Test(
        .enabled(if: ork_processor_features().avx512_bf16, "this processor has no products of bfloat16"),
        arguments: shapes, [1, 2, 3])
    func weightGradientsOfPairsAreTheSumsOfProducts(_ shape: Shape, _ threads: Int) throws {
        try check(.bfloat16, shape, threads, ork_half_gradient_scratch_bytes, ork_half_gradient_run, within: 1e-5)
    }

    @Test(arguments: winogradShapes, Element.available)
    func weightGradientsByWinogradAreTheSumsOfProducts(_ shape: Shape, _ element: Element) throws {
        for threads in 1...3 {
            try check(
                element, shape, threads, ork_winograd_gradient_scratch_bytes, ork_winograd_gradient_run, within: 3e-5)
        }
    }

    @Test(arguments: planeShapes, Element.available)
    func weightGradientsOfStridedPlanesAreTheSumsOfProducts(_ shape: Shape, _ element: Element) throws {
        for threads in 1...3 {
            try check(
                element, shape, threads, ork_winograd_planes_gradient_scratch_bytes, ork_winograd_planes_gradient_run,
                within: 3e-5)
        }
    }

    private typealias Run = (
        UnsafePointer<ork_filter_gradient>, UnsafeRawPointer, UnsafeRawPointer, UnsafeMutablePointer<Float>,
        UnsafeMutableRawPointer, Int32
    ) -> Int32

    private func check(
        _ element: Element, _ shape: Shape, _ threads: Int,
        _ scratchBytes: (UnsafePointer<ork_filter_gradient>, Int32) -> Int, _ run: Run, within bound: Double
    ) throws {
        var state: UInt32 = 7
        /// What bfloat16 holds exactly.
        func value() -> Float {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(bitPattern: (Float(Int32(bitPattern: state) >> 8) * 0x1p-23).bitPattern & 0xffff_0000)
        }
        var input = [Float](repeating: 0, count: shape.items * shape.inputItem)
        var gradient = [Float](repeating: 0, count: shape.items * shape.outputItem)
        for item in 0..<shape.items {
            for channel in 0..<shape.inputs {
                for position in 0..<shape.positions { input[shape.inputPlace(item, channel, position)] = value() }
            }
            for channel in 0..<shape.outputs {
                for position in 0..<shape.outputPositions {
                    gradient[shape.outputPlace(item, channel, position)] = value()
                }
            }
        }
        func triple(_ numbers: [Int]) -> (Int32, Int32, Int32) {
            (Int32(numbers[0]), Int32(numbers[1]), Int32(numbers[2]))
        }
        let strides = (0..<3).map { shape.size[$0] == 1 && shape.kernel[$0] == 1 ? 1 : shape.stride }
        var description = ork_filter_gradient(
            type: element.code, items: Int32(shape.items), inputs: Int32(shape.inputs), outputs: Int32(shape.outputs),
            planar: shape.isPlanar, in_size: triple(shape.size), out_size: triple(shape.outputSize),
            kernel: triple(shape.kernel), stride: triple(strides), padding: triple(shape.padding),
            dilation: triple([shape.dilation, shape.dilation, shape.dilation]),
            input_item: Int64(shape.inputItem), output_item: Int64(shape.outputItem))
        try #require(scratchBytes(&description, Int32(threads)) > 0)
        let scratch = UnsafeMutableRawPointer.allocate(
            byteCount: scratchBytes(&description, Int32(threads)) + 64, alignment: 64)
        defer { scratch.deallocate() }
        let count =
            shape.outputBlocks * 16 * (shape.isPlanar ? shape.inputs : shape.inputBlocks * 16) * shape.taps
        var result = [Float](repeating: .nan, count: count)
        let status: Int32
        switch element {
        case .float32: status = run(&description, input, gradient, &result, scratch, Int32(threads))
        case .bfloat16:
            status = run(&description, halves(input), halves(gradient), &result, scratch, Int32(threads))
        }
        #expect(status == 0)
        #expect(result.allSatisfy { $0.isFinite })

        let (size, outputSize) = (shape.size, shape.outputSize)
        var largest = 0.0
        var difference = 0.0
        // Some weights of every block and all taps.
        for output in stride(from: 0, to: shape.outputs, by: 13) {
            for channel in stride(from: 0, to: shape.inputs, by: 11) {
                for tap in 0..<shape.taps {
                    let place = [
                        tap / (shape.kernel[1] * shape.kernel[2]), tap / shape.kernel[2] % shape.kernel[1],
                        tap % shape.kernel[2],
                    ]
                    var sum = 0.0
                    for position in 0..<shape.outputPositions {
                        let at = [
                            position / (outputSize[1] * outputSize[2]), position / outputSize[2] % outputSize[1],
                            position % outputSize[2],
                        ]
                        let from = (0..<3).map {
                            at[$0] * strides[$0] - shape.padding[$0] + place[$0] * shape.dilation
                        }
                        guard (0..<3).allSatisfy({ from[$0] >= 0 && from[$0] < size[$0] }) else { continue }
                        let source = (from[0] * size[1] + from[1]) * size[2] + from[2]
                        for item in 0..<shape.items {
                            sum +=
                                Double(input[shape.inputPlace(item, channel, source)])
                                * Double(gradient[shape.outputPlace(item, output, position)])
                        }
                    }
                    largest = max(largest, abs(sum))
                    difference = max(
                        difference, abs(sum - Double(result[shape.weightPlace(output, channel, tap)])))
                }
            }
        }
        #expect(difference <= bound * max(largest, 1))
    }

    private func halves(_ values: [Float]) -> [UInt16] { values.map { UInt16($0.bitPattern >> 16) } }
}
