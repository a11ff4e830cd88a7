internal import CKernels

/// A convolution's derivative by its weights, float32, by a kernel of ours: for shapes of which the library has only its
/// reference code, such as many channels on few positions.
final class FloatWeightGradient {
    /// The gradient [outputs, inputs, taps].
    let plain: TrainingMemory
    private var description = ork_convolution()
    private let input: UnsafePointer<Float>
    private let gradient: UnsafePointer<Float>
    private let outputs: Int
    private let inputs: Int
    private let scratch: SharedScratch
    private let threads: Int

    /// - Returns: nil where no kernel computes it here.
    /// - Throws: `TrainingError.outOfMemory`.
    init?(
        _ convolution: Convolution, inputExtent: Extent, input: BlockedConvolution.Values,
        output: BlockedConvolution.Values, gradient: BlockedView, scratch: SharedScratch
    ) throws(TrainingError) {
        let shape = output.shape
        guard shape.type == .float32 else { return nil }
        description.algorithm = Int32(bitPattern: ORK_DIRECT.rawValue)
        description.batch = Int32(shape.batch)
        description.in_channels = Int32(input.shape.blocks * 16)
        description.out_channels = Int32(shape.blocks * 16)
        description.in_size = inputExtent.triple
        description.out_size = shape.layer.extent.triple
        description.kernel = convolution.kernel.triple
        description.stride = convolution.stride.triple
        description.padding = convolution.padding.triple
        description.dilation = convolution.dilation.triple
        description.input = ork_strides(
            item: Int64(input.value.itemStride), block: Int64(input.shape.positions * 16), pixel: 16)
        description.output = ork_strides(
            item: Int64(gradient.itemStride), block: Int64(shape.positions * 16), pixel: 16)
        description.residual = description.output
        guard ork_weight_gradient_supported(&description) else { return nil }
        self.input = UnsafePointer(input.value.pointer.assumingMemoryBound(to: Float.self))
        self.gradient = UnsafePointer(gradient.pointer.assumingMemoryBound(to: Float.self))
        self.scratch = scratch
        outputs = convolution.outputChannels
        inputs = convolution.inputChannels
        threads = shape.threads
        plain = try TrainingMemory(count: outputs * inputs * convolution.kernel.volume)
        try scratch.reserve(bytes: ork_weight_gradient_scratch_bytes(&description, Int32(threads)))
    }

    /// - Throws: `TrainingError.library`.
    func run() throws(TrainingError) {
        let status = ork_weight_gradient_run(
            &description, input, gradient, plain.pointer, Int32(outputs), Int32(inputs), scratch.pointer,
            Int32(threads))
        guard status == 0 else {
            throw .library(operation: "compute the gradient by a convolution's weights", status: Int(status))
        }
    }
}
