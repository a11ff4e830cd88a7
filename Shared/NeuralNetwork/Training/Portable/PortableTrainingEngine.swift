internal import Glibc

/// Float32 on OpenBLAS, node by node, every value and every gradient in memory of its own: simple, exact, and the
/// measure for the fast engine.
final class PortableTrainingEngine: TrainingEngine {
    let name = "openblas float32"
    let parameters: [TrainableParameter]
    private let graph: NetworkGraph
    private let settings: TrainingSettings
    private let workspace: Workspace
    private var layers: [(any PortableLayer)?] = []
    private var values: [TrainingMemory] = []
    private var gradients: [TrainingMemory?] = []
    private var schedule: TrainingSchedule?
    private var parameterBytes = 0
    private var activationBytes = 0

    var byteCount: Int { parameterBytes + activationBytes }

    /// - Throws: `TrainingError.outOfMemory`.
    init(graph: NetworkGraph, settings: TrainingSettings) throws {
        _ = OpenBLASRuntime.prepare()
        self.graph = graph
        self.settings = settings
        workspace = Workspace(threads: settings.threads)
        let bytes = graph.parameters.reduce(0) { $0 + $1.count * ($1.isTrainable ? 8 : 4) }
        try TrainingEngines.checkMemory(neededBytes: bytes, inUse: 0, settings: settings)
        parameterBytes = bytes
        var parameters: [TrainableParameter] = []
        for node in graph.nodes {
            let isFrozen = settings.frozenLayers.contains(node.name)
            for specification in graph.parameters(of: node) {
                let values = try TrainingMemory(count: specification.count)
                let isTrained = specification.isTrainable && !isFrozen
                let gradients = isTrained ? try TrainingMemory(count: specification.count) : nil
                parameters.append(
                    TrainableParameter(
                        specification, isFrozen: isFrozen, layout: PlainLayout(storageCount: specification.count),
                        values: values.pointer, gradients: gradients?.pointer,
                        owners: [values] + (gradients.map { [$0] } ?? [])))
            }
        }
        self.parameters = parameters
    }

    func prepare(_ schedule: TrainingSchedule) throws {
        let counts = schedule.shapes.map { $0.count * schedule.batch }
        var needed = 0
        for index in counts.indices {
            let (bytes, overflow) = counts[index].multipliedReportingOverflow(
                by: schedule.needsGradient[index] ? 8 : 4)
            needed = overflow || bytes > Int.max / 2 - needed ? Int.max / 2 : needed + bytes
        }
        layers = []
        values = []
        gradients = []
        self.schedule = nil
        try TrainingEngines.checkMemory(
            neededBytes: needed + parameterBytes, inUse: parameterBytes, settings: settings)
        for index in counts.indices {
            values.append(try TrainingMemory(count: counts[index]))
            gradients.append(schedule.needsGradient[index] ? try TrainingMemory(count: counts[index]) : nil)
        }
        activationBytes = needed
        self.schedule = schedule
        layers = graph.nodes.indices.map { makeLayer($0, schedule) }
    }

    func parametersChanged() {}

    func forward(_ input: UnsafePointer<Float>, mode: TrainingMode, dropout: SeededGenerator) throws {
        values[graph.input].pointer.update(from: input, count: values[graph.input].count)
        for (index, layer) in layers.enumerated() {
            guard let layer else { continue }
            if let dropoutLayer = layer as? PortableDropout {
                var generator = dropout
                // Layers draw different numbers.
                dropoutLayer.generator = SeededGenerator(seed: generator.next(), name: graph.nodes[index].name)
            }
            layer.forward(mode: mode)
        }
    }

    func backward(_ request: BackwardRequest) throws {
        guard let schedule else { throw TrainingError.nothingToDerive }
        let reached = request.target.map { schedule.dependents(of: $0) } ?? schedule.needsGradient
        for (index, gradient) in gradients.enumerated() {
            guard let gradient, reached[index] else { continue }
            if let seed = request.seeds[index] {
                for position in 0..<gradient.count { gradient.pointer[position] = seed[position] }
            } else {
                memset(gradient.pointer, 0, gradient.count * 4)
            }
        }
        for index in layers.indices.reversed() {
            guard let layer = layers[index], reached[index], index != request.target else { continue }
            layer.backward(
                toInputs: graph.nodes[index].inputs.map { reached[$0] },
                toParameters: request.target == nil && schedule.trains(index))
        }
    }

    func copyValue(of node: Int, into target: UnsafeMutablePointer<Float>) {
        target.update(from: values[node].pointer, count: values[node].count)
    }

    func copyGradient(of node: Int, into target: UnsafeMutablePointer<Float>) {
        guard let gradient = gradients[node] else { return }
        target.update(from: gradient.pointer, count: gradient.count)
    }

    private func memory(_ node: Int, _ schedule: TrainingSchedule) -> PortableValue {
        let view = ValueLayout.View(
            shape: schedule.shapes[node], offset: 0, itemStride: schedule.shapes[node].count)
        return PortableValue(
            value: ValueMemory(pointer: values[node].pointer, batch: schedule.batch, view: view),
            gradient: gradients[node].map { ValueMemory(pointer: $0.pointer, batch: schedule.batch, view: view) })
    }

    private func makeLayer(_ index: Int, _ schedule: TrainingSchedule) -> (any PortableLayer)? {
        let node = graph.nodes[index]
        let factory = PortableLayerFactory(
            settings: settings, isFrozen: schedule.isFrozen[index], workspace: workspace)
        return factory.make(
            node, inputs: node.inputs.map { memory($0, schedule) }, output: memory(index, schedule)
        ) { name in
            parameters.first { $0.name == "\(node.name).\(name)" }
        }
    }
}

/// A node's output and the gradient by it.
struct PortableValue {
    let value: ValueMemory
    let gradient: ValueMemory?
}

/// One node's computations, bound to their memory.
protocol PortableLayer: AnyObject {
    func forward(mode: TrainingMode)
    /// Adds the derivatives by the inputs that are asked for to their gradients, and writes those by the parameters.
    func backward(toInputs: [Bool], toParameters: Bool)
}
