/// `y = x Wᵀ + b`: ∂W = ∂yᵀ x, ∂b = Σ ∂y, ∂x = ∂y W.
final class PortableLinear: PortableLayer {
    private let weight: TrainableParameter
    private let bias: TrainableParameter
    private let input: PortableValue
    private let output: PortableValue

    init(weight: TrainableParameter, bias: TrainableParameter, input: PortableValue, output: PortableValue) {
        self.weight = weight
        self.bias = bias
        self.input = input
        self.output = output
    }

    func forward(mode: TrainingMode) {
        let (inputs, outputs) = (input.value.view.shape.count, output.value.view.shape.count)
        BLAS.multiplyTransposingB(
            m: input.value.batch, n: outputs, k: inputs, input.value.source, rowsOfA: inputs,
            UnsafePointer(weight.values), rowsOfB: inputs, output.value.pointer, rowsOfC: outputs)
        for item in 0..<input.value.batch {
            Elementwise.accumulate(
                UnsafePointer(bias.values), into: output.value.channel(0, ofItem: item), count: outputs)
        }
    }

    func backward(toInputs: [Bool], toParameters: Bool) {
        guard let gradient = output.gradient else { return }
        let (inputs, outputs) = (input.value.view.shape.count, output.value.view.shape.count)
        if toParameters, let target = weight.gradients, let sums = bias.gradients {
            BLAS.multiplyTransposingA(
                m: outputs, n: inputs, k: gradient.batch, gradient.source, rowsOfA: outputs, input.value.source,
                rowsOfB: inputs, target, rowsOfC: inputs)
            sums.update(repeating: 0, count: outputs)
            for item in 0..<gradient.batch {
                Elementwise.accumulate(
                    UnsafePointer(gradient.channel(0, ofItem: item)), into: sums, count: outputs)
            }
        }
        if toInputs[0], let target = input.gradient {
            BLAS.multiply(
                m: gradient.batch, n: inputs, k: outputs, gradient.source, rowsOfA: outputs,
                UnsafePointer(weight.values), rowsOfB: inputs, target.pointer, rowsOfC: inputs, accumulates: true)
        }
    }
}

/// Maximum and average pools; the gradient of a maximum goes to the first of equal values, as in PyTorch.
final class PortablePooling: PortableLayer {
    private let kind: PoolingKernel.Kind
    private let pooling: Pooling
    private let input: PortableValue
    private let output: PortableValue
    private let kernel: PoolingKernel

    init(
        _ kind: PoolingKernel.Kind, _ pooling: Pooling, input: PortableValue, output: PortableValue,
        workspace: Workspace
    ) {
        self.kind = kind
        self.pooling = pooling
        self.input = input
        self.output = output
        kernel = PoolingKernel(kind, pooling, input: input.value, output: output.value, workspace: workspace)
    }

    func forward(mode: TrainingMode) { kernel.run() }

    func backward(toInputs: [Bool], toParameters: Bool) {
        guard toInputs[0], let gradient = output.gradient, let target = input.gradient else { return }
        let backward = PoolingBackward(pooling, gradient: gradient, input: target)
        switch kind {
        case .maximum: backward.runMaximum(values: input.value)
        case .average(let countsPadding): backward.runAverage(countsPadding: countsPadding)
        }
    }
}

/// Drops values with a probability of `rate` and scales the others by 1 / (1 − rate), as PyTorch does; in evaluation
/// the identity.
final class PortableDropout: PortableLayer {
    var generator = SeededGenerator(seed: 0)
    private let rate: Float
    private let input: PortableValue
    private let output: PortableValue
    private var factors: [Float] = []

    init(rate: Float, input: PortableValue, output: PortableValue) {
        self.rate = rate
        self.input = input
        self.output = output
    }

    func forward(mode: TrainingMode) {
        let count = input.value.batch * input.value.view.shape.count
        factors = Self.factors(count, rate: mode == .training ? rate : 0, &generator)
        for index in 0..<count { output.value.pointer[index] = input.value.pointer[index] * factors[index] }
    }

    /// 0 for what is dropped, 1 / (1 − rate) for the rest.
    static func factors(_ count: Int, rate: Float, _ generator: inout SeededGenerator) -> [Float] {
        guard rate > 0 else { return [Float](repeating: 1, count: count) }
        let kept = rate < 1 ? 1 / (1 - rate) : 0
        return (0..<count).map { _ in Float(generator.uniform()) < rate ? 0 : kept }
    }

    func backward(toInputs: [Bool], toParameters: Bool) {
        guard toInputs[0], let gradient = output.gradient, let target = input.gradient else { return }
        for index in factors.indices { target.pointer[index] += gradient.pointer[index] * factors[index] }
    }
}

/// `y_c = scale_c · x_c + shift_c` with fixed numbers.
final class PortableAffine: PortableLayer {
    private let scale: [Float]
    private let shift: [Float]
    private let input: PortableValue
    private let output: PortableValue

    init(scale: [Float], shift: [Float], input: PortableValue, output: PortableValue) {
        self.scale = scale
        self.shift = shift
        self.input = input
        self.output = output
    }

    func forward(mode: TrainingMode) {
        for item in 0..<input.value.batch {
            for channel in scale.indices {
                Elementwise.affine(
                    UnsafePointer(input.value.channel(channel, ofItem: item)), scale: scale[channel],
                    shift: shift[channel], into: output.value.channel(channel, ofItem: item),
                    count: input.value.positions, isRectified: false)
            }
        }
    }

    func backward(toInputs: [Bool], toParameters: Bool) {
        guard toInputs[0], let gradient = output.gradient, let target = input.gradient else { return }
        for item in 0..<gradient.batch {
            for channel in scale.indices {
                Elementwise.accumulate(
                    UnsafePointer(gradient.channel(channel, ofItem: item)), times: scale[channel],
                    into: target.channel(channel, ofItem: item), count: gradient.positions)
            }
        }
    }
}

/// Shortcut A: every stride-th position, zeros for the further channels.
final class PortableStridedShortcut: PortableLayer {
    private let stride: Extent
    private let cutsGradient: Bool
    private let input: PortableValue
    private let output: PortableValue

    init(stride: Extent, cutsGradient: Bool, input: PortableValue, output: PortableValue) {
        self.stride = stride
        self.cutsGradient = cutsGradient
        self.input = input
        self.output = output
    }

    func forward(mode: TrainingMode) {
        output.value.pointer.update(repeating: 0, count: output.value.batch * output.value.view.shape.count)
        forEachPair(of: output.value, input.value) { $0.pointee = $1.pointee }
    }

    func backward(toInputs: [Bool], toParameters: Bool) {
        guard toInputs[0], !cutsGradient, let gradient = output.gradient, let target = input.gradient else { return }
        forEachPair(of: gradient, target) { $1.pointee += $0.pointee }
    }

    private func forEachPair(
        of picked: ValueMemory, _ whole: ValueMemory,
        _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        let (from, to) = (whole.view.extent, picked.view.extent)
        for item in 0..<whole.batch {
            for channel in 0..<min(whole.channels, picked.channels) {
                var target = picked.channel(channel, ofItem: item)
                for depth in 0..<to.depth {
                    for height in 0..<to.height {
                        let row =
                            whole.channel(channel, ofItem: item)
                            + (depth * stride.depth * from.height + height * stride.height) * from.width
                        for width in 0..<to.width {
                            body(target, row + width * stride.width)
                            target += 1
                        }
                    }
                }
            }
        }
    }
}
