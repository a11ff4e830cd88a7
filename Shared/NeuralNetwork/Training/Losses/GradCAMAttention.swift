package import Tensors

/// Attention in training: the Grad-CAM of the true class is drawn towards the lesion's mask M (methods.md, after Li et
/// al. 2018 and Ouyang et al. 2020).
///
/// With a layer's activations A and α_k = mean over the grid of ∂y^c/∂A_k, for each item
/// U = up-sampled ReLU(Σ_k α_k A_k), Â = (U − min U)/(max U − min U), T = σ(ω(Â − s)), and the term is
/// λ · Σ(T − M)² / (ΣT + ΣM), the mean over the batch. α is a constant of the derivative. Where a map has no
/// differences Â is zero, and so is the derivative. Equal smallest or largest values share the derivative by them.
package struct GradCAMAttention: Sendable {
    /// ω: how steep the mask's edge is.
    package var slope: Float
    /// s: where it lies.
    package var threshold: Float
    /// λ.
    package var weight: Float

    package init(slope: Float = 30, threshold: Float = 0.6, weight: Float = 0.5) {
        self.slope = slope
        self.threshold = threshold
        self.weight = weight
    }

    /// The term of a batch.
    package struct Result {
        /// λ · the mean of the items' terms.
        package let value: Float
        /// By the activations, of their shape: to be given to ``TrainingNetwork/backward(from:)``.
        package let gradient: Tensor
        /// Â, [N] and the input's extents.
        package let map: Tensor
    }

    /// - Parameters:
    ///   - activations: A, [N, K, extent of the layer].
    ///   - classGradient: ∂y^c/∂A of each item's true class, of the same shape:
    ///     ``TrainingNetwork/gradient(of:from:)`` with a 1 at each item's class.
    ///   - mask: M, [N] and the input's extents, 0 to 1.
    /// - Returns: the term, its derivative and the maps.
    /// - Throws: `TrainingError.shapeMismatch`.
    package func evaluate(activations: Tensor, classGradient: Tensor, mask: Tensor) throws -> Result {
        let shape = activations.shape
        guard (4...5).contains(shape.count), shape.allSatisfy({ $0 > 0 }), classGradient.shape == shape else {
            throw TrainingError.shapeMismatch(what: "class gradient", expected: shape, got: classGradient.shape)
        }
        guard mask.shape.count == shape.count - 1, mask.shape[0] == shape[0], mask.shape.allSatisfy({ $0 > 0 }) else {
            throw TrainingError.shapeMismatch(
                what: "mask", expected: [shape[0]] + [Int](repeating: 0, count: shape.count - 2), got: mask.shape)
        }
        let source = try Extent(Array(shape[2...]))
        let target = try Extent(Array(mask.shape[1...]))
        let (batch, channels, positions) = (shape[0], shape[1], source.volume)
        let (values, slopes, masks) = (activations.floats(), classGradient.floats(), mask.floats())
        var gradient = [Float](repeating: 0, count: values.count)
        var maps: [Float] = []
        maps.reserveCapacity(masks.count)
        var total = 0.0
        for item in 0..<batch {
            let start = item * channels * positions
            var alphas = [Float](repeating: 0, count: channels)
            var coarse = [Float](repeating: 0, count: positions)
            for channel in 0..<channels {
                let offset = start + channel * positions
                var sum = 0.0
                for position in 0..<positions { sum += Double(slopes[offset + position]) }
                alphas[channel] = Float(sum / Double(positions))
                for position in 0..<positions { coarse[position] += alphas[channel] * values[offset + position] }
            }
            let fine = LinearUpsampling.upsample(coarse.map { max($0, 0) }, from: source, to: target)
            let item = item * target.volume..<(item + 1) * target.volume
            let term = term(of: fine, mask: masks[item], batch: batch)
            total += term.value
            maps += term.map
            let back = LinearUpsampling.transposed(term.gradient, from: source, to: target)
            for channel in 0..<channels {
                let offset = start + channel * positions
                for position in 0..<positions where coarse[position] > 0 {
                    gradient[offset + position] = alphas[channel] * back[position]
                }
            }
        }
        return Result(
            value: Float(total), gradient: try Tensor(shape: shape, floats: gradient),
            map: try Tensor(shape: mask.shape, floats: maps))
    }

    /// One item's share of the loss, Â, and the derivative by U.
    private func term(
        of fine: [Float], mask: ArraySlice<Float>, batch: Int
    ) -> (value: Double, map: [Float], gradient: [Float]) {
        let (smallest, largest) = (fine.min() ?? 0, fine.max() ?? 0)
        let range = largest - smallest
        let map = fine.map { range > 0 ? ($0 - smallest) / range : 0 }
        let soft = map.map { Activations.sigmoid(Double(slope) * (Double($0) - Double(threshold))) }
        var (squares, size) = (0.0, 0.0)
        for (value, inside) in zip(soft, mask) {
            squares += (value - Double(inside)) * (value - Double(inside))
            size += value + Double(inside)
        }
        let factor = Double(weight) / Double(batch)
        var gradient = [Float](repeating: 0, count: fine.count)
        guard range > 0 else { return (factor * squares / size, map, gradient) }
        var (bySmallest, byLargest) = (0.0, 0.0)
        for (index, (value, inside)) in zip(soft, mask).enumerated() {
            let bySoft = 2 * (value - Double(inside)) / size - squares / (size * size)
            let byMap = factor * bySoft * Double(slope) * value * (1 - value) / Double(range)
            gradient[index] = Float(byMap)
            bySmallest += byMap * (Double(map[index]) - 1)
            byLargest -= byMap * Double(map[index])
        }
        for (extreme, derivative) in [(smallest, bySmallest), (largest, byLargest)] {
            let places = fine.indices.filter { fine[$0] == extreme }
            for index in places { gradient[index] += Float(derivative / Double(places.count)) }
        }
        return (factor * squares / size, map, gradient)
    }
}

extension LinearUpsampling {
    /// The derivative of ``upsample(_:from:to:)``: from one by its result to one by its values.
    static func transposed(_ gradient: [Float], from source: Extent, to target: Extent) -> [Float] {
        var result = gradient
        result = back(result, outer: 1, from: source.depth, to: target.depth, inner: target.height * target.width)
        result = back(result, outer: source.depth, from: source.height, to: target.height, inner: target.width)
        return back(result, outer: source.depth * source.height, from: source.width, to: target.width, inner: 1)
    }

    private static func back(_ gradient: [Float], outer: Int, from: Int, to: Int, inner: Int) -> [Float] {
        guard from != to else { return gradient }
        var result = [Float](repeating: 0, count: outer * from * inner)
        let scale = Float(from) / Float(to)
        for position in 0..<to {
            let exact = max(0, (Float(position) + 0.5) * scale - 0.5)
            let first = min(Int(exact), from - 1)
            let second = min(first + 1, from - 1)
            let weight = exact - Float(first)
            for block in 0..<outer {
                for index in 0..<inner {
                    let value = gradient[(block * to + position) * inner + index]
                    result[(block * from + first) * inner + index] += value * (1 - weight)
                    result[(block * from + second) * inner + index] += value * weight
                }
            }
        }
        return result
    }
}
