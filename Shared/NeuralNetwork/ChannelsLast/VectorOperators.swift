internal import CKernels

/// Pooling by the kernel for AVX-512 and AVX2, on several threads.
final class VectorPoolOperator: Operator {
    let implementation = "own:pool"
    private var pooling: ork_pooling
    private let input: Activation
    private let output: Activation
    private let shift: WeightBuffer?
    private let threads: Int

    /// `shift`: is added to each channel, for the channels that memory has.
    /// `isRectified`: whether what is negative then becomes zero.
    /// - Returns: nil where the processor has no such kernel.
    init?(
        _ pooling: Pooling, _ kind: ork_pixel_pool, _ input: Activation, _ output: Activation,
        shift: WeightBuffer? = nil, isRectified: Bool = false, threads: Int
    ) {
        let kernelKind: ork_pooling_kind =
            switch kind {
            case ORK_POOL_MEAN: ORK_AVERAGE_INSIDE
            case ORK_POOL_MEAN_WITH_PADDING: ORK_AVERAGE_PADDED
            default: ORK_MAXIMUM
            }
        self.pooling = ork_pooling(
            kind: Int32(bitPattern: kernelKind.rawValue), input_type: input.type.kernelType,
            output_type: output.type.kernelType, batch: Int32(input.batch), channels: Int32(input.channels),
            in_size: input.extent.kernelValue, out_size: output.extent.kernelValue,
            kernel: pooling.kernel.kernelValue, stride: pooling.stride.kernelValue,
            padding: pooling.padding.kernelValue, input: input.kernelStrides, output: output.kernelStrides,
            shift: shift?.pointer, relu: isRectified ? 1 : 0)
        self.shift = shift
        self.input = input
        self.output = output
        self.threads = threads
        guard ork_pooling_supported(&self.pooling) else { return nil }
    }

    func run() throws {
        let status = ork_pooling_run(&pooling, input.pointer, output.pointer, Int32(threads))
        guard status == 0 else {
            throw NeuralNetworkError.backendFailure(call: "ork_pooling_run", status: "\(status)")
        }
    }
}
