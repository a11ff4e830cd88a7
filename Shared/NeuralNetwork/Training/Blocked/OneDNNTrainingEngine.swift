internal import CKernels
internal import Glibc

/// The fast engine: convolutions of oneDNN's, or ours, in blocks of 16 channels, and kernels of ours for what is bound by
/// memory.
/// Values and working weights are float32 or bfloat16; parameters, gradients by them, statistics and sums float32.
final class OneDNNTrainingEngine: TrainingEngine {
    let parameters: [TrainableParameter]
    private let graph: NetworkGraph
    private let settings: TrainingSettings
    private let type: BlockedType
    private let plan: BlockedPlan
    private let library: TrainingLibrary
    private let byName: [String: TrainableParameter]
    private let parameterBytes: Int
    private var activationBytes = 0
    private var schedule: TrainingSchedule?
    private var layers: [any BlockedLayer] = []
    private var memory: BlockedMemory?
    private var isWritten: [Bool] = []

    var name: String { "onednn \(type == .float32 ? "float32" : "bfloat16")" }
    var byteCount: Int { parameterBytes + activationBytes }

    /// - Throws: `TrainingError.engineUnavailable`, `outOfMemory`, `library`.
    init(graph: NetworkGraph, settings: TrainingSettings) throws {
        let processor = ork_processor_features()
        guard processor.avx2 else {
            throw TrainingError.engineUnavailable("the oneDNN engine trains on processors with AVX-512 or AVX2 only")
        }
        _ = OpenBLASRuntime.prepare()
        plan = try BlockedPlan(graph, observedLayers: settings.observedLayers)
        self.graph = graph
        self.settings = settings
        switch settings.precision {
        case .automatic: type = processor.avx512_bf16 ? .bfloat16 : .float32
        case .float32: type = .float32
        // Without vectors for it, float32 is the faster one, and the more exact.
        case .bfloat16: type = processor.avx512 ? .bfloat16 : .float32
        }
        library = try TrainingLibrary()
        // Values, gradients, and two working copies of each weight.
        let bytes = graph.parameters.reduce(0) { $0 + ($1.count + 32) * ($1.isTrainable ? 16 : 4) }
        try TrainingEngines.checkMemory(neededBytes: bytes, inUse: 0, settings: settings)
        parameterBytes = bytes
        var parameters: [TrainableParameter] = []
        for (index, node) in graph.nodes.enumerated() {
            let isFrozen = settings.frozenLayers.contains(node.name)
            for specification in graph.parameters(of: node) {
                let layout: any ParameterLayout =
                    if case .convolution(let convolution) = node.operation, specification.role == .convolutionWeight {
                        BlockedWeightLayout(convolution, isPlanar: !plan.isBlocked[node.inputs[0]])
                    } else if plan.isBlocked[index] {
                        PaddedLayout(count: specification.count)
                    } else {
                        PlainLayout(storageCount: specification.count)
                    }
                let values = try TrainingMemory(count: layout.storageCount)
                let isTrained = specification.isTrainable && !isFrozen
                let gradients = isTrained ? try TrainingMemory(count: layout.storageCount) : nil
                parameters.append(
                    TrainableParameter(
                        specification, isFrozen: isFrozen, layout: layout, values: values.pointer,
                        gradients: gradients?.pointer, owners: [values] + (gradients.map { [$0] } ?? [])))
            }
        }
        self.parameters = parameters
        byName = Dictionary(parameters.map { ($0.name, $0) }) { first, _ in first }
    }

    func prepare(_ schedule: TrainingSchedule) throws {
        layers = []
        memory = nil
        self.schedule = nil
        let needed = BlockedMemory.byteCount(plan, schedule, type: type)
        try TrainingEngines.checkMemory(
            neededBytes: needed + parameterBytes, inUse: parameterBytes, settings: settings)
        ork_training_set_threads(Int32(settings.threads))
        let memory = try BlockedMemory(plan, schedule, type: type, threads: settings.threads)
        activationBytes = needed
        let builder = BlockedLayerBuilder(
            schedule: schedule, settings: settings, memory: memory, library: library, parameters: byName)
        layers = try plan.steps.map { try builder.make($0) }
        self.memory = memory
        self.schedule = schedule
        isWritten = [Bool](repeating: false, count: graph.nodes.count)
    }

    func parametersChanged() {
        for layer in layers { layer.parametersChanged() }
    }

    func forward(_ input: UnsafePointer<Float>, mode: TrainingMode, dropout: SeededGenerator) throws {
        guard let memory else { throw TrainingError.nothingToDerive }
        ork_training_set_threads(Int32(settings.threads))
        memory.setInput(input)
        for (layer, step) in zip(layers, plan.steps) {
            if let dropoutLayer = (layer as? AdaptedLayer)?.layer as? PortableDropout {
                var generator = dropout
                dropoutLayer.generator = SeededGenerator(seed: generator.next(), name: graph.nodes[step.node].name)
            }
            try layer.forward(mode: mode)
            memory.narrow(step.output)
        }
    }

    func backward(_ request: BackwardRequest) throws {
        guard let schedule, let memory else { throw TrainingError.nothingToDerive }
        ork_training_set_threads(Int32(settings.threads))
        let reached = request.target.map { schedule.dependents(of: $0) } ?? schedule.needsGradient
        for index in isWritten.indices {
            isWritten[index] = false
            guard reached[index] else { continue }
            memory.clearPlainGradient(of: index)
            if let seed = request.seeds[index] {
                memory.setGradient(of: index, seed)
                isWritten[index] = true
            }
        }
        for (layer, step) in zip(layers, plan.steps).reversed() {
            guard reached[step.output], step.output != request.target else { continue }
            let toParameters = request.target == nil && schedule.trains(step.node)
            guard isWritten[step.output] else {
                // Nothing of the loss comes through here.
                if toParameters { clearGradients(of: step.node) }
                continue
            }
            var targets: [GradientTarget] = []
            for input in step.inputs {
                let isAsked = reached[input]
                // The parts of a concatenation were written with it.
                let isPart = plan.places[input]?.concatenation == step.node
                targets.append(!isAsked || isPart ? .none : isWritten[input] ? .add : .write)
                if isAsked { isWritten[input] = true }
            }
            try layer.backward(toInputs: targets, toParameters: toParameters)
        }
        if let target = request.target, !isWritten[target] { memory.setGradient(of: target, nil) }
        for index in schedule.observed.values where reached[index] && !isWritten[index] {
            memory.setGradient(of: index, nil)
        }
    }

    private func clearGradients(of node: Int) {
        for specification in graph.parameters(of: graph.nodes[node]) {
            guard let parameter = byName[specification.name], let gradients = parameter.gradients else { continue }
            memset(gradients, 0, parameter.storageCount * 4)
        }
    }

    func copyValue(of node: Int, into target: UnsafeMutablePointer<Float>) {
        memory?.copyValue(of: node, into: target)
    }

    func copyGradient(of node: Int, into target: UnsafeMutablePointer<Float>) {
        memory?.copyGradient(of: node, into: target)
    }

    /// Which of the library's codes each convolution takes, for reports.
    var implementations: [(layer: String, codes: [String])] {
        zip(layers, plan.steps).compactMap { layer, step in
            (layer as? BlockedConvolution).map { (graph.nodes[step.node].name, $0.implementations) }
        }
    }
}
