/// Net benefit of acting on a score (Vickers & Elkin 2006).
package struct DecisionCurve: Sendable, Equatable {
    package struct Point: Sendable, Equatable {
        /// The probability at which acting and not acting weigh the same.
        package let threshold: Double
        package let netBenefit: Double
        /// Of acting on everybody; acting on nobody has none.
        package let treatAll: Double
    }

    package let points: [Point]

    /// TP/n − FP/n · t/(1 − t) at each threshold t.
    ///
    /// - Throws: ``StatisticsError`` for thresholds outside of (0, 1).
    package init(
        _ cases: LabeledScores, thresholds: [Double] = (1..<100).map { Double($0) / 100 }
    ) throws(StatisticsError) {
        guard thresholds.allSatisfy({ $0 > 0 && $0 < 1 }) else {
            throw .invalidArgument("a decision curve's thresholds lie between 0 and 1")
        }
        let n = Double(cases.count)
        let prevalence = Double(cases.positives) / n
        points = thresholds.map { threshold in
            let counts = ConfusionCounts(cases, threshold: threshold)
            let odds = threshold / (1 - threshold)
            return Point(
                threshold: threshold,
                netBenefit: (Double(counts.truePositives) - Double(counts.falsePositives) * odds) / n,
                treatAll: prevalence - (1 - prevalence) * odds)
        }
    }
}
