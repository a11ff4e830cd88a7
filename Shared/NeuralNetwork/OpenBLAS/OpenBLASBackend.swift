/// Float32 on OpenBLAS: convolutions as patch matrices and matrix products. Works wherever OpenBLAS does.
package struct OpenBLASBackend: Backend {
    package init() {}

    package var name: String { "openblas" }

    package func precision(for settings: ComputeSettings) -> Precision { .float32 }

    package func makeExecutable(
        for network: FusedNetwork, shape: BatchShape, settings: ComputeSettings, keepsActivations: Bool,
        memory: WorkingMemory
    ) throws -> any Executable {
        _ = OpenBLASRuntime.prepare()
        let shapes = try network.shapes(of: shape.extent)
        let layout = ValueLayout(network: network, shapes: shapes, batch: shape.batch, keepsAll: keepsActivations)
        return try OpenBLASExecutable(
            network: network, layout: layout, threads: settings.threads, keepsActivations: keepsActivations)
    }
}

/// A fused network bound to one block of memory.
final class OpenBLASExecutable: Executable {
    let network: FusedNetwork
    let layout: ValueLayout
    let workspace: Workspace
    private let keepsActivations: Bool
    private let memory: UnsafeMutablePointer<Float>
    /// The kernels of each step.
    private var kernels: [[any Kernel]] = []
    /// Laid out as `memory`; allocated when a gradient is first asked for.
    private var gradients: UnsafeMutablePointer<Float>?

    init(network: FusedNetwork, layout: ValueLayout, threads: Int, keepsActivations: Bool) throws {
        self.network = network
        self.layout = layout
        self.keepsActivations = keepsActivations
        workspace = Workspace(threads: threads)
        memory = try AlignedMemory.allocate(count: layout.count)
        kernels = try network.steps.map { try makeKernels(for: $0) }
    }

    deinit {
        AlignedMemory.deallocate(memory)
        if let gradients { AlignedMemory.deallocate(gradients) }
    }

    /// The memory of a value's numbers.
    func value(_ value: Int) -> ValueMemory { ValueMemory(memory, layout, value) }

    func run(input: UnsafePointer<Float>) {
        let target = value(network.inputValue)
        target.pointer.update(from: input, count: target.view.shape.count * layout.batch)
        for step in kernels {
            for kernel in step { kernel.run() }
        }
    }

    var steps: [StepReport] {
        network.steps.map { step in
            let operations: Int =
                switch step.kind {
                case .convolution(let folded):
                    2 * folded.convolution.patchCount * layout.views[step.output].shape.count * layout.batch
                case .linear(_, _, let outputs):
                    2 * outputs * layout.views[step.inputs[0]].shape.count * layout.batch
                default: 0
                }
            return StepReport(
                name: step.name, implementation: "openblas", precision: .float32, operations: operations)
        }
    }

    func profile(input: UnsafePointer<Float>) throws -> [Double] {
        let target = value(network.inputValue)
        target.pointer.update(from: input, count: target.view.shape.count * layout.batch)
        let clock = ContinuousClock()
        return kernels.map { step in
            clock.measure { for kernel in step { kernel.run() } } / .seconds(1)
        }
    }

    func withValue<Result>(
        _ value: Int, _ body: (UnsafePointer<Float>, ValueLayout.View) throws -> Result
    ) throws -> Result {
        precondition(
            keepsActivations || value == network.outputValue || value == network.featureValue,
            "this value's memory has been used again")
        return try body(self.value(value).source, layout.views[value])
    }

    func withGradient<Result>(
        of value: Int, seed: [Float], _ body: (UnsafePointer<Float>, ValueLayout.View) throws -> Result
    ) throws -> Result {
        precondition(keepsActivations, "gradients need the activations of the run")
        let block = try gradients ?? AlignedMemory.allocate(count: layout.count)
        gradients = block
        try BackwardPass(executable: self, gradients: block).run(to: value, seed: seed)
        return try body(UnsafePointer(block + layout.views[value].offset), layout.views[value])
    }

    private func makeKernels(for step: FusedNetwork.Step) throws -> [any Kernel] {
        let input = value(step.inputs[0])
        let output = value(step.output)
        switch step.kind {
        case .convolution(let folded):
            let residual = folded.hasResidual ? value(step.inputs[1]) : nil
            return [
                try ConvolutionKernel(folded, input: input, output: output, residual: residual, workspace: workspace)
            ]
        case .affine(let scale, let shift, let isRectified):
            return [
                PointwiseKernel(
                    .affine(scale: scale, shift: shift, isRectified: isRectified), input: input, output: output)
            ]
        case .relu: return [PointwiseKernel(.relu, input: input, output: output)]
        case .maxPool(let pooling):
            return [PoolingKernel(.maximum, pooling, input: input, output: output, workspace: workspace)]
        case .averagePool(let pooling, let countsPadding):
            return [
                PoolingKernel(
                    .average(countsPadding: countsPadding), pooling, input: input, output: output,
                    workspace: workspace)
            ]
        case .globalAveragePool: return [GlobalAverageKernel(input: input, output: output)]
        case .add(let isRectified):
            return [
                PointwiseKernel(
                    .add(value(step.inputs[1]), isRectified: isRectified), input: input, output: output)
            ]
        case .concatenate: return makeCopies(for: step)
        case .stridedShortcut(let stride, _):
            return [PointwiseKernel(.stridedShortcut(stride: stride), input: input, output: output)]
        case .linear(let weight, let bias, _):
            return [LinearKernel(weight: weight, bias: bias, input: input, output: output)]
        case .sigmoid: return [PointwiseKernel(.sigmoid, input: input, output: output)]
        case .softmax: return [PointwiseKernel(.softmax, input: input, output: output)]
        }
    }

    /// Copies of those inputs of a concatenation that could not be written straight into it.
    private func makeCopies(for step: FusedNetwork.Step) -> [any Kernel] {
        var copies: [any Kernel] = []
        var channels = 0
        for input in step.inputs {
            if !layout.isInPlace(input, at: channels, of: step.output) {
                copies.append(
                    PointwiseKernel(
                        .copy(firstChannel: channels), input: value(input), output: value(step.output)))
            }
            channels += layout.views[input].channels
        }
        return copies
    }
}

extension ValueMemory {
    init(_ block: UnsafeMutablePointer<Float>, _ layout: ValueLayout, _ value: Int) {
        self.init(pointer: block + layout.views[value].offset, batch: layout.batch, view: layout.views[value])
    }
}
