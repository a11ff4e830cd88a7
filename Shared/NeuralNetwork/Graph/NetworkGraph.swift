/// An architecture, described once: its layers in an order in which they can be computed, and their parameters' names.
///
/// Everything else (inference plans, gradients, parameter counts, initialization) is derived from this.
package struct NetworkGraph: Sendable {
    /// One layer. `name` is the path of the reference implementation's module, and the prefix of its parameters.
    package struct Node: Sendable, Equatable {
        package var name: String
        package var operation: Operation
        /// Indices of earlier nodes.
        package var inputs: [Int]
    }

    /// Number of spatial axes: 2 or 3.
    package let spatialRank: Int
    package let nodes: [Node]
    /// Layers that can be looked at from outside, by name: `layer1`, `Mixed_5b`.
    package let taps: [String: Int]
    /// The node of an auxiliary head's logits, which only training looks at; nil where there is none.
    package let auxiliaryOutput: Int?
    /// Beginnings of parameter names that may stand in a file without being used, such as an auxiliary head's.
    package let toleratedPrefixes: [String]

    /// Index of the input node, always the first.
    package var input: Int { 0 }
    /// Index of the output node, always the last.
    package var output: Int { nodes.count - 1 }

    /// Channels of the network's input.
    package var inputChannels: Int {
        if case .input(let channels) = nodes[0].operation { channels } else { 0 }
    }

    /// Numbers that the last layer sees, where that is a linear one: the length of the network's features.
    package var featureCount: Int? {
        if case .linear(let inputs, _) = nodes[output].operation { inputs } else { nil }
    }

    /// The tapped layers' names in network order.
    package var tapNames: [String] {
        taps.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }
}

/// Builds a graph layer by layer; every method gives back the new layer's index.
package struct GraphBuilder {
    package private(set) var nodes: [NetworkGraph.Node] = []
    private var taps: [String: Int] = [:]
    private let spatialRank: Int
    private var toleratedPrefixes: [String] = []
    private var auxiliaryOutput: Int?

    /// Index of the input.
    package let input = 0

    package init(spatialRank: Int, inputChannels: Int) {
        self.spatialRank = spatialRank
        nodes.append(.init(name: "input", operation: .input(channels: inputChannels), inputs: []))
    }

    package mutating func add(_ name: String, _ operation: Operation, _ inputs: Int...) -> Int {
        add(name, operation, inputs)
    }

    package mutating func add(_ name: String, _ operation: Operation, _ inputs: [Int]) -> Int {
        precondition(inputs.allSatisfy { $0 < nodes.count }, "a layer's inputs come before it")
        nodes.append(.init(name: name, operation: operation, inputs: inputs))
        return nodes.count - 1
    }

    /// Lets a layer be looked at from outside under this name.
    package mutating func tap(_ name: String, _ node: Int) { taps[name] = node }

    /// Parameters whose names begin so may stand in a file without being used.
    package mutating func tolerate(prefix: String) { toleratedPrefixes.append(prefix) }

    /// Makes this node's value a second output, of an auxiliary head.
    package mutating func setAuxiliaryOutput(_ node: Int) { auxiliaryOutput = node }

    package func build() -> NetworkGraph {
        NetworkGraph(
            spatialRank: spatialRank, nodes: nodes, taps: taps, auxiliaryOutput: auxiliaryOutput,
            toleratedPrefixes: toleratedPrefixes)
    }
}
