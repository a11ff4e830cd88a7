/// A network made ready for inference: batch normalization folded into convolutions, rectification and residual sums
/// fused behind them, dropout gone. Independent of the input's size and of the backend; shared between threads.
package struct FusedNetwork: Sendable {
    /// One thing to compute.
    package struct Step: Sendable {
        package enum Kind: Sendable {
            /// `y = activation(W * x + b [+ residual])`; the residual, if there is one, is the second input.
            case convolution(FoldedConvolution)
            /// `y_c = activation(scale_c · x_c + shift_c)`.
            case affine(scale: WeightBuffer, shift: WeightBuffer, isRectified: Bool)
            case relu
            case maxPool(Pooling)
            case averagePool(Pooling, countsPadding: Bool)
            case globalAveragePool
            /// `y = activation(a + b)`.
            case add(isRectified: Bool)
            case concatenate
            case stridedShortcut(stride: Extent, cutsGradient: Bool)
            case linear(weight: WeightBuffer, bias: WeightBuffer, outputs: Int)
            case sigmoid
            case softmax
        }

        package var name: String
        package var kind: Kind
        /// Values that are read.
        package var inputs: [Int]
        /// The value that is written.
        package var output: Int
    }

    /// In the order of computation.
    package let steps: [Step]
    package let values: [Value]
    package let inputValue: Int
    package let outputValue: Int
    /// Values of the layers that can be looked at.
    package let taps: [String: Int]
    package let graph: NetworkGraph

    /// What steps read and write.
    package struct Value: Sendable {
        /// The node of the graph whose output it is, or whose output's positions it has.
        package var node: Int
        /// Its channels where they are not the node's.
        package var channels: Int?
    }

    /// The shapes of the values of one item.
    ///
    /// - Parameter extent: of the input.
    /// - Returns: a shape for each value.
    /// - Throws: as ``NetworkGraph/shapes(of:)``.
    package func shapes(of extent: Extent) throws(NeuralNetworkError) -> [LayerShape] {
        let nodes = try graph.shapes(of: extent)
        return values.map { value in
            LayerShape(channels: value.channels ?? nodes[value.node].channels, extent: nodes[value.node].extent)
        }
    }

    /// What backends made of the weights, for all plans of this network.
    let preparations = NetworkPreparations()

    /// The vector before the last layer, where that is a linear one: what the network knows of an input before it
    /// decides. Nothing is written after it but the output, so its memory is whole after every run.
    package var featureValue: Int? {
        guard let last = steps.last, case .linear = last.kind, last.output == outputValue else { return nil }
        return last.inputs[0]
    }
}

/// A convolution with its normalization folded in: `W'_o = W_o · γ_o / √(σ²_o + ε)`,
/// `b'_o = β_o + (b_o − μ_o) · γ_o / √(σ²_o + ε)`.
package struct FoldedConvolution: Sendable {
    package var convolution: Convolution
    /// [outputChannels, inputChannels, kernel…], row-major.
    package var weight: FoldedWeight
    /// [outputChannels].
    package var bias: WeightBuffer
    package var isRectified: Bool
    package var hasResidual: Bool
}
