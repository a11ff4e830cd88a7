internal import CKernels

/// A convolution with the places of its channels and the code that shall compute it.
struct ConvolutionPlan {
    /// What is computed: independent of the code.
    struct Task {
        var step: FusedNetwork.Step
        var folded: FoldedConvolution
        var shape: ConvolutionShape
        /// Nil for the network's input, which is read from the caller's planes.
        var inputPlaces: ChannelPlaces?
        var outputPlaces: ChannelPlaces
        /// Whether others read the same value with kernels of the same form.
        var hasSiblings = false

        /// Where the weight's input channels lie among those that are read.
        var inputChannels: [Int32] {
            inputPlaces?.places ?? (0..<Int32(folded.convolution.inputChannels)).map { $0 }
        }
    }

    private enum Code {
        case oneDNN(OneDNNConvolutionPlan)
        case kernel(ork_convolution)
    }

    let task: Task
    let choice: ConvolutionChoice
    private let code: Code

    /// - Returns: nil when this code does not compute this convolution here.
    init?(_ task: Task, _ choice: ConvolutionChoice) throws {
        self.task = task
        self.choice = choice
        if choice == .oneDNN {
            guard let plan = try OneDNNConvolutionPlan(task) else { return nil }
            code = .oneDNN(plan)
        } else {
            guard let kernel = ork_convolution(task.shape, choice) else { return nil }
            code = .kernel(kernel)
        }
    }

    func scratchByteCount(threads: Int) -> Int {
        switch code {
        case .oneDNN(let plan): plan.descriptor.scratchByteCount
        case .kernel(var kernel): ork_convolution_scratch_bytes(&kernel, Int32(threads))
        }
    }

    /// What the kernel needs to give maxima over windows instead (`ork_convolution_run_pooled`); nil where it cannot.
    func pooledScratchByteCount(threads: Int) -> Int? {
        guard case .kernel(var kernel) = code, !task.folded.hasResidual else { return nil }
        let bytes = ork_convolution_pooled_scratch_bytes(&kernel, Int32(threads))
        return bytes > 0 ? bytes : nil
    }

    /// Whether this is code for correctness only.
    var isReference: Bool {
        if case .oneDNN(let plan) = code { plan.descriptor.isReference } else { false }
    }

    /// What the code's time counts for: large weights that grow by transforms, or are not halved where they may be, in
    /// each model that a worker has loaded, must be worth their memory. Who asks for half of it means it.
    var memoryFactor: Double {
        let shape = task.shape
        var bytes = shape.weightCount * MemoryLayout<Float>.size
        if case .kernel(var kernel) = code { bytes = ork_convolution_packed_bytes(&kernel) }
        let unhalved =
            shape.mayHalveWeights && !choice.halvesWeights
            && bytes > ConvolutionShape.many * MemoryLayout<Float>.size
        let factor = unhalved ? 1.3 : 1
        guard kernel != nil else { return factor * (SharedGradientPlan.suits(shape) ? 1.2 : 1) }
        guard choice.isTransformed else { return factor }
        if shape.mayHalveWeights { return bytes > 12 << 20 ? factor * 2.5 : factor }
        return bytes > 6 << 20 ? factor * 1.3 : factor
    }

    /// The kernel of ours that computes it; nil for oneDNN.
    var kernel: ork_convolution? {
        if case .kernel(let kernel) = code { kernel } else { nil }
    }

    /// The kernel, where it reads plainly packed weights.
    var directKernel: ork_convolution? {
        if case .kernel(let kernel) = code, choice == .direct { kernel } else { nil }
    }

    var abilities: ActivationLayout.Abilities {
        switch code {
        case .oneDNN:
            .init(writesParts: false, readsParts: false, replacesResidual: task.folded.hasResidual)
        case .kernel: .init(writesParts: true, readsParts: true, replacesResidual: task.folded.hasResidual)
        }
    }

    /// `input`: unused where planes are read.
    /// `residual`: nil where there is none; lying where the output does, or elsewhere.
    /// `isPooled`: whether the output is of maxima over windows.
    /// `context`: whose scratch memory is allocated.
    func makeOperator(
        input: Activation?, output: Activation, residual: Activation?, isPooled: Bool = false,
        context: OperatorContext, weights: PackedWeights
    ) throws -> any Operator {
        switch code {
        case .oneDNN(let plan):
            try OneDNNConvolutionOperator(
                task.folded, step: task.step, plan: plan, input: task.shape.readsPlanes ? nil : input, output: output,
                residual: residual, context: context, weights: weights)
        case .kernel(let kernel):
            try KernelConvolutionOperator(
                task.folded, step: task.step, kernel: kernel, choice: choice,
                input: task.shape.readsPlanes ? nil : input, inputPlaces: task.inputChannels, output: output,
                residual: residual, isPooled: isPooled, context: context, weights: weights)
        }
    }
}
