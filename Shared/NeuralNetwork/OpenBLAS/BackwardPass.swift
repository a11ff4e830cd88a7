/// Derivatives by a value, of everything computed from it. Parameters get no gradients here: Grad-CAM needs none.
struct BackwardPass {
    private let executable: OpenBLASExecutable
    private let network: FusedNetwork
    private let gradients: UnsafeMutablePointer<Float>

    /// - Parameters:
    ///   - executable: which has run, and kept its activations.
    ///   - gradients: memory laid out as the executable's values, holding anything.
    init(executable: OpenBLASExecutable, gradients: UnsafeMutablePointer<Float>) {
        self.executable = executable
        self.gradients = gradients
        network = executable.network
    }

    /// Leaves in the gradient memory of `target` the derivative of Σ seed · output.
    func run(to target: Int, seed: [Float]) throws {
        let depends = dependents(of: target)
        for value in depends.indices where depends[value] { clear(gradient(value)) }
        let output = gradient(network.outputValue)
        guard depends[network.outputValue] else { return }
        let classes = output.view.shape.count
        for item in 0..<output.batch {
            for index in 0..<classes { output.channel(0, ofItem: item)[index] = seed[item * classes + index] }
        }
        for step in network.steps.reversed() where depends[step.output] && step.output != target {
            try run(step, depends)
        }
    }

    private func gradient(_ value: Int) -> ValueMemory { ValueMemory(gradients, executable.layout, value) }

    /// Which values are computed from `target`, itself included.
    private func dependents(of target: Int) -> [Bool] {
        var depends = [Bool](repeating: false, count: network.values.count)
        depends[target] = true
        for step in network.steps where step.inputs.contains(where: { depends[$0] }) { depends[step.output] = true }
        return depends
    }

    private func clear(_ memory: ValueMemory) {
        for item in 0..<memory.batch {
            memory.channel(0, ofItem: item).update(repeating: 0, count: memory.view.shape.count)
        }
    }

    private func run(_ step: FusedNetwork.Step, _ depends: [Bool]) throws {
        let output = gradient(step.output)
        let result = executable.value(step.output)
        let first = depends[step.inputs[0]] ? gradient(step.inputs[0]) : nil
        switch step.kind {
        case .convolution(let folded):
            if folded.isRectified { mask(output, by: result) }
            if folded.hasResidual, depends[step.inputs[1]] { accumulate(output, into: gradient(step.inputs[1])) }
            if let first {
                try ConvolutionBackward(folded, gradient: output, input: first, workspace: executable.workspace).run()
            }
        case .affine(let scale, _, let isRectified):
            if isRectified { mask(output, by: result) }
            if let first { accumulate(output, into: first) { scale.pointer[$0] } }
        case .relu:
            mask(output, by: result)
            if let first { accumulate(output, into: first) }
        case .add(let isRectified):
            if isRectified { mask(output, by: result) }
            for input in step.inputs where depends[input] { accumulate(output, into: gradient(input)) }
        case .maxPool(let pooling):
            if let first {
                PoolingBackward(pooling, gradient: output, input: first)
                    .runMaximum(values: executable.value(step.inputs[0]))
            }
        case .averagePool(let pooling, let countsPadding):
            if let first {
                PoolingBackward(pooling, gradient: output, input: first).runAverage(countsPadding: countsPadding)
            }
        case .globalAveragePool:
            if let first { spread(output, over: first) }
        case .concatenate: splitConcatenation(step, output, depends)
        case .stridedShortcut(let stride, let cutsGradient):
            if let first, !cutsGradient { scatter(output, into: first, stride: stride) }
        case .linear(let weight, _, let outputs):
            if let first { linear(weight, outputs, output, into: first) }
        case .sigmoid:
            if let first { sigmoid(output, result, into: first) }
        case .softmax:
            if let first { softmax(output, result, into: first) }
        }
    }

    private func forEachChannel(_ memory: ValueMemory, _ body: (_ item: Int, _ channel: Int) -> Void) {
        for item in 0..<memory.batch {
            for channel in 0..<memory.channels { body(item, channel) }
        }
    }

    private func mask(_ gradient: ValueMemory, by value: ValueMemory) {
        forEachChannel(gradient) { item, channel in
            Elementwise.maskRectified(
                gradient.channel(channel, ofItem: item), by: UnsafePointer(value.channel(channel, ofItem: item)),
                count: gradient.positions)
        }
    }

    private func accumulate(
        _ gradient: ValueMemory, into target: ValueMemory, times factor: (Int) -> Float = { _ in 1 }
    ) {
        forEachChannel(target) { item, channel in
            Elementwise.accumulate(
                UnsafePointer(gradient.channel(channel, ofItem: item)), times: factor(channel),
                into: target.channel(channel, ofItem: item), count: target.positions)
        }
    }

    private func spread(_ gradient: ValueMemory, over target: ValueMemory) {
        let share = 1 / Float(target.positions)
        forEachChannel(target) { item, channel in
            let value = gradient.channel(channel, ofItem: item).pointee * share
            let pointer = target.channel(channel, ofItem: item)
            for index in 0..<target.positions { pointer[index] += value }
        }
    }

    /// Inputs that lie in the concatenation have their gradients there already.
    private func splitConcatenation(_ step: FusedNetwork.Step, _ output: ValueMemory, _ depends: [Bool]) {
        var channels = 0
        for input in step.inputs {
            let target = gradient(input)
            if depends[input], !executable.layout.isInPlace(input, at: channels, of: step.output) {
                forEachChannel(target) { item, channel in
                    Elementwise.accumulate(
                        UnsafePointer(output.channel(channels + channel, ofItem: item)),
                        into: target.channel(channel, ofItem: item), count: target.positions)
                }
            }
            channels += target.channels
        }
    }

    private func scatter(_ gradient: ValueMemory, into target: ValueMemory, stride: Extent) {
        let extent = target.view.extent
        let picked = gradient.view.extent
        forEachChannel(target) { item, channel in
            guard channel < gradient.channels else { return }
            var source = UnsafePointer(gradient.channel(channel, ofItem: item))
            let pointer = target.channel(channel, ofItem: item)
            for depth in 0..<picked.depth {
                for height in 0..<picked.height {
                    let row = pointer + (depth * stride.depth * extent.height + height * stride.height) * extent.width
                    for width in 0..<picked.width { row[width * stride.width] += source[width] }
                    source += picked.width
                }
            }
        }
    }

    private func linear(_ weight: WeightBuffer, _ outputs: Int, _ gradient: ValueMemory, into target: ValueMemory) {
        let inputs = target.view.shape.count
        BLAS.multiply(
            m: gradient.batch, n: inputs, k: outputs, gradient.source, rowsOfA: gradient.view.itemStride,
            weight.pointer, rowsOfB: inputs, target.pointer, rowsOfC: target.view.itemStride, accumulates: true)
    }

    /// `∂/∂x = g · y (1 − y)`.
    private func sigmoid(_ gradient: ValueMemory, _ result: ValueMemory, into target: ValueMemory) {
        forEachChannel(target) { item, channel in
            for index in 0..<target.positions {
                let value = result.channel(channel, ofItem: item)[index]
                target.channel(channel, ofItem: item)[index] +=
                    gradient.channel(channel, ofItem: item)[index] * value * (1 - value)
            }
        }
    }

    /// `∂/∂x_c = y_c (g_c − Σ g y)`.
    private func softmax(_ gradient: ValueMemory, _ result: ValueMemory, into target: ValueMemory) {
        for item in 0..<target.batch {
            for position in 0..<target.positions {
                var sum: Float = 0
                for channel in 0..<target.channels {
                    sum +=
                        gradient.channel(channel, ofItem: item)[position]
                        * result.channel(channel, ofItem: item)[position]
                }
                for channel in 0..<target.channels {
                    target.channel(channel, ofItem: item)[position] +=
                        result.channel(channel, ofItem: item)[position]
                        * (gradient.channel(channel, ofItem: item)[position] - sum)
                }
            }
        }
    }
}
