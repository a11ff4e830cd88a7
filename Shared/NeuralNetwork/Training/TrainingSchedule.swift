/// What follows from a graph, the frozen layers and the batch, for every engine: shapes, and where gradients go.
struct TrainingSchedule: Sendable {
    let graph: NetworkGraph
    let batch: Int
    let inputExtent: Extent
    /// The shape of each node's output.
    let shapes: [LayerShape]
    /// For each node, the nodes that read it.
    let readers: [[Int]]
    /// The nodes that nobody reads, in network order; the graph's output is the last. An auxiliary head is another.
    let outputs: [Int]
    /// Observed layers, by name.
    let observed: [String: Int]
    /// Whether a node keeps its parameters.
    let isFrozen: [Bool]
    /// Whether a backward pass computes the gradient by the node's output.
    let needsGradient: [Bool]

    /// - Throws: `NeuralNetworkError` for an input that is too small, `TrainingError.unknownLayer`.
    init(graph: NetworkGraph, settings: TrainingSettings, batch: Int, inputExtent: Extent) throws {
        self.graph = graph
        self.batch = batch
        self.inputExtent = inputExtent
        shapes = try graph.shapes(of: inputExtent)
        var readers = [[Int]](repeating: [], count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            for input in node.inputs { readers[input].append(index) }
        }
        self.readers = readers
        outputs = readers.indices.filter { readers[$0].isEmpty }
        let names = Set(graph.nodes.map(\.name))
        for name in settings.frozenLayers.sorted() where !names.contains(name) {
            throw TrainingError.unknownLayer(name)
        }
        var observed: [String: Int] = [:]
        for name in settings.observedLayers {
            guard let node = graph.taps[name] else {
                throw NeuralNetworkError.unknownLayer(name, available: graph.tapNames)
            }
            observed[name] = node
        }
        self.observed = observed
        let isFrozen = graph.nodes.map { settings.frozenLayers.contains($0.name) }
        self.isFrozen = isFrozen
        let watched = Set(observed.values)
        needsGradient = Self.passed(graph) { index, node in
            watched.contains(index) || (!isFrozen[index] && !graph.parameters(of: node).isEmpty)
        }
    }

    /// Whether a node's parameters change by gradients.
    func trains(_ node: Int) -> Bool { !isFrozen[node] && !graph.parameters(of: graph.nodes[node]).isEmpty }

    /// Whether a normalization uses, and feeds, the batch's statistics.
    func usesBatchStatistics(_ node: Int, _ mode: TrainingMode) -> Bool { mode == .training && !isFrozen[node] }

    /// Which nodes' outputs depend on that of `target` in a way that gradients pass, itself included.
    func dependents(of target: Int) -> [Bool] { Self.passed(graph) { index, _ in index == target } }

    /// The name under which an output is asked for and given its gradient.
    func outputName(_ node: Int) -> String { graph.nodes[node].name }

    private static func passed(_ graph: NetworkGraph, from isSource: (Int, NetworkGraph.Node) -> Bool) -> [Bool] {
        var passed = [Bool](repeating: false, count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            var passes = node.inputs.contains { passed[$0] }
            if case .stridedShortcut(_, _, cutsGradient: true) = node.operation { passes = false }
            passed[index] = passes || isSource(index, node)
        }
        return passed
    }

    /// Refuses a training pass in which a normalization would see one value per channel.
    ///
    /// - Throws: `TrainingError.tooFewValues`.
    func checkStatistics() throws(TrainingError) {
        for (index, node) in graph.nodes.enumerated() {
            if case .batchNormalization = node.operation, !isFrozen[index], batch * shapes[index].extent.volume < 2 {
                throw .tooFewValues(layer: node.name)
            }
        }
    }
}
