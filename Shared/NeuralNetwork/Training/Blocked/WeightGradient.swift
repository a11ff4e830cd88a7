internal import CKernels

/// A convolution's derivative by its weights by kernels of ours: dot products of pairs of positions between bfloat16
/// values, where the library first turns every value round; plain sums between float32 values, where the library has
/// only its reference code; of either, Winograd's products in float32 where they are so much fewer.
final class WeightGradient {
    private enum Algorithm { case direct, pairs, winograd, winogradPlanes }

    private let algorithm: Algorithm
    private var description: ork_filter_gradient
    /// The same as `direct` wants it.
    private var convolution: ork_convolution
    private let input: UnsafeRawPointer
    private let gradient: UnsafeRawPointer
    private let target: UnsafeMutablePointer<Float>
    private let scratch: SharedScratch
    private let threads: Int

    /// Of planes with fewer taps than these the library is the quicker in bfloat16.
    private static let leastTapsOfPlanes = 64

    /// `gradient`: by the output. `target`: the weights' gradient in the order of the parameter, see
    /// `BlockedWeightLayout`. `isLibrarySlow`: whether the library has only its reference code for it.
    /// - Returns: nil where the library's code is taken.
    /// - Throws: `TrainingError.outOfMemory`.
    init?(
        _ convolution: Convolution, inputExtent: Extent, source: BlockedConvolution.Source,
        output: BlockedConvolution.Values, gradient: BlockedView, target: UnsafeMutablePointer<Float>,
        scratch: SharedScratch, isLibrarySlow: Bool
    ) throws(TrainingError) {
        let shape = output.shape
        let isFloat = shape.type == .float32
        guard isFloat == isLibrarySlow else { return nil }
        let (pointer, item, blocks) =
            switch source {
            case .planar(let pointer, let floats):
                (isFloat ? UnsafeRawPointer(floats) : UnsafeRawPointer(pointer), Int?.none, 0)
            case .blocked(let values):
                (UnsafeRawPointer(values.value.pointer), Int?.some(values.value.itemStride), values.shape.blocks)
            }
        let isPlanar = item == nil
        guard isFloat || !isPlanar || convolution.kernel.volume >= Self.leastTapsOfPlanes else { return nil }
        let itemStride = item ?? convolution.inputChannels * inputExtent.volume
        description = ork_filter_gradient(
            type: Int32(bitPattern: (isFloat ? ORK_F32 : ORK_BF16).rawValue), items: Int32(shape.batch),
            inputs: Int32(convolution.inputChannels), outputs: Int32(convolution.outputChannels), planar: isPlanar,
            in_size: inputExtent.triple, out_size: shape.layer.extent.triple, kernel: convolution.kernel.triple,
            stride: convolution.stride.triple, padding: convolution.padding.triple,
            dilation: convolution.dilation.triple, input_item: Int64(itemStride),
            output_item: Int64(gradient.itemStride))
        self.convolution = ork_convolution(
            convolution, inputChannels: isPlanar ? convolution.inputChannels : blocks * 16, inputExtent: inputExtent,
            output: shape)
        self.convolution.algorithm = Int32(bitPattern: (isPlanar ? ORK_PLANAR : ORK_DIRECT).rawValue)
        let positions = Int64(inputExtent.volume)
        self.convolution.input = ork_strides(
            item: Int64(itemStride), block: positions * (isPlanar ? 1 : 16), pixel: isPlanar ? 1 : 16)
        self.convolution.output = shape.strides(gradient)
        self.convolution.residual = self.convolution.output
        threads = shape.threads
        let count = Int32(threads)
        if ork_winograd_gradient_preferred(&description, count) {
            algorithm = .winograd
            try scratch.reserve(bytes: ork_winograd_gradient_scratch_bytes(&description, count))
        } else if ork_winograd_planes_gradient_preferred(&description, count) {
            algorithm = .winogradPlanes
            try scratch.reserve(bytes: ork_winograd_planes_gradient_scratch_bytes(&description, count))
        } else if isFloat {
            guard ork_weight_gradient_supported(&self.convolution) else { return nil }
            algorithm = .direct
            try scratch.reserve(bytes: ork_weight_gradient_scratch_bytes(&self.convolution, count))
        } else {
            guard ork_half_gradient_supported(&description) else { return nil }
            algorithm = .pairs
            try scratch.reserve(bytes: ork_half_gradient_scratch_bytes(&description, count))
        }
        self.scratch = scratch
        self.input = pointer
        self.gradient = UnsafeRawPointer(gradient.pointer)
        self.target = target
    }

    /// What computes it, for reports.
    var name: String {
        switch algorithm {
        case .direct: "own:weights-f32"
        case .pairs: "own:pairs"
        case .winograd, .winogradPlanes: "own:winograd-f32"
        }
    }

    /// Writes the gradient.
    ///
    /// - Throws: `TrainingError.library`.
    func run() throws(TrainingError) {
        let (memory, count) = (scratch.pointer, Int32(threads))
        let status =
            switch algorithm {
            case .direct:
                ork_weight_gradient_run(
                    &convolution, input.assumingMemoryBound(to: Float.self),
                    gradient.assumingMemoryBound(to: Float.self), target, memory, count)
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
