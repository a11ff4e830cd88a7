internal import CKernels

/// How the steps of a network are computed for one input shape, before memory is laid out.
struct StepPlans {
    /// For each step, how it is computed if it is a convolution.
    let convolutions: [ConvolutionPlan?]
    /// For each step that is computed together with others, those.
    let siblings: [Int: SiblingConvolutions]
    /// For steps that only add a number to each channel of a mean over windows: the step that takes the mean. Both are
    /// computed where the second one stands.
    let pools: [Int: Int]
    /// For maximum pools that are computed together with the convolution that they read: its step. Its own value is never
    /// in memory.
    let pooledConvolutions: [Int: Int]
    /// For each step, the place in the order at which it is computed.
    let times: [Int]

    init(
        network: FusedNetwork, shapes: [LayerShape], places: [ChannelPlaces], batch: Int, type: ActivationType,
        halvesWeights: Bool, threads: Int, keepsActivations: Bool, chooser: ConvolutionChooser
    ) throws {
        var joined: Set<Int> = []
        var readers = [[Int]](repeating: [], count: network.values.count)
        for (index, step) in network.steps.enumerated() {
            if case .concatenate = step.kind { joined.formUnion(step.inputs) }
            for input in Set(step.inputs) { readers[input].append(index) }
        }
        let families = SiblingConvolutions.families(in: network)
        var indices: [Int] = []
        var tasks: [ConvolutionPlan.Task] = []
        for (index, step) in network.steps.enumerated() {
            guard case .convolution(let folded) = step.kind else { continue }
            let input = step.inputs[0]
            let inputPlaces = ChannelsLastExecutable.readsPlanes(step, network) ? nil : places[input]
            let outputPlaces = places[step.output]
            indices.append(index)
            tasks.append(
                .init(
                    step: step, folded: folded,
                    shape: ConvolutionShape(
                        folded, batch: batch, input: shapes[input].extent, inputPlaces: inputPlaces,
                        outputPlaces: outputPlaces, type: type, halvesWeights: halvesWeights,
                        writesPart: joined.contains(step.output)),
                    inputPlaces: inputPlaces, outputPlaces: outputPlaces,
                    hasSiblings: families.contains { $0.contains(index) }))
        }
        let plans = try chooser.plans(for: tasks, threads: threads)
        var convolutions = [ConvolutionPlan?](repeating: nil, count: network.steps.count)
        for (index, plan) in zip(indices, plans) { convolutions[index] = plan }
        self.convolutions = convolutions

        var siblings: [Int: SiblingConvolutions] = [:]
        var times = Array(network.steps.indices)
        for family in families {
            for group in SiblingConvolutions.groups(in: family, convolutions) {
                for member in group.members {
                    siblings[member] = group
                    times[member] = group.members[0]
                }
            }
        }
        self.siblings = siblings
        var pools: [Int: Int] = [:]
        for (index, step) in network.steps.enumerated() {
            guard case .averagePool = step.kind, readers[step.output].count == 1,
                case .affine(let scale, _, _) = network.steps[readers[step.output][0]].kind,
                (0..<scale.count).allSatisfy({ scale.pointer[$0] == 1 }),
                !network.taps.values.contains(step.output), step.output != network.outputValue
            else { continue }
            pools[readers[step.output][0]] = index
            times[index] = readers[step.output][0]
        }
        self.pools = pools
        var pooled: [Int: Int] = [:]
        for (index, step) in network.steps.enumerated() where !keepsActivations {
            guard case .maxPool(let pooling) = step.kind, pooling == .firstInVolumes,
                readers[step.inputs[0]].count == 1,
                let convolution = network.steps.firstIndex(where: { $0.output == step.inputs[0] }),
                network.steps[convolution].output != network.outputValue,
                convolutions[convolution]?.pooledScratchByteCount(threads: threads) != nil
            else { continue }
            pooled[index] = convolution
            times[convolution] = index
        }
        pooledConvolutions = pooled
        self.times = times
    }

    func abilities(ofStepAt index: Int) -> ActivationLayout.Abilities {
        convolutions[index]?.abilities ?? .init(writesParts: true, readsParts: true, replacesResidual: false)
    }

    /// What each convolution needs of scratch memory.
    func scratchByteCounts(threads: Int) -> [Int] {
        convolutions.compactMap { $0?.scratchByteCount(threads: threads) }
            + pooledConvolutions.values.compactMap { convolutions[$0]?.pooledScratchByteCount(threads: threads) }
            + siblings.values.map { $0.scratchByteCount(threads: threads) }
    }
}

extension Pooling {
    /// What stands behind the first convolution of a network of volumes.
    fileprivate static let firstInVolumes = Pooling(
        kernel: .cube(3), stride: .cube(2), padding: .cube(1))
}
