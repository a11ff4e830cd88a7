internal import CKernels
internal import Glibc

/// Derivatives by one value, of everything computed from it; nothing before that value is computed. Parameters get no
/// gradients here. Gradients are float32 whatever the activations are.
final class GradientPass {
    let target: Int
    // The executable owns the pass.
    private unowned let executable: ChannelsLastExecutable
    private let layout: ActivationLayout
    private let memory: PackedBytes
    private let context: OperatorContext
    private var operators: [any Operator] = []
    private let depends: [Bool]

    /// - Throws: `NeuralNetworkError.outOfMemory`, `backendFailure`.
    init(executable: ChannelsLastExecutable, target: Int) throws {
        self.executable = executable
        self.target = target
        let network = executable.network
        var depends = [Bool](repeating: false, count: network.values.count)
        depends[target] = true
        for step in network.steps where step.inputs.contains(where: { depends[$0] }) { depends[step.output] = true }
        self.depends = depends
        layout = ActivationLayout(
            network, shapes: executable.shapes, places: executable.places, batch: executable.batch, elementBytes: 4,
            abilities: network.steps.map { _ in
                .init(writesParts: true, readsParts: true, replacesResidual: false)
            }, keepsAll: true, isMaterialized: depends)
        memory = try PackedBytes(count: layout.byteCount)
        context = try OperatorContext(threads: executable.threads)
        // Once to learn what scratch memory the convolutions need, once with it.
        let steps = network.steps.reversed().filter { depends[$0.output] && $0.output != target }
        let plans = try steps.map { try GradientPlan($0, executable: executable, depends: depends) }
        for plan in plans { context.reserve(scratchBytes: plan.scratchByteCount) }
        try context.allocateScratch(of: executable.workingMemory)
        var isWritten = [Bool](repeating: false, count: depends.count)
        for (step, plan) in zip(steps, plans) {
            try append(step, plan, &isWritten)
            for input in step.inputs { isWritten[input] = true }
        }
    }

    /// Leaves in the gradient of the target the derivative of Σ seed · output.
    func run(seed: [Float]) throws {
        memset(memory.pointer, 0, memory.count)
        let output = executable.network.outputValue
        guard depends[output] else { return }
        seed.withUnsafeBufferPointer { seed in
            if let base = seed.baseAddress { gradient(output).read(planes: base) }
        }
        for part in operators { try part.run() }
    }

    /// The gradient's memory.
    func gradient(_ value: Int) -> Activation {
        let slot = layout.slots[value] ?? .init(byteOffset: 0, stride: executable.places[value].physicalCount)
        return Activation(
            pointer: memory.pointer + slot.byteOffset, type: .float32, batch: executable.batch,
            extent: executable.shapes[value].extent, places: executable.places[value], stride: slot.stride)
    }

    private func add(_ body: @escaping () -> Void) { operators.append(SimpleOperator("pixels", body)) }

    private func append(_ step: FusedNetwork.Step, _ plan: GradientPlan, _ isWritten: inout [Bool]) throws {
        let output = gradient(step.output)
        let result = executable.activation(step.output)
        let values = step.inputs.map { executable.activation($0) }
        let first = depends[step.inputs[0]] ? gradient(step.inputs[0]) : nil
        switch step.kind {
        case .convolution(let folded):
            if folded.isRectified { mask(output, by: result) }
            if folded.hasResidual, depends[step.inputs[1]] { accumulate(output, into: gradient(step.inputs[1])) }
            guard let first else { return }
            if let shared = plan.shared {
                operators.append(
                    try SharedGradientOperator(
                        folded, step: step, plan: shared, gradient: output, input: first, threads: executable.threads,
                        weights: executable.weights))
                return
            }
            guard let convolution = plan.convolution else { return }
            let isFirst = !isWritten[step.inputs[0]] && !layout.holdsOthers(step.inputs[0]) && first.isDense
            operators.append(
                try ConvolutionGradientOperator(
                    folded, step: step, plan: convolution, gradient: output, input: first, overwrites: isFirst,
                    context: context, weights: executable.weights))
        case .affine(let scale, _, let isRectified):
            if isRectified { mask(output, by: result) }
            guard let first else { return }
            let scales = try OperatorFactory.spread(scale, first.places)
            add { ork_gradient_affine(output.kernelValue, scales.pointer, first.kernelValue) }
        case .relu:
            mask(output, by: result)
            if let first { accumulate(output, into: first) }
        case .add(let isRectified):
            if isRectified { mask(output, by: result) }
            for input in step.inputs where depends[input] {
                if executable.places[input] == executable.places[step.output] {
                    accumulate(output, into: gradient(input))
                } else {
                    try append(planes: .identity, output, result, gradient(input))
                }
            }
        case .maxPool(let pooling):
            if let first { pool(pooling, ORK_POOL_MAXIMUM, output, values[0], first) }
        case .averagePool(let pooling, let countsPadding):
            let kind = countsPadding ? ORK_POOL_MEAN_WITH_PADDING : ORK_POOL_MEAN
            if let first { pool(pooling, kind, output, values[0], first) }
        case .globalAveragePool:
            if let first { add { ork_gradient_mean(output.kernelValue, Int64(output.batch), first.kernelValue) } }
        case .concatenate: split(step, output)
        case .stridedShortcut(let stride, let cutsGradient):
            guard let first, !cutsGradient else { return }
            let window = ork_window(
                input: first.extent, output: output.extent, kernel: .one, stride: stride, padding: .zero)
            add {
                withUnsafePointer(to: window) {
                    ork_gradient_pick(output.kernelValue, first.kernelValue, Int64(output.batch), $0)
                }
            }
        case .linear(let weight, _, _):
            if let first { try append(planes: .linear(weight), output, result, first) }
        case .sigmoid:
            if let first { try append(planes: .sigmoid, output, result, first) }
        case .softmax:
            if let first { try append(planes: .softmax, output, result, first) }
        }
    }

    private func mask(_ gradient: Activation, by value: Activation) {
        add { ork_gradient_mask(gradient.kernelValue, value.kernelValue) }
    }

    private func accumulate(_ gradient: Activation, into target: Activation) {
        add { ork_pixels_add(target.kernelValue, gradient.kernelValue, target.kernelValue, false) }
    }

    private func pool(
        _ pooling: Pooling, _ kind: ork_pixel_pool, _ gradient: Activation, _ values: Activation, _ target: Activation
    ) {
        let window = ork_window(
            input: target.extent, output: gradient.extent, kernel: pooling.kernel, stride: pooling.stride,
            padding: pooling.padding)
        add {
            withUnsafePointer(to: window) {
                ork_gradient_pool(
                    gradient.kernelValue, values.kernelValue, target.kernelValue, Int64(gradient.batch), $0,
                    Int32(bitPattern: kind.rawValue))
            }
        }
    }

    /// Inputs that lie in the concatenation have their gradients there already.
    private func split(_ step: FusedNetwork.Step, _ output: Activation) {
        var channels = 0
        for input in step.inputs {
            let places = executable.places[input]
            if depends[input], !layout.isInPlace(input, at: channels, of: step.output) {
                var part = output
                part.pointer += channels * output.type.byteCount
                part.places = places
                accumulate(part, into: gradient(input))
            }
            channels += places.physicalCount
        }
    }

    private func append(
        planes kind: PlanarGradientOperator.Kind, _ output: Activation, _ result: Activation, _ target: Activation
    ) throws {
        operators.append(try PlanarGradientOperator(kind, gradient: output, result: result, target: target))
    }
}

/// What one step's backward computation is prepared with before memory is there.
struct GradientPlan {
    let convolution: ConvolutionGradientPlan?
    let shared: SharedGradientPlan?

    init(_ step: FusedNetwork.Step, executable: ChannelsLastExecutable, depends: [Bool]) throws {
        guard case .convolution(let folded) = step.kind, depends[step.inputs[0]] else {
            convolution = nil
            shared = nil
            return
        }
        shared = SharedGradientPlan(
            forward: executable.directKernels[step.output], input: executable.activation(step.inputs[0]))
        guard shared == nil else {
            convolution = nil
            return
        }
        convolution = try ConvolutionGradientPlan(
            folded, batch: executable.batch, input: executable.shapes[step.inputs[0]].extent,
            output: executable.shapes[step.output].extent, inputPlaces: executable.places[step.inputs[0]],
            outputPlaces: executable.places[step.output], type: executable.type)
        if convolution == nil {
            throw NeuralNetworkError.backendUnavailable("oneDNN has no gradient for layer \(step.name)")
        }
    }

    var scratchByteCount: Int { convolution?.scratchByteCount ?? 0 }
}
