package import Contracts

/// What one classifier says of one region, or why it says nothing.
package enum NodeOutcome: Sendable, Equatable {
    case evaluated(NodeEvidence)
    case absent(Abstention)

    /// Why no label is given; nil where one is.
    var abstention: Abstention? {
        switch self {
        case .absent(let abstention): abstention
        case .evaluated(let evidence): evidence.judgement.abstention
        }
    }

    /// What the classifier said where it gives a label.
    package var decided: NodeEvidence? {
        if case .evaluated(let evidence) = self, evidence.judgement.abstention == nil { evidence } else { nil }
    }

    /// What the classifier said, whether or not it gives a label.
    var evidence: NodeEvidence? {
        if case .evaluated(let evidence) = self { evidence } else { nil }
    }
}

/// A classifier's probabilities for one region, and the threshold of its second label.
package struct NodeEvidence: Sendable, Equatable {
    package let role: ClassifierRole
    /// In lower case, in the model's order.
    package let labels: [String]
    /// One per label; sums to one.
    package let probabilities: [Double]
    /// The second label is given where its probability is at least this.
    package let threshold: Double
    /// What may be trusted of it.
    package let judgement: TrustJudgement

    /// - Throws: `ClassifierError.unknownClass` when the labels are not those of the role.
    package init(
        role: ClassifierRole, labels: [String], probabilities: [Double], threshold: Double,
        judgement: TrustJudgement = TrustJudgement()
    ) throws(ClassifierError) {
        guard ClassifierRole(labels: labels) == role, probabilities.count == 2 else {
            throw .unknownClass(
                model: role.rawValue, asked: labels.joined(separator: ", "), labels: role.orderedLabels)
        }
        self.role = role
        self.labels = labels.map { $0.lowercased() }
        self.probabilities = probabilities
        self.threshold = threshold
        self.judgement = judgement
    }

    /// The evidence of a model's answer for one region; `distance` is that of its features from the training.
    package init(
        role: ClassifierRole, model: ModelDescription, probabilities: [Float], distance: Double? = nil
    ) throws(ClassifierError) {
        let values = probabilities.map(Double.init)
        try self.init(
            role: role, labels: model.labels, probabilities: values, threshold: model.threshold,
            judgement: TrustJudgement(model, probabilities: values, distance: distance))
    }

    /// The label that the threshold is for.
    package var positiveLabel: String { labels[1] }

    /// The label that is given: the second where it reaches its threshold, else the first.
    package var label: String { probabilities[1] >= threshold ? labels[1] : labels[0] }

    /// The probability of a label; 0 for one that the role does not have.
    package func probability(of label: String) -> Double {
        labels.firstIndex(of: label).map { probabilities[$0] } ?? 0
    }

    /// The step of a decision path: the label given, and the positive label's probability and threshold.
    var step: NodeDecision {
        NodeDecision(
            node: role.rawValue, label: judgement.abstention == nil ? label : nil, probability: probabilities[1],
            threshold: threshold, abstained: judgement.abstention, labelSet: judgement.labelSet,
            outOfDistribution: judgement.outOfDistribution)
    }
}

extension NodeDecision {
    /// The step of a node that gives no label: with its evidence, where it looked.
    static func abstaining(
        _ role: ClassifierRole, _ abstention: Abstention, _ evidence: NodeEvidence? = nil
    ) -> NodeDecision {
        evidence?.step
            ?? NodeDecision(node: role.rawValue, label: nil, probability: nil, threshold: nil, abstained: abstention)
    }
}

/// What is said of one region, joined from its nodes.
package struct RegionDecision: Sendable, Equatable {
    /// A leaf's label, or `indeterminate`.
    package let label: String
    /// The nodes on the way to the label, in order. A step's probability is that of its model's second label.
    package let decisionPath: [NodeDecision]
    /// Over the leaves, summing to one; a branch that was not evaluated leaves its mass with its parent's label. Empty
    /// where the first node says nothing.
    package let probabilities: [String: Double]
    /// Why the label is `indeterminate`.
    package let abstained: Abstention?
    /// Over the leaves; nil where no model gives one, or the region lies outside of what the first one knows.
    package let labelSet: LabelSet?

    package static let indeterminate = "indeterminate"

    package init(
        label: String, decisionPath: [NodeDecision], probabilities: [String: Double], abstained: Abstention?,
        labelSet: LabelSet? = nil
    ) {
        self.label = label
        self.decisionPath = decisionPath
        self.probabilities = probabilities
        self.abstained = abstained
        self.labelSet = labelSet
    }
}
