package import Tensors

/// The second pass of GAIN (Li et al., CVPR 2018): what the network attends to is erased from the input,
/// I* = I − T(Â) ⊙ I with T = σ(ω(Â − s)), and the probability of the true class that is left is a loss: a map that
/// covers all that speaks for the class leaves nothing of it.
///
/// The derivative goes through the network's second pass, and by the erased region to the first pass's activations.
package struct AttentionErasure: Sendable {
    /// ω of T.
    package var slope: Float
    /// s of T.
    package var threshold: Float
    /// What the mean probability is multiplied by.
    package var weight: Float

    package init(slope: Float = 30, threshold: Float = 0.6, weight: Float = 1) {
        self.slope = slope
        self.threshold = threshold
        self.weight = weight
    }

    /// I*.
    ///
    /// - Parameters:
    ///   - maps: of the batch.
    ///   - input: I, [N, C] and the input's extents.
    /// - Returns: of the input's shape.
    /// - Throws: `TrainingError.shapeMismatch`.
    package func erased(_ maps: GradCAMMaps, from input: Tensor) throws -> Tensor {
        let channels = try self.channels(maps, input)
        var values = input.floats()
        for (item, map) in maps.maps.enumerated() {
            let kept = map.map { Float(1 - soft($0)) }
            for channel in 0..<channels {
                let offset = (item * channels + channel) * map.count
                for index in kept.indices { values[offset + index] *= kept[index] }
            }
        }
        return try Tensor(shape: input.shape, floats: values)
    }

    /// The mean probability of the true classes, weighted, and its derivative by the logits.
    ///
    /// - Parameters:
    ///   - logits: of the erased input, [N, 1] or [N, 2].
    ///   - labels: 0 or 1, one for each item.
    /// - Returns: the loss and its derivative.
    /// - Throws: `TrainingError.shapeMismatch`, `invalidValue`.
    package func evaluate(_ logits: Tensor, labels: [Int]) throws -> Loss {
        guard logits.shape.count == 2, [1, 2].contains(logits.shape[1]), labels.count == logits.shape[0],
            !labels.isEmpty
        else {
            throw TrainingError.shapeMismatch(
                what: "logits of an erased input", expected: [labels.count, 2], got: logits.shape)
        }
        guard labels.allSatisfy({ $0 == 0 || $0 == 1 }) else {
            throw TrainingError.invalidValue("a label is 0 or 1")
        }
        let columns = logits.shape[1]
        let values = logits.floats()
        let factor = Double(weight) / Double(labels.count)
        var gradient = [Float](repeating: 0, count: values.count)
        var total = 0.0
        for (item, label) in labels.enumerated() {
            let row = item * columns
            let margin = Double(columns == 1 ? values[row] : values[row + 1] - values[row])
            let sign = label == 1 ? 1.0 : -1.0
            let probability = Activations.sigmoid(sign * margin)
            total += factor * probability
            let slope = Float(factor * sign * probability * (1 - probability))
            gradient[row + columns - 1] = slope
            if columns == 2 { gradient[row] = -slope }
        }
        return Loss(value: Float(total), gradient: try Tensor(shape: logits.shape, floats: gradient))
    }

    /// The derivative by the first pass's activations.
    ///
    /// - Parameters:
    ///   - maps: of the batch.
    ///   - input: I, [N, C] and the input's extents.
    ///   - byErased: the loss's derivative by I*: ``TrainingNetwork/inputGradient()`` after the second pass.
    /// - Returns: of the activations' shape, to be given to ``TrainingNetwork/backward(from:)``.
    /// - Throws: `TrainingError.shapeMismatch`.
    package func gradient(_ maps: GradCAMMaps, input: Tensor, byErased: Tensor) throws -> Tensor {
        let channels = try self.channels(maps, input)
        guard byErased.shape == input.shape else {
            throw TrainingError.shapeMismatch(
                what: "derivative by the erased input", expected: input.shape, got: byErased.shape)
        }
        let (values, slopes) = (input.floats(), byErased.floats())
        let byMaps = maps.maps.enumerated().map { item, map in
            var byMap = [Double](repeating: 0, count: map.count)
            for channel in 0..<channels {
                let offset = (item * channels + channel) * map.count
                for index in map.indices {
                    byMap[index] -= Double(values[offset + index]) * Double(slopes[offset + index])
                }
            }
            for index in map.indices {
                let value = soft(map[index])
                byMap[index] *= Double(slope) * value * (1 - value)
            }
            return byMap
        }
        return try maps.derivative(byMaps)
    }

    private func soft(_ value: Float) -> Double {
        Activations.sigmoid(Double(slope) * (Double(value) - Double(threshold)))
    }

    private func channels(_ maps: GradCAMMaps, _ input: Tensor) throws -> Int {
        let extents = maps.extents
        guard input.shape.count == extents.count + 2, input.shape[0] == maps.maps.count,
            Array(input.shape[2...]) == extents
        else {
            throw TrainingError.shapeMismatch(
                what: "input to erase from", expected: [maps.maps.count, 0] + extents, got: input.shape)
        }
        return input.shape[1]
    }
}
