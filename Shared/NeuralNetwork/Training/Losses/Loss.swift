package import Tensors

/// A loss of a batch, and its derivative.
package struct Loss {
    /// The mean over the batch; NaN or infinite where the network's outputs were.
    package let value: Float
    /// By the logits, of their shape.
    package let gradient: Tensor

    package var isFinite: Bool { value.isFinite }
}

/// Binary cross-entropy with logits: −w t ln p − (1 − t) ln(1 − p), the mean over the batch.
///
/// With one logit per item p = σ(z); with two p = σ(z₁ − z₀), which is softmax's probability of the second class.
package struct BinaryCrossEntropy: Sendable {
    /// w: how much more a positive item counts than a negative one, as PyTorch's `pos_weight`.
    package var positiveWeight: Float

    package init(positiveWeight: Float = 1) { self.positiveWeight = positiveWeight }

    /// - Parameters:
    ///   - logits: [N, 1] or [N, 2].
    ///   - targets: t of each item, 0 to 1.
    /// - Returns: the loss and its derivative.
    /// - Throws: `TrainingError.shapeMismatch`, `invalidValue`.
    package func evaluate(_ logits: Tensor, targets: [Float]) throws -> Loss {
        guard logits.shape.count == 2, [1, 2].contains(logits.shape[1]), targets.count == logits.shape[0],
            !targets.isEmpty
        else {
            throw TrainingError.shapeMismatch(
                what: "logits of binary cross-entropy", expected: [targets.count, 1], got: logits.shape)
        }
        guard targets.allSatisfy({ (0...1).contains($0) }) else {
            throw TrainingError.invalidValue("targets of binary cross-entropy lie between 0 and 1")
        }
        guard positiveWeight > 0, positiveWeight.isFinite else {
            throw TrainingError.invalidValue("positiveWeight must be above 0, got \(positiveWeight)")
        }
        let columns = logits.shape[1]
        let values = logits.floats()
        var total = 0.0
        var gradient = [Float](repeating: 0, count: values.count)
        for (item, target) in targets.enumerated() {
            let row = item * columns
            let logit = Double(columns == 1 ? values[row] : values[row + 1] - values[row])
            let (positive, negative) = (Double(positiveWeight * target), Double(1 - target))
            // ln(1 + e^−|z|) of either sign; −ln p = softplus(−z), −ln(1 − p) = softplus(z).
            let soft = logarithmOfOnePlus(exponential(-abs(logit)))
            total += positive * (max(-logit, 0) + soft) + negative * (max(logit, 0) + soft)
            let probability = Activations.sigmoid(logit)
            let slope = Float((negative * probability - positive * (1 - probability)) / Double(targets.count))
            if columns == 1 {
                gradient[row] = slope
            } else {
                gradient[row] = -slope
                gradient[row + 1] = slope
            }
        }
        return Loss(
            value: Float(total / Double(targets.count)), gradient: try Tensor(shape: logits.shape, floats: gradient))
    }
}

/// Cross-entropy of softmax, as PyTorch's with class weights w and label smoothing s: with p = softmax(z), y the class
/// and K classes, Σ ((1 − s) w_y (−ln p_y) + s/K Σ_c w_c (−ln p_c)) / Σ w_y over the batch.
package struct SoftmaxCrossEntropy: Sendable {
    /// w, one per class; nil: all 1.
    package var classWeights: [Float]?
    package var labelSmoothing: Float

    package init(classWeights: [Float]? = nil, labelSmoothing: Float = 0) {
        self.classWeights = classWeights
        self.labelSmoothing = labelSmoothing
    }

    /// - Parameters:
    ///   - logits: [N, K].
    ///   - targets: each item's class, 0 ..< K.
    /// - Returns: the loss and its derivative.
    /// - Throws: `TrainingError.shapeMismatch`, `invalidValue`.
    package func evaluate(_ logits: Tensor, targets: [Int]) throws -> Loss {
        guard logits.shape.count == 2, targets.count == logits.shape[0], !targets.isEmpty, logits.shape[1] > 0 else {
            throw TrainingError.shapeMismatch(
                what: "logits of cross-entropy", expected: [targets.count, classWeights?.count ?? 0],
                got: logits.shape)
        }
        let classes = logits.shape[1]
        let weights = (classWeights ?? [Float](repeating: 1, count: classes)).map(Double.init)
        guard weights.count == classes, weights.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw TrainingError.invalidValue("class weights must be \(classes) numbers that are not negative")
        }
        guard targets.allSatisfy({ (0..<classes).contains($0) }) else {
            throw TrainingError.invalidValue("a target is a class from 0 to \(classes - 1)")
        }
        guard (0..<1).contains(labelSmoothing) else {
            throw TrainingError.invalidValue("label smoothing lies between 0 and 1, got \(labelSmoothing)")
        }
        let divisor = targets.reduce(0) { $0 + weights[$1] }
        guard divisor > 0 else {
            throw TrainingError.invalidValue("every class of the batch has the weight 0")
        }
        let smoothing = Double(labelSmoothing)
        let values = logits.floats()
        var total = 0.0
        var gradient = [Float](repeating: 0, count: values.count)
        for (item, target) in targets.enumerated() {
            let row = values[item * classes..<(item + 1) * classes].map(Double.init)
            let largest = row.max() ?? 0
            let exponentials = row.map { exponential($0 - largest) }
            let sum = exponentials.reduce(0, +)
            let logSum = logarithmOfOnePlus(sum - 1) + largest
            // What each class's −ln p counts; the gradient is p · Σ share − share.
            var shares = weights.map { smoothing / Double(classes) * $0 / divisor }
            shares[target] += (1 - smoothing) * weights[target] / divisor
            let whole = shares.reduce(0, +)
            for index in row.indices {
                if shares[index] > 0 { total += shares[index] * (logSum - row[index]) }
                gradient[item * classes + index] = Float(exponentials[index] / sum * whole - shares[index])
            }
        }
        return Loss(value: Float(total), gradient: try Tensor(shape: logits.shape, floats: gradient))
    }
}
