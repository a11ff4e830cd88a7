internal import CKernels

/// A convolution's derivative by its weights, bfloat16, by kernels of ours: dot products of pairs of positions, where the
/// library first turns every value round, or Winograd's products in float32 where they are so much fewer.
final class HalfWeightGradient {
    private enum Algorithm { case pairs, winograd, winogradPlanes }

    private let algorithm: Algorithm
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
        let count = Int32(threads)
        if ork_winograd_gradient_preferred(&description, count) {
            algorithm = .winograd
            try scratch.reserve(bytes: ork_winograd_gradient_scratch_bytes(&description, count))
        } else if ork_winograd_planes_gradient_preferred(&description, count) {
            algorithm = .winogradPlanes
            try scratch.reserve(bytes: ork_winograd_planes_gradient_scratch_bytes(&description, count))
        } else {
            algorithm = .pairs
            try scratch.reserve(bytes: ork_half_gradient_scratch_bytes(&description, count))
        }
        self.scratch = scratch
        self.input = input
        self.gradient = UnsafeRawPointer(gradient.pointer)
        self.target = target
    }

    /// What computes it, for reports.
    var name: String { algorithm == .pairs ? "own:pairs" : "own:winograd-f32" }

    /// Writes the gradient, in the order of `BlockedWeightLayout`.
    ///
    /// - Throws: `TrainingError.library`.
    func run() throws(TrainingError) {
        let (memory, count) = (scratch.pointer, Int32(threads))
        let status =
            switch algorithm {
            case .pairs: ork_half_gradient_run(&description, input, gradient, target, memory, count)
            case .winograd: ork_winograd_gradient_run(&description, input, gradient, target, memory, count)
            case .winogradPlanes:
                ork_winograd_planes_gradient_run(&description, input, gradient, target, memory, count)
            }
        guard status == 0 else {
            throw .library(operation: "compute the gradient by a convolution's weights", status: Int(status))
        }
    }
}
