/// A receiver operating characteristic: what each cut between scores would do.
package struct ROCCurve: Sendable, Equatable {
    package struct Point: Sendable, Equatable {
        /// A score at or above it is called positive. The first point's is infinite: nobody is.
        package let threshold: Double
        package let truePositives: Int
        package let falsePositives: Int
        package let positives: Int
        package let negatives: Int

        package var truePositiveRate: Double { Double(truePositives) / Double(positives) }
        package var falsePositiveRate: Double { Double(falsePositives) / Double(negatives) }
        package var sensitivity: Double { truePositiveRate }
        package var specificity: Double { Double(negatives - falsePositives) / Double(negatives) }
        /// Youden's index: sensitivity + specificity − 1.
        package var youden: Double { sensitivity + specificity - 1 }
        /// Youden's index times both counts: whole, so that ties are ties.
        var scaledYouden: Int { truePositives * negatives - falsePositives * positives }
    }

    /// From the highest threshold to the lowest, one for each distinct score after the infinite one.
    package let points: [Point]

    /// - Throws: ``StatisticsError/oneClassOnly(positives:negatives:)``.
    package init(_ cases: LabeledScores) throws(StatisticsError) {
        try cases.requireBothClasses()
        let (positives, negatives) = (cases.positives, cases.negatives)
        let order = cases.scores.indices.sorted { cases.scores[$0] > cases.scores[$1] }
        var points: [Point] = []
        var (hits, alarms) = (0, 0)
        func add(_ threshold: Double) {
            points.append(
                Point(
                    threshold: threshold, truePositives: hits, falsePositives: alarms, positives: positives,
                    negatives: negatives))
        }
        add(.infinity)
        for (place, index) in order.enumerated() {
            if cases.labels[index] { hits += 1 } else { alarms += 1 }
            let isLast = place == order.count - 1
            if isLast || cases.scores[order[place + 1]] != cases.scores[index] { add(cases.scores[index]) }
        }
        self.points = points
    }

    /// Every cut at which Youden's index is greatest, from the highest threshold on.
    package var youdenCuts: [Point] {
        let best = points.map(\.scaledYouden).max() ?? 0
        return points.filter { $0.scaledYouden == best }
    }

    /// Precision summed over the steps of recall: Σ (R_n − R_{n−1}) P_n.
    package var averagePrecision: Double {
        zip(points, points.dropFirst()).reduce(0) { sum, step in
            let called = step.1.truePositives + step.1.falsePositives
            return sum + (step.1.truePositiveRate - step.0.truePositiveRate) * Double(step.1.truePositives)
                / Double(called)
        }
    }
}
