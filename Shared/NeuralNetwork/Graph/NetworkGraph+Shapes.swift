/// The shape of one layer's output for one input: channels, and the extent of the spatial axes.
package struct LayerShape: Hashable, Sendable {
    package var channels: Int
    package var extent: Extent

    package init(channels: Int, extent: Extent) {
        self.channels = channels
        self.extent = extent
    }

    /// Numbers in one item of a batch.
    package var count: Int { channels * extent.volume }
}

extension NetworkGraph {
    /// The shape of every layer's output when the input has this extent.
    ///
    /// - Throws: `inputTooSmall` where a layer is left without positions, `channelMismatch` for a graph built wrongly.
    package func shapes(of inputExtent: Extent) throws(NeuralNetworkError) -> [LayerShape] {
        var shapes: [LayerShape] = []
        shapes.reserveCapacity(nodes.count)
        for node in nodes {
            let inputs = node.inputs.map { shapes[$0] }
            let shape = try Self.shape(of: node, inputs: inputs, inputExtent: inputExtent)
            guard min(shape.extent.depth, shape.extent.height, shape.extent.width) > 0 else {
                throw .inputTooSmall(layer: node.name, extent: shape.extent)
            }
            shapes.append(shape)
        }
        return shapes
    }

    private static func shape(
        of node: Node, inputs: [LayerShape], inputExtent: Extent
    ) throws(NeuralNetworkError) -> LayerShape {
        func expectChannels(_ expected: Int) throws(NeuralNetworkError) {
            guard inputs[0].channels == expected else {
                throw .channelMismatch(layer: node.name, expected: expected, got: inputs[0].channels)
            }
        }
        switch node.operation {
        case .input(let channels):
            return LayerShape(channels: channels, extent: inputExtent)
        case .channelAffine(let scale, _):
            try expectChannels(scale.count)
            return inputs[0]
        case .convolution(let convolution):
            try expectChannels(convolution.inputChannels)
            return LayerShape(
                channels: convolution.outputChannels, extent: convolution.outputExtent(of: inputs[0].extent))
        case .batchNormalization(let features, _):
            try expectChannels(features)
            return inputs[0]
        case .relu, .dropout, .sigmoid, .softmax:
            return inputs[0]
        case .maxPool(let pooling), .averagePool(let pooling, _):
            return LayerShape(channels: inputs[0].channels, extent: pooling.outputExtent(of: inputs[0].extent))
        case .globalAveragePool:
            return LayerShape(channels: inputs[0].channels, extent: .one)
        case .add:
            try expectChannels(inputs[1].channels)
            guard inputs[0].extent == inputs[1].extent else {
                throw .inputTooSmall(layer: node.name, extent: inputs[1].extent)
            }
            return inputs[0]
        case .concatenate:
            guard inputs.allSatisfy({ $0.extent == inputs[0].extent }) else {
                throw .inputTooSmall(layer: node.name, extent: inputs[0].extent)
            }
            return LayerShape(channels: inputs.map(\.channels).reduce(0, +), extent: inputs[0].extent)
        case .stridedShortcut(let outputChannels, let stride, _):
            let pick = Pooling(kernel: .one, stride: stride)
            return LayerShape(channels: outputChannels, extent: pick.outputExtent(of: inputs[0].extent))
        case .linear(let inputCount, let outputs):
            guard inputs[0].count == inputCount else {
                throw .channelMismatch(layer: node.name, expected: inputCount, got: inputs[0].count)
            }
            return LayerShape(channels: outputs, extent: .one)
        }
    }

    /// Floating-point operations of every layer for one input; a multiply and an add are two. Counted are
    /// convolutions and linear layers, as papers do.
    ///
    /// - Throws: as ``shapes(of:)``.
    package func floatingPointOperations(inputExtent: Extent) throws(NeuralNetworkError) -> [Int] {
        let shapes = try shapes(of: inputExtent)
        return zip(nodes, shapes).map { node, shape in
            switch node.operation {
            case .convolution(let convolution):
                Self.product([2, convolution.patchCount, shape.channels, shape.extent.volume])
            case .linear(let inputs, let outputs): Self.product([2, inputs, outputs])
            default: 0
            }
        }
    }

    /// The product, or the largest number where it would overflow.
    private static func product(_ factors: [Int]) -> Int {
        factors.reduce(1) { product, factor in
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            return overflow ? .max : next
        }
    }
}
