package import Tensors

/// Where a network looked (Selvaraju et al. 2017).
///
/// For a layer's activations A and a class score y: α_k = mean over the grid of ∂y/∂A_k, L = ReLU(Σ_k α_k A_k),
/// up-sampled to the input and scaled to [0, 1] for each input by its own smallest and largest value. A map without
/// differences is all zeros.
package struct GradCAM: Sendable {
    /// [N, D, H, W] or [N, H, W]; in [0, 1], or as it is up-sampled where no scaling was asked for.
    package let map: Tensor
    /// [N, classes], of the same forward pass.
    package let logits: Tensor
    /// [N, features], of the same forward pass: the vectors before the last layer; nil where that is not linear.
    package let features: Tensor?
}

extension InferencePlan {
    /// Grad-CAM of a layer for a weighted sum of class scores.
    ///
    /// - Parameters:
    ///   - input: as for ``run(_:)``.
    ///   - layer: one of the network's tapped layers, such as `layer3` or `Mixed_7c`.
    ///   - seed: for each input, the weight of each class's logit in the score: 1 for the class in question.
    ///   - isScaled: whether maps are scaled to [0, 1]; without it they keep the units of the score, so that maps of
    ///     several inputs or classes can be compared.
    /// - Returns: the maps, and the logits of the same forward pass.
    /// - Throws: `unknownLayer`, `scoreMismatch`, and what ``run(_:)`` throws.
    package func gradCAM(
        _ input: Tensor, layer: String, seed: [[Float]], isScaled: Bool = true
    ) throws -> GradCAM {
        guard let value = network.taps[layer] else {
            throw NeuralNetworkError.unknownLayer(layer, available: network.graph.tapNames)
        }
        let shape = try batchShape(of: input)
        let classes = try network.graph.shapes(of: shape.extent)[network.graph.output].count
        guard seed.count == shape.batch, seed.allSatisfy({ $0.count == classes }) else {
            throw NeuralNetworkError.scoreMismatch(
                expected: [shape.batch, classes], got: [seed.count, seed.first?.count ?? 0])
        }
        var logits: [Float] = []
        var features: [Float] = []
        var maps: [Float] = []
        maps.reserveCapacity(shape.batch * shape.extent.volume)
        var item = 0
        try forEachPart(of: input, shape, keepsActivations: true) { part, executable in
            logits += try Self.rows(of: network.outputValue, part, executable)
            if let known = network.featureValue { features += try Self.rows(of: known, part, executable) }
            let partSeed = Array(seed[item..<item + part.batch].joined())
            try executable.withValue(value) { activations, view in
                try executable.withGradient(of: value, seed: partSeed) { gradients, _ in
                    for index in 0..<part.batch {
                        let offset = index * view.itemStride
                        let coarse = Self.weightedSum(activations + offset, gradients + offset, view.shape)
                        var map = LinearUpsampling.upsample(coarse, from: view.extent, to: shape.extent)
                        if isScaled { Self.scaleToUnitInterval(&map) }
                        maps.append(contentsOf: map)
                    }
                }
            }
            item += part.batch
        }
        let extents = shape.extent.components(rank: network.graph.spatialRank)
        return GradCAM(
            map: try Tensor(shape: [shape.batch] + extents, floats: maps),
            logits: try Tensor(shape: [shape.batch, classes], floats: logits),
            features: features.isEmpty
                ? nil : try Tensor(shape: [shape.batch, features.count / shape.batch], floats: features))
    }

    /// ReLU(Σ_k mean(gradient_k) · A_k) of one input.
    private static func weightedSum(
        _ activations: UnsafePointer<Float>, _ gradients: UnsafePointer<Float>, _ shape: LayerShape
    ) -> [Float] {
        let positions = shape.extent.volume
        var map = [Float](repeating: 0, count: positions)
        map.withUnsafeMutableBufferPointer { map in
            let target = map.baseAddress!
            for channel in 0..<shape.channels {
                let weight = Elementwise.sum(gradients + channel * positions, count: positions) / Float(positions)
                Elementwise.accumulate(activations + channel * positions, times: weight, into: target, count: positions)
            }
            Elementwise.relu(target, into: target, count: positions)
        }
        return map
    }

    private static func scaleToUnitInterval(_ map: inout [Float]) {
        map.withUnsafeMutableBufferPointer { map in
            guard let first = map.first else { return }
            var (smallest, largest) = (first, first)
            for value in map {
                smallest = value < smallest ? value : smallest
                largest = value > largest ? value : largest
            }
            guard largest > smallest else { return map.update(repeating: 0) }
            let factor = 1 / (largest - smallest)
            for index in map.indices {
                let value = (map[index] - smallest) * factor
                map[index] = value < 1 ? value : 1
            }
        }
    }
}
