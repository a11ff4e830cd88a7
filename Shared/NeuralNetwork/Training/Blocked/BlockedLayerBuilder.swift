/// Makes the fast engine's layers for one batch shape.
struct BlockedLayerBuilder {
    let schedule: TrainingSchedule
    let settings: TrainingSettings
    let memory: BlockedMemory
    let library: TrainingLibrary
    let parameters: [String: TrainableParameter]

    /// - Throws: `TrainingError.library`, `outOfMemory`.
    func make(_ step: BlockedPlan.Step) throws(TrainingError) -> any BlockedLayer {
        let node = schedule.graph.nodes[step.node]
        guard step.isFast else { return try adapted(step, node) }
        switch node.operation {
        case .convolution(let convolution):
            let input = node.inputs[0]
            let source: BlockedConvolution.Source
            if case .plain(let plain) = try memory.value(input) {
                guard let pointer = memory.planarPointer(input) else { throw .nothingToDerive }
                source = .planar(pointer, floats: UnsafePointer(plain.value.pointer))
            } else {
                source = .blocked(try values(input))
            }
            return try BlockedConvolution(
                convolution, rank: schedule.graph.spatialRank, inputExtent: schedule.shapes[input].extent,
                source: source, output: try values(step.output), weight: try parameter(node, "weight"),
                bias: parameters["\(node.name).bias"], needsData: schedule.needsGradient[input],
                scratch: memory.scratch, shared: memory.shared, library: library)
        case .batchNormalization(_, let epsilon):
            return try BlockedNormalization(
                .init(
                    epsilon: epsilon, momentum: settings.statisticsMomentum, isFrozen: schedule.isFrozen[step.node],
                    isRectified: step.isRectified),
                parameters: try normalization(node), input: try values(step.inputs[0]),
                residual: step.inputs.count > 1 ? try values(step.inputs[1]) : nil, output: try values(step.output))
        case .maxPool(let pooling):
            return try BlockedPooling(
                .maximum, pooling, input: try values(step.inputs[0]), output: try values(step.output))
        case .averagePool(let pooling, let countsPadding):
            return try BlockedPooling(
                .average(countsPadding: countsPadding), pooling, input: try values(step.inputs[0]),
                output: try values(step.output))
        default: return BlockedConcatenation()
        }
    }

    private func values(_ node: Int) throws(TrainingError) -> BlockedConvolution.Values {
        guard case .blocked(let shape, let value, let gradient) = try memory.value(node) else {
            throw .nothingToDerive
        }
        return .init(shape: shape, value: value, gradient: gradient)
    }

    private func parameter(_ node: NetworkGraph.Node, _ name: String) throws(TrainingError) -> TrainableParameter {
        guard let parameter = parameters["\(node.name).\(name)"] else { throw .unknownLayer("\(node.name).\(name)") }
        return parameter
    }

    private func normalization(
        _ node: NetworkGraph.Node
    ) throws(TrainingError) -> PortableNormalization.Parameters {
        .init(
            weight: try parameter(node, "weight"), bias: try parameter(node, "bias"),
            runningMean: try parameter(node, "running_mean"), runningVariance: try parameter(node, "running_var"))
    }

    private func adapted(
        _ step: BlockedPlan.Step, _ node: NetworkGraph.Node
    ) throws(TrainingError) -> any BlockedLayer {
        var inputs: [EngineValue] = []
        for input in step.inputs { inputs.append(try memory.value(input)) }
        let factory = PortableLayerFactory(
            settings: settings, isFrozen: schedule.isFrozen[step.node], workspace: Workspace(threads: settings.threads))
        return try AdaptedLayer(inputs: inputs, output: try memory.value(step.output)) { inputs, output in
            factory.make(node, inputs: inputs, output: output) { parameters["\(node.name).\($0)"] }
                ?? PortableElementwise(.add, inputs: inputs, output: output)
        }
    }
}
