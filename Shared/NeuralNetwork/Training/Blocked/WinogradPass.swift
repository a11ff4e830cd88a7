internal import CKernels

/// A convolution's way forward, or its derivative by the input, between blocks by the Winograd kernel of ours with float32
/// products: as exact as the library's code, and quicker where many pixels share few weights. With the long transforms,
/// or with the short ones where weights would become too many to be packed at every step.
final class WinogradPass {
    enum Direction { case forward, back }

    private var kernel: ork_convolution
    private let weights: ork_weights
    private let isTurned: Bool
    private let packed: TrainingMemory
    private let source: BlockedView
    private let scratch: SharedScratch
    private let threads: Int

    /// With fewer channels or positions, or larger weights, the library is the quicker.
    private static let leastChannels = 48
    private static let leastPositions = 4096
    private static let mostWeightBytes = 4 << 20
    /// The same against the direct kernel.
    private static let leastFloatChannels = 32
    private static let leastFloatPositions = 512
    private static let mostFloatWeightBytes = 16 << 20

    /// `input`, `output`: the convolution's; of the way back their gradients.
    /// `isPreferred`: whether the library has no fast code for it.
    /// - Returns: nil where the library's code, or the direct kernel, is taken.
    /// - Throws: `TrainingError.outOfMemory`.
    init?(
        _ direction: Direction, _ convolution: Convolution, weights: ork_weights, input: BlockedConvolution.Values,
        output: BlockedConvolution.Values, scratch: SharedScratch, isPreferred: Bool
    ) throws(TrainingError) {
        let isFloat = input.shape.type == .float32
        let windows = convolution.kernel.components(rank: 3).filter { $0 > 1 }.count
        guard isPreferred || !isFloat, convolution.stride == .one,
            windows > 1 || isFloat && windows == 1,
            min(convolution.inputChannels, convolution.outputChannels)
                >= (isFloat ? Self.leastFloatChannels : Self.leastChannels),
            output.shape.batch * output.shape.positions
                >= (isFloat ? Self.leastFloatPositions : Self.leastPositions)
        else { return nil }
        let type = Int32(bitPattern: (isFloat ? ORK_F32 : ORK_BF16).rawValue)
        var forward = ork_convolution(
            convolution, inputChannels: input.shape.blocks * 16, inputExtent: input.shape.layer.extent,
            output: output.shape)
        forward.algorithm = Int32(bitPattern: ORK_WINOGRAD.rawValue)
        forward.type = Int32(bitPattern: ORK_F32.rawValue)
        forward.input_type = type
        forward.output_type = type
        forward.residual_type = type
        switch direction {
        case .forward:
            forward.input = input.shape.strides(input.value)
            forward.output = output.shape.strides(output.value)
            forward.residual = forward.output
            kernel = forward
            source = input.value
        case .back:
            guard let from = output.gradient, let to = input.gradient else { return nil }
            forward.input = input.shape.strides(to)
            forward.output = output.shape.strides(from)
            kernel = forward
            guard ork_data_gradient(&forward, &kernel) == 0 else { return nil }
            source = from
        }
        let mostBytes = isFloat ? Self.mostFloatWeightBytes : Self.mostWeightBytes
        kernel.variant = 2
        if isFloat, ork_convolution_packed_bytes(&kernel) > mostBytes { kernel.variant = 1 }
        guard ork_convolution_supported(&kernel), ork_convolution_packed_bytes(&kernel) <= mostBytes else {
            return nil
        }
        self.weights = weights
        isTurned = direction == .back
        self.scratch = scratch
        threads = output.shape.threads
        packed = try TrainingMemory(count: ork_convolution_packed_bytes(&kernel) / 4)
        try scratch.reserve(bytes: ork_convolution_scratch_bytes(&kernel, Int32(threads)))
    }

    /// Takes over the parameter's values.
    ///
    /// - Throws: `TrainingError.library`.
    func refresh(_ values: UnsafePointer<Float>) throws(TrainingError) {
        try Self.check(
            ork_winograd_pack_tiles(&kernel, weights, values, isTurned, packed.pointer, Int32(threads)))
    }

    /// Writes `target`, or adds to it.
    ///
    /// - Throws: `TrainingError.library`.
    func run(into target: BlockedView, accumulates: Bool = false) throws(TrainingError) {
        try Self.check(
            ork_convolution_run(
                &kernel, packed.pointer, nil, source.pointer, accumulates ? target.pointer : nil, target.pointer,
                scratch.pointer, Int32(threads)))
    }

    private static func check(_ status: Int32) throws(TrainingError) {
        guard status == 0 else { throw .library(operation: "compute a convolution", status: Int(status)) }
    }
}
