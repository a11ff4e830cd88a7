internal import Tensors

extension FusedNetwork {
    /// Fuses a graph's layers and folds its normalizations.
    ///
    /// A convolution takes in, in this order and where the intermediate value has no other reader: its batch
    /// normalization, a sum with a value that is computed anyway, and a rectification. It is computed where the last
    /// of these stood, so that the other summand exists by then.
    ///
    /// - Throws: `NeuralNetworkError.parametersMismatch` naming every missing, unexpected or misshapen parameter, or
    ///   those whose values are not finite.
    package init(graph: NetworkGraph, parameters: some ParameterSource) throws {
        let problems = graph.problems(in: parameters)
        guard problems.isEmpty else { throw NeuralNetworkError.parametersMismatch(problems) }
        var pass = FusionPass(graph: graph)
        let values = ParameterReader(graph: graph, source: parameters)
        try pass.run(values)
        guard values.notFinite.isEmpty else {
            throw NeuralNetworkError.parametersMismatch(values.notFinite.map { .notFinite(name: $0) })
        }
        self.init(
            steps: pass.steps, values: pass.allValues, inputValue: pass.values[graph.input]!,
            outputValue: pass.values[graph.output]!,
            taps: graph.taps.compactMapValues { pass.values[$0] }, graph: graph)
    }
}

/// Walks a graph once and collects its fused steps.
private struct FusionPass {
    let graph: NetworkGraph
    var steps: [FusedNetwork.Step] = []
    var allValues: [FusedNetwork.Value] = []
    /// The value that holds a node's output.
    var values: [Int: Int] = [:]

    private let readers: [[Int]]
    private let tapped: Set<Int>

    /// A convolution and what it takes in.
    private struct Chain {
        var convolution: Int
        var normalization: Int?
        var sum: Int?
        var residual: Int?
        var rectification: Int?
        /// An average pool before the convolution that is computed behind it.
        var pool: Int?
        var last: Int
    }

    init(graph: NetworkGraph) {
        self.graph = graph
        tapped = Set(graph.taps.values)
        var readers = [[Int]](repeating: [], count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            for input in node.inputs { readers[input].append(index) }
        }
        self.readers = readers
    }

    mutating func run(_ parameters: ParameterReader) throws {
        var chains: [Int: Chain] = [:]
        var taken: Set<Int> = []
        for (index, node) in graph.nodes.enumerated() {
            guard case .convolution = node.operation else { continue }
            let chain = chain(from: index, taken: taken)
            chains[chain.last] = chain
            for member in [chain.convolution, chain.normalization, chain.sum, chain.rectification] {
                if let member { taken.insert(member) }
            }
        }
        let movedPools = Set(chains.values.compactMap(\.pool))
        for (index, node) in graph.nodes.enumerated() where !movedPools.contains(index) {
            if let chain = chains[index] {
                try emit(chain, parameters)
            } else if !taken.contains(index) {
                try emit(index, node, parameters)
            }
        }
    }

    /// The only reader of a value that nobody else wants to see.
    private func soleReader(of node: Int) -> Int? {
        guard readers[node].count == 1, !tapped.contains(node), node != graph.output else { return nil }
        return readers[node][0]
    }

    private func chain(from convolution: Int, taken: Set<Int>) -> Chain {
        var chain = Chain(convolution: convolution, last: convolution)
        if let next = soleReader(of: chain.last), case .batchNormalization = graph.nodes[next].operation {
            chain.normalization = next
            chain.last = next
        }
        // Two convolutions may meet in one sum: the first takes it in, the second is its residual.
        if let next = soleReader(of: chain.last), case .add = graph.nodes[next].operation, !taken.contains(next) {
            let inputs = graph.nodes[next].inputs
            chain.sum = next
            chain.residual = inputs[0] == chain.last ? inputs[1] : inputs[0]
            chain.last = next
        }
        if let next = soleReader(of: chain.last), case .relu = graph.nodes[next].operation {
            chain.rectification = next
            chain.last = next
        }
        chain.pool = movablePool(before: chain)
        return chain
    }

    /// Means over positions and sums over channels may change places: where that leaves fewer channels, the pool comes
    /// second. Only pools that keep the number of positions, so that the convolution has no more of them.
    private func movablePool(before chain: Chain) -> Int? {
        let node = graph.nodes[chain.convolution], pool = node.inputs[0]
        guard chain.sum == nil, case .convolution(let convolution) = node.operation, convolution.kernel == .one,
            convolution.stride == .one, convolution.padding == .zero,
            convolution.outputChannels < convolution.inputChannels, soleReader(of: pool) == chain.convolution,
            case .averagePool(let pooling, _) = graph.nodes[pool].operation, pooling.stride == .one,
            2 * pooling.padding.depth == pooling.kernel.depth - 1,
            2 * pooling.padding.height == pooling.kernel.height - 1,
            2 * pooling.padding.width == pooling.kernel.width - 1
        else { return nil }
        return pool
    }

    private mutating func newValue(for node: Int, channels: Int? = nil) -> Int {
        allValues.append(.init(node: node, channels: channels))
        return allValues.count - 1
    }

    private mutating func append(_ node: Int, _ kind: FusedNetwork.Step.Kind, inputs: [Int]? = nil) {
        let inputs = (inputs ?? graph.nodes[node].inputs).map { values[$0]! }
        values[node] = newValue(for: node)
        steps.append(.init(name: graph.nodes[node].name, kind: kind, inputs: inputs, output: values[node]!))
    }

    private mutating func emit(_ chain: Chain, _ parameters: ParameterReader) throws {
        let node = graph.nodes[chain.convolution]
        guard case .convolution(let convolution) = node.operation else { return }
        let folded = try fold(convolution, node, chain.normalization.map { graph.nodes[$0] }, parameters)
        let isRectified = chain.rectification != nil
        if let pool = chain.pool, case .averagePool(let pooling, let countsPadding) = graph.nodes[pool].operation {
            return try emit(chain, folded, before: .averagePool(pooling, countsPadding: countsPadding), of: pool)
        }
        var inputs = [node.inputs[0]]
        if let residual = chain.residual { inputs.append(residual) }
        append(
            chain.last,
            .convolution(
                FoldedConvolution(
                    convolution: convolution, weight: folded.weight, bias: folded.bias, isRectified: isRectified,
                    hasResidual: chain.residual != nil)),
            inputs: inputs)
        steps[steps.count - 1].name = node.name
    }

    /// A convolution before its pool. The bias comes last: at the border a pool may count zeros.
    private mutating func emit(
        _ chain: Chain, _ folded: (weight: FoldedWeight, bias: WeightBuffer), before pooling: FusedNetwork.Step.Kind,
        of pool: Int
    ) throws {
        let node = graph.nodes[chain.convolution]
        guard case .convolution(let convolution) = node.operation else { return }
        let channels = convolution.outputChannels
        let source = graph.nodes[pool].inputs[0]
        let products = newValue(for: source, channels: channels)
        let zeros = try WeightBuffer([Float](repeating: 0, count: channels))
        steps.append(
            .init(
                name: node.name,
                kind: .convolution(
                    FoldedConvolution(
                        convolution: convolution, weight: folded.weight, bias: zeros, isRectified: false,
                        hasResidual: false)),
                inputs: [values[source]!], output: products))
        let means = newValue(for: pool, channels: channels)
        steps.append(.init(name: graph.nodes[pool].name, kind: pooling, inputs: [products], output: means))
        let ones = try WeightBuffer([Float](repeating: 1, count: channels))
        values[chain.last] = newValue(for: chain.last)
        steps.append(
            .init(
                name: "\(node.name).bias",
                kind: .affine(scale: ones, shift: folded.bias, isRectified: chain.rectification != nil),
                inputs: [means], output: values[chain.last]!))
    }

    private mutating func emit(_ index: Int, _ node: NetworkGraph.Node, _ parameters: ParameterReader) throws {
        switch node.operation {
        case .input: values[index] = newValue(for: index)
        case .dropout: values[index] = values[node.inputs[0]]
        case .channelAffine(let scale, let shift):
            append(index, .affine(scale: try WeightBuffer(scale), shift: try WeightBuffer(shift), isRectified: false))
        case .batchNormalization(_, let epsilon):
            let (scale, shift) = try parameters.normalization(node.name, epsilon: epsilon)
            append(index, .affine(scale: try WeightBuffer(scale), shift: try WeightBuffer(shift), isRectified: false))
        case .relu: append(index, .relu)
        case .maxPool(let pooling): append(index, .maxPool(pooling))
        case .averagePool(let pooling, let countsPadding):
            append(index, .averagePool(pooling, countsPadding: countsPadding))
        case .globalAveragePool: append(index, .globalAveragePool)
        case .add: append(index, .add(isRectified: false))
        case .concatenate: append(index, .concatenate)
        case .stridedShortcut(_, let stride, let cutsGradient):
            append(index, .stridedShortcut(stride: stride, cutsGradient: cutsGradient))
        case .linear(_, let outputs):
            append(
                index,
                .linear(
                    weight: try parameters.buffer("\(node.name).weight"),
                    bias: try parameters.buffer("\(node.name).bias"), outputs: outputs))
        case .sigmoid: append(index, .sigmoid)
        case .softmax: append(index, .softmax)
        case .convolution: preconditionFailure("convolutions are emitted as chains")
        }
    }

    /// The convolution's weight and bias with the normalization behind it folded in.
    private func fold(
        _ convolution: Convolution, _ node: NetworkGraph.Node, _ normalization: NetworkGraph.Node?,
        _ parameters: ParameterReader
    ) throws -> (weight: FoldedWeight, bias: WeightBuffer) {
        let outputs = convolution.outputChannels
        var bias = [Float](repeating: 0, count: outputs)
        if convolution.hasBias { bias = try parameters.floats("\(node.name).bias") }
        var scale = [Float](repeating: 1, count: outputs)
        if let normalization, case .batchNormalization(_, let epsilon) = normalization.operation {
            let (factors, shifts) = try parameters.normalization(normalization.name, epsilon: epsilon)
            scale = factors
            for channel in 0..<outputs { bias[channel] = bias[channel] * factors[channel] + shifts[channel] }
        }
        let weight = try parameters.weight("\(node.name).weight", outputFactors: scale)
        return (weight, try WeightBuffer(bias))
    }
}

/// Reads parameters as floats and notes which of them are not finite.
private final class ParameterReader {
    private let graph: NetworkGraph
    private let read: (String) throws -> Tensor
    private(set) var notFinite: [String] = []

    init(graph: NetworkGraph, source: some ParameterSource) {
        self.graph = graph
        read = { try source.parameter(named: $0) }
    }

    func floats(_ name: String) throws -> [Float] {
        let values = try read(name).floats()
        if !values.allSatisfy(\.isFinite) { notFinite.append(name) }
        return values
    }

    /// The parameter in memory of its own.
    func buffer(_ name: String) throws -> WeightBuffer {
        try read(name).withFloats { source in
            let buffer = try WeightBuffer(count: source.count) { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                to.update(from: from, count: source.count)
            }
            if !Elementwise.isFinite(buffer.pointer, count: buffer.count) { notFinite.append(name) }
            return buffer
        }
    }

    /// A convolution's weight, each output multiplied by its factor.
    func weight(_ name: String, outputFactors: [Float]) throws -> FoldedWeight {
        let weight = FoldedWeight(try read(name), outputFactors: outputFactors)
        if !weight.isFinite { notFinite.append(name) }
        return weight
    }

    /// Batch normalization as `scale · x + shift`. In double precision: variances may be very small.
    func normalization(_ name: String, epsilon: Float) throws -> (scale: [Float], shift: [Float]) {
        let weight = try floats("\(name).weight")
        let bias = try floats("\(name).bias")
        let mean = try floats("\(name).running_mean")
        let variance = try floats("\(name).running_var")
        var scale = [Float](repeating: 0, count: weight.count)
        var shift = scale
        for channel in weight.indices {
            let factor = Double(weight[channel]) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
            scale[channel] = Float(factor)
            shift[channel] = Float(Double(bias[channel]) - Double(mean[channel]) * factor)
        }
        if !(scale + shift).allSatisfy(\.isFinite) { notFinite.append("\(name).running_var") }
        return (scale, shift)
    }
}
