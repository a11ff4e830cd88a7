/// Scores of cases of which it is known whether they are positive; a higher score speaks for positive.
package struct LabeledScores: Sendable, Equatable {
    package let labels: [Bool]
    package let scores: [Double]

    /// - Throws: ``StatisticsError`` for different lengths, no cases, or a score that is not finite.
    package init(labels: [Bool], scores: [Double]) throws(StatisticsError) {
        guard !labels.isEmpty else { throw .empty }
        guard scores.count == labels.count else {
            throw .lengthMismatch(expected: labels.count, got: scores.count, what: "scores")
        }
        if let index = scores.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index, what: "the score") }
        self.labels = labels
        self.scores = scores
    }

    package var count: Int { labels.count }
    package var positives: Int { labels.count { $0 } }
    package var negatives: Int { labels.count - positives }

    /// - Throws: ``StatisticsError/oneClassOnly(positives:negatives:)``.
    package func requireBothClasses() throws(StatisticsError) {
        guard positives > 0, negatives > 0 else {
            throw .oneClassOnly(positives: positives, negatives: negatives)
        }
    }

    /// The cases at these positions, in this order; positions may repeat.
    package func picking(_ positions: [Int]) throws(StatisticsError) -> LabeledScores {
        try LabeledScores(labels: positions.map { labels[$0] }, scores: positions.map { scores[$0] })
    }
}
