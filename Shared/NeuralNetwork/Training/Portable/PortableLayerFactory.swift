/// Makes the portable engine's layers; the fast engine borrows them for what it has no kernels for.
struct PortableLayerFactory {
    let settings: TrainingSettings
    let isFrozen: Bool
    let workspace: Workspace

    /// - Returns: nil for the input, or where a parameter is missing.
    func make(
        _ node: NetworkGraph.Node, inputs: [PortableValue], output: PortableValue,
        _ parameter: (String) -> TrainableParameter?
    ) -> (any PortableLayer)? {
        switch node.operation {
        case .input: return nil
        case .channelAffine(let scale, let shift):
            return PortableAffine(scale: scale, shift: shift, input: inputs[0], output: output)
        case .convolution(let convolution):
            guard let weight = parameter("weight") else { return nil }
            return PortableConvolution(
                convolution, weight: weight, bias: parameter("bias"), input: inputs[0], output: output,
                workspace: workspace)
        case .batchNormalization(_, let epsilon):
            guard let weight = parameter("weight"), let bias = parameter("bias"),
                let mean = parameter("running_mean"), let variance = parameter("running_var")
            else { return nil }
            return PortableNormalization(
                epsilon: epsilon, momentum: settings.statisticsMomentum, isFrozen: isFrozen,
                parameters: .init(weight: weight, bias: bias, runningMean: mean, runningVariance: variance),
                input: inputs[0], output: output, team: workspace.team)
        case .linear:
            guard let weight = parameter("weight"), let bias = parameter("bias") else { return nil }
            return PortableLinear(weight: weight, bias: bias, input: inputs[0], output: output)
        case .maxPool(let pooling):
            return PortablePooling(.maximum, pooling, input: inputs[0], output: output, workspace: workspace)
        case .averagePool(let pooling, let countsPadding):
            return PortablePooling(
                .average(countsPadding: countsPadding), pooling, input: inputs[0], output: output, workspace: workspace)
        case .dropout(let rate): return PortableDropout(rate: rate, input: inputs[0], output: output)
        case .stridedShortcut(_, let stride, let cutsGradient):
            return PortableStridedShortcut(
                stride: stride, cutsGradient: cutsGradient, input: inputs[0], output: output)
        case .relu, .globalAveragePool, .add, .concatenate, .sigmoid, .softmax:
            return PortableElementwise(node.operation, inputs: inputs, output: output)
        }
    }
}
