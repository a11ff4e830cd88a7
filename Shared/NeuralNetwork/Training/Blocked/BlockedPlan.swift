/// What the fast engine makes of a graph: which nodes are computed in one step, which values are blocked, and which
/// parts of concatenations are written where they belong.
struct BlockedPlan {
    /// One step: a node, or a normalization with a sum and a rectification behind it.
    struct Step {
        /// The node whose parameters the step has.
        var node: Int
        /// The last of its nodes, whose output it writes.
        var output: Int
        var inputs: [Int]
        /// Of a normalization: whether a rectification follows.
        var isRectified = false
        /// Whether a kernel for blocks computes it.
        var isFast = true
    }

    private(set) var steps: [Step] = []
    /// Whether a node's output is kept in blocks.
    private(set) var isBlocked: [Bool]
    /// Whether a node's output exists: not within a step.
    private(set) var exists: [Bool]
    /// For each part that lies in a concatenation: which, and after how many channels.
    private(set) var places: [Int: (concatenation: Int, channels: Int)] = [:]

    private static let planarChannels = 3

    private let graph: NetworkGraph
    private let readers: [[Int]]
    private let observed: Set<Int>

    /// - Throws: `TrainingError.engineUnavailable` for graphs that only the portable engine computes.
    init(_ graph: NetworkGraph, observedLayers: Set<String>) throws(TrainingError) {
        self.graph = graph
        var readers = [[Int]](repeating: [], count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            for input in node.inputs { readers[input].append(index) }
        }
        self.readers = readers
        observed = Set(observedLayers.compactMap { graph.taps[$0] })
        isBlocked = []
        exists = [Bool](repeating: true, count: graph.nodes.count)
        for node in graph.nodes {
            switch node.operation {
            case .input(let channels): isBlocked.append(channels > Self.planarChannels)
            case .convolution(let convolution):
                // Row-major planes are read of so few channels only that a block would be mostly padding.
                guard isBlocked[node.inputs[0]] || convolution.inputChannels <= Self.planarChannels else {
                    throw .engineUnavailable("the oneDNN engine does not train \(node.name) with such an input")
                }
                isBlocked.append(true)
            case .globalAveragePool, .linear: isBlocked.append(false)
            default: isBlocked.append(node.inputs.contains { isBlocked[$0] })
            }
        }
        for (index, node) in graph.nodes.enumerated() where !isBlocked[index] {
            if case .input = node.operation { continue }
            guard case .channelAffine = node.operation else { continue }
            guard !observed.contains(index) else { throw Self.noInputGradient }
        }
        guard isBlocked[graph.input] || !observed.contains(graph.input) else { throw Self.noInputGradient }
        collectSteps()
        placeParts()
    }

    private static let noInputGradient = TrainingError.engineUnavailable(
        "the oneDNN engine computes no gradient by the network's input; choose the engine openBLAS")

    private func soleReader(of node: Int) -> Int? {
        readers[node].count == 1 && !observed.contains(node) ? readers[node][0] : nil
    }

    private mutating func collectSteps() {
        var taken: Set<Int> = []
        var fused: [Int: Step] = [:]
        for (index, node) in graph.nodes.enumerated() {
            guard case .batchNormalization = node.operation, isBlocked[index], !taken.contains(index),
                soleReader(of: node.inputs[0]) != nil
            else { continue }
            var step = Step(node: index, output: index, inputs: node.inputs)
            if let next = soleReader(of: step.output), case .add = graph.nodes[next].operation {
                let summands = graph.nodes[next].inputs
                let other = summands[0] == step.output ? summands[1] : summands[0]
                if other != step.output, isBlocked[other], fused[next] == nil, !taken.contains(next) {
                    step.inputs.append(other)
                    step.output = next
                }
            }
            if let next = soleReader(of: step.output), case .relu = graph.nodes[next].operation {
                step.isRectified = true
                step.output = next
            }
            var member = index
            while member != step.output {
                exists[member] = false
                taken.insert(member)
                member = readers[member][0]
            }
            taken.insert(step.output)
            fused[step.output] = step
        }
        for (index, node) in graph.nodes.enumerated() {
            if let step = fused[index] {
                steps.append(step)
            } else if exists[index] {
                var step = Step(node: index, output: index, inputs: node.inputs)
                switch node.operation {
                case .input: continue
                case .convolution: break
                case .maxPool(let pooling), .averagePool(let pooling, _):
                    step.isFast = isBlocked[index] && BlockedPooling.supports(pooling)
                default: step.isFast = false
                }
                steps.append(step)
            }
        }
    }

    /// A concatenation's parts are written into it where each part begins at a block and nobody else reads it.
    private mutating func placeParts() {
        let channels = channelCounts()
        let convolutions = Set(
            graph.nodes.indices.filter { if case .convolution = graph.nodes[$0].operation { true } else { false } })
        for (index, step) in steps.enumerated() {
            guard case .concatenate = graph.nodes[step.node].operation, isBlocked[step.node] else { continue }
            var offset = 0
            var parts: [(node: Int, channels: Int)] = []
            for input in step.inputs {
                var isNested = false
                if case .concatenate = graph.nodes[input].operation { isNested = true }
                guard offset % 16 == 0, isBlocked[input], soleReader(of: input) != nil, !isNested,
                    !convolutions.contains(input), input != graph.input
                else { break }
                parts.append((input, offset))
                offset += channels[input]
            }
            guard parts.count == step.inputs.count else { continue }
            for part in parts { places[part.node] = (step.node, part.channels) }
            steps[index].isFast = true
        }
    }

    private func channelCounts() -> [Int] {
        var counts: [Int] = []
        for node in graph.nodes {
            switch node.operation {
            case .input(let channels): counts.append(channels)
            case .convolution(let convolution): counts.append(convolution.outputChannels)
            case .linear(_, let outputs): counts.append(outputs)
            case .stridedShortcut(let channels, _, _): counts.append(channels)
            case .concatenate: counts.append(node.inputs.reduce(0) { $0 + counts[$1] })
            default: counts.append(counts[node.inputs[0]])
            }
        }
        return counts
    }
}
