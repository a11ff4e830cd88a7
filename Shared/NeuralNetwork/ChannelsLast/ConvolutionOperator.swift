internal import CDNNL
internal import Glibc

/// A convolution computed by oneDNN, with its bias, residual sum and rectification.
final class OneDNNConvolutionOperator: Operator {
    let implementation: String
    private let context: OperatorContext
    private let primitive: Primitive
    /// Where the caller's planes become the pixels that the first convolution reads.
    private let stem: (reorder: Primitive, pixels: PackedBytes)?
    /// What is copied to where the result will be summed up: source, target, bytes.
    private let residualCopy: (from: UnsafeRawPointer, to: UnsafeMutableRawPointer, count: Int)?
    private let kept: [PackedBytes]

    /// `input`: nil for the network's input, which is read from the caller's planes.
    /// `residual`: nil where there is none; lying where the output does, or elsewhere.
    init(
        _ folded: FoldedConvolution, step: FusedNetwork.Step, plan: OneDNNConvolutionPlan, input: Activation?,
        output: Activation, residual: Activation?, context: OperatorContext, weights: PackedWeights
    ) throws {
        self.context = context
        let descriptor = plan.descriptor
        implementation = descriptor.implementation
        primitive = try Primitive(descriptor)
        var kept: [PackedBytes] = []
        if let input {
            try primitive.bind(DNNL_ARG_SRC, plan.convolution.source, input.pointer)
            stem = nil
        } else {
            let pixels = try PackedBytes(count: plan.convolution.source.byteCount)
            let planes = try MemoryDescriptor(plan.sourceDimensions, .float32, .planar)
            // The planes are the caller's: the place is given at each run.
            let reorder = try Reorder.make(from: planes, pixels.pointer, to: plan.convolution.source, pixels.pointer)
            stem = (reorder, pixels)
            try primitive.bind(DNNL_ARG_SRC, plan.convolution.source, pixels.pointer)
        }
        let form = try descriptor.memory(dnnl_query_weights_md)
        let packed = try weights.weights(
            folded, output: step.output, as: form, dimensions: plan.convolution.weightDimensions,
            inputs: plan.inputPlaces, outputs: output.places.places)
        let bias = try weights.bias(folded, output: step.output, places: output.places)
        kept += [packed, bias]
        try primitive.bind(DNNL_ARG_WEIGHTS, form, packed.pointer)
        try primitive.bind(DNNL_ARG_BIAS, plan.convolution.bias, bias.pointer)
        try primitive.bind(DNNL_ARG_DST, plan.convolution.result, output.pointer)
        if let scratch = context.scratch {
            try primitive.bind(DNNL_ARG_SCRATCHPAD, try descriptor.memory(dnnl_query_scratchpad_md), scratch)
        }
        if let residual, residual.pointer != output.pointer {
            residualCopy = (
                UnsafeRawPointer(residual.pointer), output.pointer,
                output.pixels * output.stride * output.type.byteCount
            )
        } else {
            residualCopy = nil
        }
        self.kept = kept
    }

    func run() throws {
        if let stem, let input = context.input {
            try stem.reorder.move(argumentAt: 0, to: UnsafeRawPointer(input))
            try stem.reorder.execute(context.stream)
        }
        if let residualCopy { memcpy(residualCopy.to, residualCopy.from, residualCopy.count) }
        try primitive.execute(context.stream)
    }
}

/// Which of oneDNN's implementations computes a convolution of one shape.
struct OneDNNConvolutionPlan {
    let convolution: OneDNNConvolution
    let descriptor: PrimitiveDescriptor
    let sourceDimensions: [Int]
    /// Where the weight's input channels lie among those of the source.
    let inputPlaces: [Int32]

    /// - Returns: nil when the library has no code for it.
    init?(_ task: ConvolutionPlan.Task) throws {
        let folded = task.folded
        let channels = task.inputPlaces?.physicalCount ?? folded.convolution.inputChannels
        // Some of its implementations count in 32 bits.
        let largest =
            task.shape.batch
            * max(
                channels * task.shape.input.volume, task.outputPlaces.physicalCount * task.shape.output.volume)
        guard largest < Int(Int32.max) / 4 else { return nil }
        convolution = try OneDNNConvolution(
            folded.convolution, batch: task.shape.batch, inputChannels: channels,
            outputChannels: task.outputPlaces.physicalCount, input: task.shape.input, type: task.shape.type)
        let attributes = try PrimitiveAttributes(
            (folded.hasResidual ? [.sum] : []) + (folded.isRectified ? [.rectification] : []))
        guard let best = try convolution.forward(attributes).first else { return nil }
        descriptor = best
        let rank = convolution.weightDimensions.count - 2
        sourceDimensions = [task.shape.batch, channels] + task.shape.input.components(rank: rank)
        inputPlaces = task.inputChannels
    }
}
