/// A network's layers as a table: what each is, what it gives for one input, and what it costs.
package struct LayerTable: Sendable, Equatable {
    package struct Row: Sendable, Equatable, Encodable {
        package let name: String
        /// Such as `convolution` or `batch-normalization`.
        package let kind: String
        /// Shape of one item's output: [C, D, H, W], [C, H, W], or [C] where nothing is left of the grid.
        package let output: [Int]
        /// Trainable parameters.
        package let parameters: Int
        /// Floating-point operations for one input; a multiply and an add are two.
        package let flops: Int
    }

    /// In network order, without the input.
    package let rows: [Row]
    package let parameters: Int
    package let flops: Int

    /// Of a network for an input of this extent.
    ///
    /// - Throws: `inputTooSmall`, `channelMismatch`.
    package init(graph: NetworkGraph, extent: Extent) throws(NeuralNetworkError) {
        let shapes = try graph.shapes(of: extent)
        let operations = try graph.floatingPointOperations(inputExtent: extent)
        var rows: [Row] = []
        var isFlat = false
        for (index, node) in graph.nodes.enumerated() where index != graph.input {
            switch node.operation {
            case .globalAveragePool, .linear: isFlat = true
            case .dropout, .sigmoid, .softmax: break
            default: isFlat = false
            }
            let grid = isFlat ? [] : shapes[index].extent.components(rank: graph.spatialRank)
            rows.append(
                Row(
                    name: node.name, kind: node.operation.kind, output: [shapes[index].channels] + grid,
                    parameters: graph.parameters(of: node).filter(\.isTrainable).map(\.count).reduce(0, +),
                    flops: operations[index]))
        }
        self.rows = rows
        parameters = graph.parameterCount
        flops = rows.reduce(0) { sum, row in
            let (total, overflow) = sum.addingReportingOverflow(row.flops)
            return overflow ? .max : total
        }
    }
}

extension Operation {
    /// The operation in a word, for people.
    package var kind: String {
        switch self {
        case .input: "input"
        case .channelAffine: "channel-affine"
        case .convolution: "convolution"
        case .batchNormalization: "batch-normalization"
        case .relu: "relu"
        case .maxPool: "max-pool"
        case .averagePool: "average-pool"
        case .globalAveragePool: "global-average-pool"
        case .add: "add"
        case .concatenate: "concatenate"
        case .stridedShortcut: "strided-shortcut"
        case .dropout: "dropout"
        case .linear: "linear"
        case .sigmoid: "sigmoid"
        case .softmax: "softmax"
        }
    }
}
