internal import CKernels

/// A first convolution of few planes by the kernel of ours that multiplies in float32. With a large kernel between bfloat16
/// values it needs fewer products than the library and is the more exact.
final class PlanarForward {
    private var kernel: ork_convolution
    private let layout: BlockedWeightLayout
    private let input: UnsafePointer<Float>
    private let output: UnsafeMutableRawPointer
    private let plain: TrainingMemory
    private let packed: TrainingMemory
    private let scratch: SharedScratch
    private let threads: Int

    /// With fewer taps the library is the quicker.
    private static let leastTaps = 64

    /// `input`: float32 planes [batch, channels, extent].
    /// `isPreferred`: whether the library has no fast code for it.
    /// - Returns: nil where the library's code is taken.
    /// - Throws: `TrainingError.outOfMemory`.
    init?(
        _ convolution: Convolution, inputExtent: Extent, input: UnsafePointer<Float>,
        output: BlockedConvolution.Values, layout: BlockedWeightLayout, scratch: SharedScratch,
        isPreferred: Bool
    ) throws(TrainingError) {
        let shape = output.shape
        guard isPreferred || shape.type == .bfloat16 && convolution.kernel.volume >= Self.leastTaps else { return nil }
        let positions = Int64(inputExtent.volume)
        kernel = ork_convolution(
            convolution, inputChannels: convolution.inputChannels, inputExtent: inputExtent, output: shape)
        kernel.algorithm = Int32(bitPattern: ORK_PLANAR.rawValue)
        // Between float32 values the short transforms, which round less.
        kernel.variant = shape.type == .float32 ? 1 : 2
        kernel.type = Int32(bitPattern: ORK_F32.rawValue)
        kernel.input_type = kernel.type
        kernel.output_type = Int32(bitPattern: (shape.type == .float32 ? ORK_F32 : ORK_BF16).rawValue)
        kernel.residual_type = kernel.output_type
        kernel.input = ork_strides(
            item: positions * Int64(convolution.inputChannels), block: positions, pixel: 1)
        kernel.output = shape.strides(output.value)
        kernel.residual = kernel.output
        guard ork_convolution_supported(&kernel) else { return nil }
        self.layout = layout
        self.input = input
        self.output = output.value.pointer
        self.scratch = scratch
        threads = shape.threads
        plain = try TrainingMemory(
            count: convolution.outputChannels * convolution.inputChannels * convolution.kernel.volume)
        packed = try TrainingMemory(count: (ork_convolution_packed_bytes(&kernel) + 3) / 4)
        try scratch.reserve(bytes: ork_convolution_scratch_bytes(&kernel, Int32(threads)))
    }

    /// Takes over the parameter's values.
    ///
    /// - Throws: `TrainingError.library`.
    func refresh(_ weights: UnsafePointer<Float>) throws(TrainingError) {
        layout.unpack(weights, into: plain.pointer)
        try Self.check(
            ork_convolution_pack(
                &kernel,
                ork_plain_weights(
                    values: plain.pointer, factors: nil, outputs: layout.weights.outputs, inputs: layout.weights.inputs),
                packed.pointer))
    }

    /// - Throws: `TrainingError.library`.
    func run() throws(TrainingError) {
        try Self.check(
            ork_convolution_run(
                &kernel, packed.pointer, nil, input, nil, output, scratch.pointer, Int32(threads)))
    }

    private static func check(_ status: Int32) throws(TrainingError) {
        guard status == 0 else { throw .library(operation: "compute the first convolution", status: Int(status)) }
    }
}
