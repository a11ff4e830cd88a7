package import Contracts

/// What may be trusted of one answer.
package struct TrustJudgement: Sendable, Equatable {
    /// Nil for a model that has none, and for an input outside of what the model knows: there no coverage can be claimed.
    package var labelSet: LabelSet?
    /// Nil for a model without a measure of it.
    package var outOfDistribution: OutOfDistributionFinding?
    /// Why the model's policy has no label given; nil where one is.
    package var abstention: Abstention?

    package init(
        labelSet: LabelSet? = nil, outOfDistribution: OutOfDistributionFinding? = nil, abstention: Abstention? = nil
    ) {
        self.labelSet = labelSet
        self.outOfDistribution = outOfDistribution
        self.abstention = abstention
    }

    /// Distances that no message could carry are written as this.
    private static let largestDistance = 1e30

    /// Judges an answer by what the model's folder says.
    ///
    /// - Parameters:
    ///   - model: whose `trust` it is.
    ///   - probabilities: over its labels, calibrated.
    ///   - distance: of the input's features from the training; nil for a model without a measure of it.
    init(_ model: ModelDescription, probabilities: [Double], distance: Double?) {
        guard let trust = model.trust else { return }
        if let outside = trust.outOfDistribution, let distance {
            // What is not a number is certainly not near.
            outOfDistribution = OutOfDistributionFinding(
                distance: distance <= Self.largestDistance ? distance : Self.largestDistance,
                threshold: outside.threshold)
        }
        if let conformal = trust.conformal, outOfDistribution?.isOutside != true {
            let members = zip(model.labels, probabilities).filter { label, probability in
                1 - probability <= conformal.quantiles[label] ?? 1
            }
            labelSet = LabelSet(labels: members.map { $0.0.lowercased() }, coverage: conformal.coverage)
        }
        abstention = trust.policy.flatMap { self.abstention(by: $0, model, probabilities) }
    }

    /// The first reason that holds: nothing is said of what the model does not know, then of what it cannot tell apart.
    private func abstention(
        by policy: TrustDescription.Policy, _ model: ModelDescription, _ probabilities: [Double]
    ) -> Abstention? {
        if policy.abstain.contains(.outOfDistribution), let outside = outOfDistribution, outside.isOutside {
            return Abstention(
                code: .outOfDistribution,
                reason:
                    "\(model.name): the region lies \(Self.text(outside.distance)) from what the model was trained on, "
                    + "beyond \(Self.text(outside.threshold))")
        }
        if policy.abstain.contains(.conformalSetAmbiguous), let labelSet, labelSet.labels.count != 1 {
            let members = labelSet.labels.isEmpty ? "no label" : labelSet.labels.joined(separator: " and ")
            return Abstention(
                code: .conformalSetAmbiguous,
                reason:
                    "\(model.name): the set that holds the truth in \(Self.text(labelSet.coverage * 100)) % of cases "
                    + "holds \(members)")
        }
        let gap = abs(probabilities[1] - model.threshold)
        if policy.abstain.contains(.lowConfidence), let margin = policy.margin, gap < margin {
            return Abstention(
                code: .lowConfidence,
                reason:
                    "\(model.name): the probability of \(model.labels[1].lowercased()) is \(Self.text(gap)) from the "
                    + "threshold \(Self.text(model.threshold)), nearer than \(Self.text(margin))")
        }
        return nil
    }

    /// Three significant digits are enough for a person.
    private static func text(_ value: Double) -> String {
        guard value != 0, value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var unit = 1.0
        while abs(value) * unit < 100 { unit *= 10 }
        let rounded = (value * unit).rounded() / unit
        return Int(exactly: rounded).map { "\($0)" } ?? "\(rounded)"
    }
}
