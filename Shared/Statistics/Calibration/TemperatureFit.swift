#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The temperature by which logits are divided so that their softmax has the least log loss (Guo et al., ICML 2017).
///
/// The log loss is convex in β = 1/T: f'(β) = Σ (E_p[z] − z_y), f''(β) = Σ Var_p[z]. Newton's method within a bracket
/// finds its least.
package struct TemperatureFit: Sendable, Equatable {
    package let temperature: Double
    /// Whether Platt's smoothed targets were used: every case is on its right side, so that the labels alone would ask
    /// for a temperature of 0.
    package let isSmoothed: Bool

    /// - Parameters:
    ///   - logits: one row per case, one number per class (at least two).
    ///   - labels: the class of each case, from 0.
    /// - Throws: ``StatisticsError`` for rows of different lengths, values that are not finite, cases of one class only,
    ///   or logits that say nothing of the labels, so that no temperature above 0 is best.
    package init(logits: [[Double]], labels: [Int]) throws(StatisticsError) {
        try Self.check(logits, labels)
        let classes = logits[0].count
        let targets = try CalibrationTargets(labels: labels, classes: classes)
        // With β = 0 all classes are equally likely: only a negative slope there leads to a temperature.
        let slope = zip(logits, labels).reduce(0) { sum, one in
            sum + one.0.reduce(0, +) / Double(classes) - one.0[one.1]
        }
        guard slope < 0 else {
            throw .invalidArgument(
                "the logits speak against the labels, or say nothing of them: no temperature above 0 makes them better; "
                    + "check the order of the labels")
        }
        isSmoothed = zip(logits, labels).allSatisfy { row, label in row.allSatisfy { $0 <= row[label] } }
        var wanted: [Double] = []
        for (row, label) in zip(logits, labels) {
            if isSmoothed {
                let (own, other) = targets.smoothed(label)
                wanted.append(row.reduce(0, +) * other + row[label] * (own - other))
            } else {
                wanted.append(row[label])
            }
        }
        temperature = 1 / Self.inverseTemperature(logits, wanted)
    }

    private static func check(_ logits: [[Double]], _ labels: [Int]) throws(StatisticsError) {
        guard let first = logits.first else { throw .empty }
        guard labels.count == logits.count else {
            throw .lengthMismatch(expected: logits.count, got: labels.count, what: "labels")
        }
        guard first.count > 1 else { throw .invalidArgument("logits: expected two numbers or more for each case") }
        for (index, row) in logits.enumerated() {
            guard row.count == first.count else {
                throw .lengthMismatch(expected: first.count, got: row.count, what: "the logits of case \(index + 1)")
            }
            guard row.allSatisfy(\.isFinite) else { throw .notFinite(index: index, what: "a logit") }
        }
    }

    /// The root of f', which grows from below 0 at β = 0.
    private static func inverseTemperature(_ logits: [[Double]], _ wanted: [Double]) -> Double {
        var (low, high) = (0.0, 1.0)
        while derivatives(high, logits, wanted).first < 0, high < 1e300 { (low, high) = (high, high * 2) }
        var beta = low > 0 ? low : 0.5
        for _ in 0..<200 {
            let (first, second) = derivatives(beta, logits, wanted)
            if first == 0 { break }
            if first < 0 { low = beta } else { high = beta }
            let newton = beta - first / second
            let next = newton > low && newton < high ? newton : (low + high) / 2
            if abs(next - beta) <= 1e-14 * beta { break }
            beta = next
        }
        return beta
    }

    private static func derivatives(
        _ beta: Double, _ logits: [[Double]], _ wanted: [Double]
    ) -> (first: Double, second: Double) {
        var (first, second) = (0.0, 0.0)
        for (row, wish) in zip(logits, wanted) {
            // Around the largest, which neither derivative minds and no power then overflows.
            let largest = row.max() ?? 0
            var (mass, mean, square) = (0.0, 0.0, 0.0)
            for value in row {
                let distance = value - largest
                let weight = exp(beta * distance)
                mass += weight
                mean += weight * distance
                square += weight * distance * distance
            }
            mean /= mass
            first += mean - (wish - largest)
            second += square / mass - mean * mean
        }
        return (first, second)
    }
}
