internal import CKernels

/// A convolution computed by a kernel of ours, with its bias, residual sum and rectification. It reads and writes parts
/// of wider values as well.
final class KernelConvolutionOperator: Operator {
    let implementation: String
    private var kernel: ork_convolution
    private let context: OperatorContext
    private let packed: PackedBytes
    private let bias: PackedBytes
    private let input: Activation?
    private let output: Activation
    private let residual: Activation?
    private let isPooled: Bool

    /// `kernel`: for dense values; the strides are set here.
    /// `input`: nil for the network's input, which is read from the caller's planes.
    /// `isPooled`: whether the output is of maxima over windows.
    init(
        _ folded: FoldedConvolution, step: FusedNetwork.Step, kernel: ork_convolution, choice: ConvolutionChoice,
        input: Activation?, inputPlaces: [Int32], output: Activation, residual: Activation?,
        isPooled: Bool, context: OperatorContext, weights: PackedWeights
    ) throws {
        var kernel = kernel
        implementation = "own:\(choice.rawValue)" + (isPooled ? ", pooled" : "")
        packed = try weights.weights(
            folded, output: step.output, for: kernel, inputs: inputPlaces, outputs: output.places.places)
        bias = try weights.bias(folded, output: step.output, places: output.places)
        if let input { kernel.input = input.kernelStrides }
        kernel.output = output.kernelStrides
        if let residual { kernel.residual = residual.kernelStrides }
        self.kernel = kernel
        self.context = context
        self.input = input
        self.output = output
        self.residual = residual
        self.isPooled = isPooled
    }

    func run() throws {
        let source = input.map { UnsafeRawPointer($0.pointer) } ?? context.input.map { UnsafeRawPointer($0) }
        let biases = bias.pointer.assumingMemoryBound(to: Float.self)
        let status =
            isPooled
            ? ork_convolution_run_pooled(
                &kernel, packed.pointer, biases, source, output.pointer, context.scratch, Int32(context.threads))
            : ork_convolution_run(
                &kernel, packed.pointer, biases, source, residual.map { UnsafeRawPointer($0.pointer) },
                output.pointer, context.scratch, Int32(context.threads))
        guard status == 0 else {
            throw NeuralNetworkError.backendFailure(call: "ork_convolution_run", status: "\(status)")
        }
    }
}
