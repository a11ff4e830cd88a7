/// What a cut does to cases of two classes. Shares are nil where there is nothing to divide by.
package struct ConfusionCounts: Sendable, Equatable {
    package var truePositives: Int
    package var falsePositives: Int
    package var falseNegatives: Int
    package var trueNegatives: Int

    package init(truePositives: Int, falsePositives: Int, falseNegatives: Int, trueNegatives: Int) {
        self.truePositives = truePositives
        self.falsePositives = falsePositives
        self.falseNegatives = falseNegatives
        self.trueNegatives = trueNegatives
    }

    /// A score at or above the threshold is called positive.
    package init(_ cases: LabeledScores, threshold: Double) {
        self.init(truth: cases.labels, calls: cases.scores.map { $0 >= threshold })
    }

    /// - Precondition: as many calls as truths.
    package init(truth: [Bool], calls: [Bool]) {
        precondition(truth.count == calls.count, "a call for each case")
        self.init(truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0)
        for (isPositive, isCalled) in zip(truth, calls) {
            switch (isPositive, isCalled) {
            case (true, true): truePositives += 1
            case (false, true): falsePositives += 1
            case (true, false): falseNegatives += 1
            case (false, false): trueNegatives += 1
            }
        }
    }

    package var count: Int { truePositives + falsePositives + falseNegatives + trueNegatives }

    package var sensitivity: Proportion? { Proportion(truePositives, of: truePositives + falseNegatives) }
    package var specificity: Proportion? { Proportion(trueNegatives, of: trueNegatives + falsePositives) }
    package var positivePredictiveValue: Proportion? { Proportion(truePositives, of: truePositives + falsePositives) }
    package var negativePredictiveValue: Proportion? { Proportion(trueNegatives, of: trueNegatives + falseNegatives) }
    package var accuracy: Proportion? { Proportion(truePositives + trueNegatives, of: count) }

    /// The area under the two-segment curve through this one point.
    package var area: Double? {
        guard let sensitivity, let specificity else { return nil }
        return (sensitivity.value + specificity.value) / 2
    }

    /// Matthews' correlation; 0 where a row or column is empty.
    package var matthewsCorrelation: Double {
        let (tp, fp) = (Double(truePositives), Double(falsePositives))
        let (fn, tn) = (Double(falseNegatives), Double(trueNegatives))
        let product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        return product == 0 ? 0 : (tp * tn - fp * fn) / product.squareRoot()
    }
}
