internal import CKernels

/// A convolution's derivative by its weights, float32, by a kernel of ours: for shapes of which the library has only its
/// reference code, such as many channels on few positions.
final class FloatWeightGradient {
    private var description: ork_convolution
    private let input: UnsafePointer<Float>
    private let gradient: UnsafePointer<Float>
    private let target: UnsafeMutablePointer<Float>
    private let scratch: SharedScratch
    private let threads: Int

    /// `target`: the gradient in the order of the parameter, see `BlockedWeightLayout`.
    /// - Returns: nil where no kernel computes it here.
    /// - Throws: `TrainingError.outOfMemory`.
    init?(
        _ convolution: Convolution, inputExtent: Extent, source: BlockedConvolution.Source,
        output: BlockedConvolution.Values, gradient: BlockedView, target: UnsafeMutablePointer<Float>,
        scratch: SharedScratch
    ) throws(TrainingError) {
        let shape = output.shape
        guard shape.type == .float32 else { return nil }
        switch source {
        case .blocked(let values):
            description = ork_convolution(
                convolution, inputChannels: values.shape.blocks * 16, inputExtent: inputExtent, output: shape)
            description.algorithm = Int32(bitPattern: ORK_DIRECT.rawValue)
            description.input = values.shape.strides(values.value)
            input = UnsafePointer(values.value.pointer.assumingMemoryBound(to: Float.self))
        case .planar(_, let floats):
            description = ork_convolution(
                convolution, inputChannels: convolution.inputChannels, inputExtent: inputExtent, output: shape)
            description.algorithm = Int32(bitPattern: ORK_PLANAR.rawValue)
            let positions = Int64(inputExtent.volume)
            description.input = ork_strides(
                item: positions * Int64(convolution.inputChannels), block: positions, pixel: 1)
            input = floats
        }
        description.output = shape.strides(gradient)
        description.residual = description.output
        guard ork_weight_gradient_supported(&description) else { return nil }
        self.gradient = UnsafePointer(gradient.pointer.assumingMemoryBound(to: Float.self))
        self.scratch = scratch
        self.target = target
        threads = shape.threads
        try scratch.reserve(bytes: ork_weight_gradient_scratch_bytes(&description, Int32(threads)))
    }

    /// - Throws: `TrainingError.library`.
    func run() throws(TrainingError) {
        let status = ork_weight_gradient_run(
            &description, input, gradient, target, scratch.pointer, Int32(threads))
        guard status == 0 else {
            throw .library(operation: "compute the gradient by a convolution's weights", status: Int(status))
        }
    }
}
