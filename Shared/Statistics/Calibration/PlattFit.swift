#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The line `slope · score + intercept` whose sigmoid has the least log loss: logistic regression of the label on the
/// score without penalty (Platt 1999), by Newton's method.
package struct PlattFit: Sendable, Equatable {
    package let slope: Double
    package let intercept: Double
    /// Whether Platt's smoothed targets were used: a cut parts the classes, so that the labels alone would ask for an
    /// endless slope.
    package let isSmoothed: Bool

    /// - Parameters:
    ///   - scores: of the cases; any finite numbers.
    ///   - labels: whether each case is positive.
    /// - Throws: ``StatisticsError`` for different lengths, scores that are not finite or all the same, or cases of one
    ///   class only.
    package init(scores: [Double], labels: [Bool]) throws(StatisticsError) {
        let cases = try LabeledScores(labels: labels, scores: scores)
        try cases.requireBothClasses()
        let targets = try CalibrationTargets(labels: labels.map { $0 ? 1 : 0 }, classes: 2)
        let count = Double(cases.count)
        let mean = scores.reduce(0, +) / count
        let deviation = (scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
        guard deviation > 0 else {
            throw .invalidArgument("the scores are all the same: they say nothing of the labels")
        }
        let isParted = Self.areParted(cases)
        isSmoothed = isParted
        let wanted = labels.map { isPositive -> Double in
            guard isParted else { return isPositive ? 1 : 0 }
            let (own, other) = targets.smoothed(isPositive ? 1 : 0)
            return isPositive ? own : other
        }
        // Of unit spread, so that Newton's equations are well conditioned whatever the scores' unit.
        let line = Self.newton(scores.map { ($0 - mean) / deviation }, wanted)
        slope = line.slope / deviation
        intercept = line.intercept - line.slope * mean / deviation
    }

    /// Whether a cut leaves no positive case on the negatives' side.
    private static func areParted(_ cases: LabeledScores) -> Bool {
        var (least, most) = ([Double.infinity, .infinity], [-Double.infinity, -.infinity])
        for (label, score) in zip(cases.labels, cases.scores) {
            least[label ? 1 : 0] = min(least[label ? 1 : 0], score)
            most[label ? 1 : 0] = max(most[label ? 1 : 0], score)
        }
        return most[0] <= least[1] || most[1] <= least[0]
    }

    private static func newton(_ scores: [Double], _ wanted: [Double]) -> (slope: Double, intercept: Double) {
        let share = wanted.reduce(0, +) / Double(wanted.count)
        var line = (slope: 0.0, intercept: log(share / (1 - share)))
        var loss = logLoss(line, scores, wanted)
        for _ in 0..<200 {
            var gradient = (0.0, 0.0)
            var (aa, ab, bb) = (0.0, 0.0, 0.0)
            for (score, wish) in zip(scores, wanted) {
                let probability = sigmoid(line.slope * score + line.intercept)
                let weight = probability * (1 - probability)
                gradient.0 += (probability - wish) * score
                gradient.1 += probability - wish
                aa += weight * score * score
                ab += weight * score
                bb += weight
            }
            let determinant = aa * bb - ab * ab
            guard determinant > 0 else { break }
            let step = (
                (bb * gradient.0 - ab * gradient.1) / determinant, (aa * gradient.1 - ab * gradient.0) / determinant
            )
            let length = max(abs(step.0), abs(step.1))
            var share = 1.0
            var next = (slope: line.slope - step.0, intercept: line.intercept - step.1)
            var nextLoss = logLoss(next, scores, wanted)
            // Far from the least a whole step may lead uphill; near it the loss cannot tell any more.
            while nextLoss > loss, length * share > 1e-5 {
                share /= 2
                next = (slope: line.slope - share * step.0, intercept: line.intercept - share * step.1)
                nextLoss = logLoss(next, scores, wanted)
            }
            (line, loss) = (next, nextLoss)
            if length <= 1e-13 { break }
        }
        return line
    }

    private static func logLoss(
        _ line: (slope: Double, intercept: Double), _ scores: [Double], _ wanted: [Double]
    ) -> Double {
        zip(scores, wanted).reduce(0) { sum, one in
            let value = line.slope * one.0 + line.intercept
            return sum + max(value, 0) + log1p(exp(-abs(value))) - one.1 * value
        }
    }

    private static func sigmoid(_ value: Double) -> Double {
        value >= 0 ? 1 / (1 + exp(-value)) : exp(value) / (1 + exp(value))
    }
}
