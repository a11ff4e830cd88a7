/// Scores sorted once, of which areas and curves are had with any weights of the cases.
package struct RankedScores: Sendable {
    /// Positions from the highest score to the lowest.
    private let order: [Int]
    /// Whether the score at this place of the order is that of the next place, too.
    private let isTied: [Bool]
    private let labels: [Bool]

    /// - Throws: ``StatisticsError/oneClassOnly(positives:negatives:)``.
    package init(_ cases: LabeledScores) throws(StatisticsError) {
        try cases.requireBothClasses()
        let order = cases.scores.indices.sorted { cases.scores[$0] > cases.scores[$1] }
        self.order = order
        isTied = order.indices.map {
            $0 + 1 < order.count && cases.scores[order[$0]] == cases.scores[order[$0 + 1]]
        }
        labels = cases.labels
    }

    /// P(s⁺ > s⁻) + ½ P(s⁺ = s⁻), each case counted as often as its weight says; nil where a class has no weight.
    package func area(weights: [Int]) -> Double? {
        var (hits, alarms) = (0, 0)
        var (tiedHits, tiedAlarms) = (0, 0)
        // Twice the area below, in whole pairs.
        var doubled = 0
        for (place, index) in order.enumerated() {
            if labels[index] { tiedHits += weights[index] } else { tiedAlarms += weights[index] }
            if isTied[place] { continue }
            doubled += tiedAlarms * (2 * hits + tiedHits)
            hits += tiedHits
            alarms += tiedAlarms
            (tiedHits, tiedAlarms) = (0, 0)
        }
        guard hits > 0, alarms > 0 else { return nil }
        return Double(doubled) / 2 / Double(hits) / Double(alarms)
    }

    /// The true positive rate at each of these false positive rates, on straight lines between the curve's points.
    ///
    /// - Parameters:
    ///   - rates: false positive rates, ascending from 0 to 1.
    ///   - weights: how often each case counts.
    /// - Returns: one rate for each; nil where a class has no weight.
    func truePositiveRates(at rates: [Double], weights: [Int]) -> [Double]? {
        var (hits, alarms) = (0, 0)
        for index in order { if labels[index] { hits += weights[index] } else { alarms += weights[index] } }
        guard hits > 0, alarms > 0 else { return nil }
        let (positives, negatives) = (Double(hits), Double(alarms))
        var result = [Double](repeating: 1, count: rates.count)
        var next = 0
        var last = SIMD2(0.0, 0.0)
        (hits, alarms) = (0, 0)
        for (place, index) in order.enumerated() {
            if labels[index] { hits += weights[index] } else { alarms += weights[index] }
            if isTied[place] { continue }
            let point = SIMD2(Double(alarms) / negatives, Double(hits) / positives)
            while next < rates.count, rates[next] < point.x {
                let along = (rates[next] - last.x) / (point.x - last.x)
                result[next] = last.y + along * (point.y - last.y)
                next += 1
            }
            last = point
        }
        return result
    }
}

/// How sure a ROC curve is, from resampled patients.
package struct ROCBand: Sendable, Equatable {
    package struct Point: Sendable, Equatable {
        package let falsePositiveRate: Double
        package let lower: Double
        package let upper: Double
    }

    package let points: [Point]

    /// Percentiles of the true positive rate at fixed false positive rates (vertical averaging, Fawcett 2006).
    ///
    /// - Parameters:
    ///   - cases: with both classes.
    ///   - patients: whose each case is.
    ///   - steps: between the false positive rates 0 and 1.
    ///   - resamples: how many are drawn.
    ///   - seed: the same seed draws the same patients.
    ///   - level: of the band at each point, such as 0.95.
    /// - Throws: ``StatisticsError`` for different lengths, one class only, or a single patient.
    package init(
        _ cases: LabeledScores, patients: [String], steps: Int = 50, resamples: Int = 500, seed: UInt64 = 1,
        level: Double = 0.95
    ) throws(StatisticsError) {
        guard patients.count == cases.count else {
            throw .lengthMismatch(expected: cases.count, got: patients.count, what: "patients")
        }
        let ranked = try RankedScores(cases)
        let rates = (0...max(1, steps)).map { Double($0) / Double(max(1, steps)) }
        var columns = [[Double]](repeating: [], count: rates.count)
        try PatientResampling(patients: patients, resamples: resamples, seed: seed).forEach { weights in
            guard let found = ranked.truePositiveRates(at: rates, weights: weights) else { return }
            for (column, value) in found.enumerated() { columns[column].append(value) }
        }
        guard let drawn = columns.first?.count, drawn > 0 else {
            throw .invalidArgument("no resample of the patients held both classes")
        }
        points = zip(rates, columns).map { rate, values in
            let sorted = values.sorted()
            return Point(
                falsePositiveRate: rate, lower: PatientResampling.percentile(sorted, (1 - level) / 2),
                upper: PatientResampling.percentile(sorted, (1 + level) / 2))
        }
    }
}
