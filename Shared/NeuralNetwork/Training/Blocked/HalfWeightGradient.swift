internal import CKernels

/// A convolution's derivative by its weights, bfloat16, by the kernel of ours: dot products of pairs of positions, where
/// the library first turns every value round.
final class HalfWeightGradient {
    private var description: ork_half_gradient
    private let input: UnsafeRawPointer
    private let gradient: UnsafeRawPointer
    private let target: UnsafeMutablePointer<Float>
    private let scratch: SharedScratch
    private let threads: Int

    /// Of planes with fewer taps than these the library is the quicker.
    private static let leastTapsOfPlanes = 64

    /// `input`, `gradient`: bfloat16 blocks, or planes.
    /// - Returns: nil where the library's code is taken.
    /// - Throws: `TrainingError.outOfMemory`.
    init?(
        _ convolution: Convolution, inputExtent: Extent, input: UnsafeRawPointer, inputItem: Int?,
        output: BlockedConvolution.Values, gradient: BlockedView, target: UnsafeMutablePointer<Float>,
        scratch: SharedScratch
    ) throws(TrainingError) {
        let shape = output.shape
        let isPlanar = inputItem == nil
        guard shape.type == .bfloat16, !isPlanar || convolution.kernel.volume >= Self.leastTapsOfPlanes else {
            return nil
        }
        description = ork_half_gradient(
            items: Int32(shape.batch), inputs: Int32(convolution.inputChannels),
            outputs: Int32(convolution.outputChannels), planar: isPlanar, in_size: inputExtent.triple,
            out_size: shape.layer.extent.triple, kernel: convolution.kernel.triple,
            stride: convolution.stride.triple, padding: convolution.padding.triple,
            dilation: convolution.dilation.triple,
            input_item: Int64(inputItem ?? convolution.inputChannels * inputExtent.volume),
            output_item: Int64(gradient.itemStride))
        guard ork_half_gradient_supported(&description) else { return nil }
        threads = shape.threads
        try scratch.reserve(bytes: ork_half_gradient_scratch_bytes(&description, Int32(threads)))
        self.scratch = scratch
        self.input = input
        self.gradient = UnsafeRawPointer(gradient.pointer)
        self.target = target
    }

    /// Writes the gradient, in the order of `BlockedWeightLayout`.
    ///
    /// - Throws: `TrainingError.library`.
    func run() throws(TrainingError) {
        let status = ork_half_gradient_run(
            &description, input, gradient, target, scratch.pointer, Int32(threads))
        guard status == 0 else {
            throw .library(operation: "compute the gradient by a convolution's weights", status: Int(status))
        }
    }
}
