internal import CKernels

/// Makes the operators of an executable's steps.
struct OperatorFactory {
    let executable: ChannelsLastExecutable
    let plans: StepPlans

    private var network: FusedNetwork { executable.network }

    func makeOperators(forStepAt index: Int) throws -> [any Operator] {
        let step = network.steps[index]
        let inputs = step.inputs.map { executable.activation($0) }
        let (input, output) = (inputs[0], executable.activation(step.output))
        let items = Int64(output.batch)
        switch step.kind {
        case .convolution(let folded):
            if let siblings = plans.siblings[index] {
                guard siblings.members[0] == index else {
                    return [SimpleOperator("with \(network.steps[siblings.members[0]].name)") {}]
                }
                return [try SiblingConvolutionOperator(siblings, executable: executable)]
            }
            guard let plan = plans.convolutions[index] else { return [] }
            if plans.pooledConvolutions.values.contains(index) { return [SimpleOperator("with its pool") {}] }
            return [
                try plan.makeOperator(
                    input: input, output: output, residual: folded.hasResidual ? inputs[1] : nil,
                    context: executable.context, weights: executable.weights)
            ]
        case .affine(let scale, let shift, let isRectified):
            if let pool = plans.pools[index] {
                return try meanAndShift(ofStepAt: pool, shift: shift, isRectified: isRectified, output)
            }
            let scales = try Self.spread(scale, input.places), shifts = try Self.spread(shift, input.places)
            return [
                SimpleOperator("pixels") {
                    ork_pixels_affine(
                        input.kernelValue, scales.pointer, shifts.pointer, output.kernelValue, isRectified)
                }
            ]
        case .relu: return [SimpleOperator("pixels") { ork_pixels_rectify(input.kernelValue, output.kernelValue) }]
        case .add(let isRectified):
            let second = inputs[1]
            guard input.places == second.places else {
                return [
                    try PlanarOperator(inputs: inputs, output: output) { planes, result in
                        PointwiseKernel(.add(planes[1], isRectified: isRectified), input: planes[0], output: result)
                    }
                ]
            }
            return [
                SimpleOperator("pixels") {
                    ork_pixels_add(input.kernelValue, second.kernelValue, output.kernelValue, isRectified)
                }
            ]
        case .averagePool where plans.times[index] != index: return [SimpleOperator("with its bias") {}]
        case .maxPool where plans.pooledConvolutions[index] != nil:
            guard let plan = plans.pooledConvolutions[index].flatMap({ plans.convolutions[$0] }) else { return [] }
            return [
                try plan.makeOperator(
                    input: nil, output: output, residual: nil, isPooled: true, context: executable.context,
                    weights: executable.weights)
            ]
        case .maxPool(let pooling): return [pool(pooling, ORK_POOL_MAXIMUM, input, output)]
        case .averagePool(let pooling, let countsPadding):
            return [pool(pooling, countsPadding ? ORK_POOL_MEAN_WITH_PADDING : ORK_POOL_MEAN, input, output)]
        case .globalAveragePool:
            return [SimpleOperator("pixels") { ork_pixels_mean(input.kernelValue, items, output.kernelValue) }]
        case .concatenate: return copies(step, output)
        case .stridedShortcut(let stride, _):
            let window = ork_window(
                input: input.extent, output: output.extent, kernel: .one, stride: stride, padding: .zero)
            return [
                SimpleOperator("pixels") {
                    withUnsafePointer(to: window) { ork_pixels_pick(input.kernelValue, output.kernelValue, items, $0) }
                }
            ]
        case .linear(let weight, let bias, _):
            return [
                try LinearOperator(
                    weight: try executable.weights.linear(weight, output: step.output, type: executable.type),
                    bias: bias, input: input, output: output, threads: executable.threads)
            ]
        case .sigmoid: return [try planar(.sigmoid, input, output)]
        case .softmax: return [try planar(.softmax, input, output)]
        }
    }

    /// A mean over windows and the step behind it that adds a number to each channel.
    private func meanAndShift(
        ofStepAt index: Int, shift: WeightBuffer, isRectified: Bool, _ output: Activation
    ) throws -> [any Operator] {
        let step = network.steps[index]
        guard case .averagePool(let pooling, let countsPadding) = step.kind else { return [] }
        let input = executable.activation(step.inputs[0])
        let kind = countsPadding ? ORK_POOL_MEAN_WITH_PADDING : ORK_POOL_MEAN
        let shifts = try Self.spread(shift, input.places)
        if let fused = VectorPoolOperator(
            pooling, kind, input, output, shift: shifts, isRectified: isRectified, threads: executable.threads)
        {
            return [fused]
        }
        let means = executable.activation(step.output)
        let ones = try WeightBuffer(count: shifts.count) { $0.update(repeating: 1) }
        return [
            pool(pooling, kind, input, means),
            SimpleOperator("pixels") {
                ork_pixels_affine(means.kernelValue, ones.pointer, shifts.pointer, output.kernelValue, isRectified)
            },
        ]
    }

    private func planar(
        _ kind: PointwiseKernel.Kind, _ input: Activation, _ output: Activation
    ) throws -> any Operator {
        try PlanarOperator(inputs: [input], output: output) { planes, result in
            PointwiseKernel(kind, input: planes[0], output: result)
        }
    }

    private func pool(
        _ pooling: Pooling, _ kind: ork_pixel_pool, _ input: Activation, _ output: Activation
    ) -> any Operator {
        if let fast = VectorPoolOperator(pooling, kind, input, output, threads: executable.threads) { return fast }
        let window = ork_window(
            input: input.extent, output: output.extent, kernel: pooling.kernel, stride: pooling.stride,
            padding: pooling.padding)
        return SimpleOperator("pixels") {
            withUnsafePointer(to: window) {
                ork_pixels_pool(
                    input.kernelValue, output.kernelValue, Int64(output.batch), $0, Int32(bitPattern: kind.rawValue))
            }
        }
    }

    /// Copies of those inputs of a concatenation that could not be written straight into it.
    private func copies(_ step: FusedNetwork.Step, _ output: Activation) -> [any Operator] {
        var operators: [any Operator] = []
        var channels = 0
        for value in step.inputs {
            let input = executable.activation(value)
            if !executable.layout.isInPlace(value, at: channels, of: step.output) {
                var part = output
                part.pointer += channels * output.type.byteCount
                part.places = input.places
                let target = part
                operators.append(
                    SimpleOperator("copy") { ork_pixels_copy(input.kernelValue, target.kernelValue) })
            }
            channels += input.channels
        }
        return operators
    }

    /// One number per channel, with zeros for the channels that only memory has.
    static func spread(_ numbers: WeightBuffer, _ places: ChannelPlaces) throws -> WeightBuffer {
        try WeightBuffer(count: places.physicalCount) { buffer in
            buffer.update(repeating: 0)
            for (channel, place) in places.places.enumerated() { buffer[Int(place)] = numbers.pointer[channel] }
        }
    }
}
