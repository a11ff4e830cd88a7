package import Tensors

/// Attention in training: the Grad-CAM of the true class is drawn towards the lesion's mask M (methods.md, after Li et
/// al. 2018 and Ouyang et al. 2020).
///
/// With Â of ``GradCAMMaps`` and T = σ(ω(Â − s)) the term is λ · Σ(T − M)² / (ΣT + ΣM), the mean over the batch.
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
    ///   - classGradient: ∂y^c/∂A of each item's true class, of the same shape.
    ///   - mask: M, [N] and the input's extents, 0 to 1.
    /// - Returns: the term, its derivative and the maps.
    /// - Throws: `TrainingError.shapeMismatch`.
    package func evaluate(activations: Tensor, classGradient: Tensor, mask: Tensor) throws -> Result {
        let maps = try GradCAMMaps(
            activations: activations, classGradient: classGradient, extents: Array(mask.shape.dropFirst()))
        return try evaluate(maps, mask: mask)
    }

    /// - Parameters:
    ///   - maps: of the batch.
    ///   - mask: M, [N] and the input's extents, 0 to 1.
    /// - Returns: the term, its derivative and the maps.
    /// - Throws: `TrainingError.shapeMismatch`.
    package func evaluate(_ maps: GradCAMMaps, mask: Tensor) throws -> Result {
        let map = try maps.tensor()
        guard mask.shape == map.shape else {
            throw TrainingError.shapeMismatch(what: "mask", expected: map.shape, got: mask.shape)
        }
        let masks = mask.floats()
        var total = 0.0
        var byMaps: [[Double]] = []
        for (item, values) in maps.maps.enumerated() {
            let term = term(
                of: values, mask: masks[item * values.count..<(item + 1) * values.count], batch: maps.maps.count)
            total += term.value
            byMaps.append(term.byMap)
        }
        return Result(value: Float(total), gradient: try maps.derivative(byMaps), map: map)
    }

    /// One item's share of the loss, and the derivative by Â.
    private func term(
        of map: [Float], mask: ArraySlice<Float>, batch: Int
    ) -> (value: Double, byMap: [Double]) {
        let soft = map.map { Activations.sigmoid(Double(slope) * (Double($0) - Double(threshold))) }
        var (squares, size) = (0.0, 0.0)
        for (value, inside) in zip(soft, mask) {
            squares += (value - Double(inside)) * (value - Double(inside))
            size += value + Double(inside)
        }
        let factor = Double(weight) / Double(batch)
        let byMap = zip(soft, mask).map { value, inside in
            let bySoft = 2 * (value - Double(inside)) / size - squares / (size * size)
            return factor * bySoft * Double(slope) * value * (1 - value)
        }
        return (factor * squares / size, byMap)
    }
}
