internal import CKernels

/// Convolutions that read the same value with kernels of one form: computed in one go, which reads it once and leaves
/// threads no small work to wait for.
struct SiblingConvolutions {
    /// Steps, the first of which computes all.
    let members: [Int]
    /// One convolution with the outputs of all, each rounded up to whole pairs of blocks.
    let kernel: ork_convolution

    /// Steps that may be computed together.
    static func families(in network: FusedNetwork) -> [[Int]] {
        struct Form: Hashable {
            var input: Int
            var kernel: Extent
            var stride: Extent
            var padding: Extent
            var dilation: Extent
        }
        var families: [Form: [Int]] = [:]
        for (index, step) in network.steps.enumerated() {
            guard case .convolution(let folded) = step.kind, !folded.hasResidual,
                !ChannelsLastExecutable.readsPlanes(step, network)
            else { continue }
            let c = folded.convolution
            let form = Form(
                input: step.inputs[0], kernel: c.kernel, stride: c.stride, padding: c.padding, dilation: c.dilation)
            families[form, default: []].append(index)
        }
        return families.values.filter { $0.count > 1 }
    }

    /// Those of a family whose code can compute them together.
    static func groups(in family: [Int], _ plans: [ConvolutionPlan?]) -> [SiblingConvolutions] {
        [ConvolutionChoice.direct, .tiles].compactMap { choice in
            let members = family.filter { plans[$0]?.choice == choice }
            guard members.count > 1, var kernel = plans[members[0]]?.kernel else { return nil }
            let outputs = members.compactMap { plans[$0]?.kernel?.out_channels }
            kernel.out_channels = outputs.reduce(0) { $0 + ($1 + 31) / 32 * 32 }
            guard ork_convolution_supported(&kernel) else { return nil }
            return SiblingConvolutions(members: members, kernel: kernel)
        }
    }

    func scratchByteCount(threads: Int) -> Int {
        var kernel = kernel
        return ork_convolution_scratch_bytes(&kernel, Int32(threads))
    }
}

/// Computes siblings, each with weights of its own and to a place of its own.
final class SiblingConvolutionOperator: Operator {
    let implementation: String
    private var kernel: ork_convolution
    private var parts: [ork_output_part] = []
    private var kept: [PackedBytes] = []
    private let context: OperatorContext
    private let input: Activation

    init(_ siblings: SiblingConvolutions, executable: ChannelsLastExecutable) throws {
        let steps = siblings.members.map { executable.network.steps[$0] }
        input = executable.activation(steps[0].inputs[0])
        context = executable.context
        implementation = "own:siblings \(steps.count)"
        kernel = siblings.kernel
        kernel.input = input.kernelStrides
        for step in steps {
            guard case .convolution(let folded) = step.kind else { continue }
            let output = executable.activation(step.output)
            var own = siblings.kernel
            own.out_channels = Int32(output.channels)
            let packed = try executable.weights.weights(
                folded, output: step.output, for: own, inputs: input.places.places, outputs: output.places.places)
            let bias = try executable.weights.bias(folded, output: step.output, places: output.places)
            kept += [packed, bias]
            parts.append(
                ork_output_part(
                    packed: packed.pointer, bias: bias.pointer.assumingMemoryBound(to: Float.self),
                    output: output.pointer, output_strides: output.kernelStrides,
                    out_channels: Int32(output.channels), relu: folded.isRectified ? 1 : 0))
        }
    }

    func run() throws {
        let status = ork_convolution_run_parts(
            &kernel, input.pointer, parts, Int32(parts.count), context.scratch, Int32(context.threads))
        guard status == 0 else {
            throw NeuralNetworkError.backendFailure(call: "ork_convolution_run_parts", status: "\(status)")
        }
    }
}
