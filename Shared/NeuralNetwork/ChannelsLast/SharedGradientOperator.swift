internal import CKernels

/// A convolution's derivative by its input, from the weights that the way forward packed: large weights of layers with
/// few pixels are in memory once.
struct SharedGradientPlan {
    /// The way forward.
    let kernel: ork_convolution

    /// Bytes of weights from which a second form is not worth its memory.
    private static let leastBytes = 3 << 20
    /// With more pixels the library is faster.
    private static let mostPixels = 64

    /// Whether a convolution's weights are better kept once for both ways.
    static func suits(_ shape: ConvolutionShape) -> Bool {
        let weights = shape.convolution.patchCount * shape.convolution.outputChannels * shape.type.byteCount
        return !shape.readsPlanes && shape.batch * shape.input.volume <= mostPixels && weights >= leastBytes
    }

    /// `forward`: nil where other code computes the way forward.
    /// - Returns: nil where a form of its own is better.
    init?(forward: ork_convolution?, input: Activation) {
        guard var kernel = forward, ork_shared_gradient_supported(&kernel), input.pixels <= Self.mostPixels,
            ork_convolution_packed_bytes(&kernel) >= Self.leastBytes
        else { return nil }
        self.kernel = kernel
    }
}

/// Adds the derivative to the input's gradient.
final class SharedGradientOperator: Operator {
    let implementation = "own:shared"
    private var kernel: ork_convolution
    private let packed: PackedBytes
    private let gradient: Activation
    private let input: Activation
    private let threads: Int

    init(
        _ folded: FoldedConvolution, step: FusedNetwork.Step, plan: SharedGradientPlan, gradient: Activation,
        input: Activation, threads: Int, weights: PackedWeights
    ) throws {
        kernel = plan.kernel
        packed = try weights.weights(
            folded, output: step.output, for: plan.kernel, inputs: input.places.places,
            outputs: gradient.places.places)
        self.gradient = gradient
        self.input = input
        self.threads = threads
    }

    func run() throws {
        let status = ork_shared_gradient_run(
            &kernel, packed.pointer, gradient.kernelValue, input.kernelValue, Int32(threads))
        guard status == 0 else {
            throw NeuralNetworkError.backendFailure(call: "ork_shared_gradient_run", status: "\(status)")
        }
    }
}
