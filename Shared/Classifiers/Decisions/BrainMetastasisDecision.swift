package import Contracts

/// The hierarchy of Jiao et al. (2023): lung or not; then small-cell or not, or breast or gastrointestinal.
package enum BrainMetastasisDecision {
    /// Which branches below the first node are evaluated.
    package enum Branches: String, Sendable, Codable, CaseIterable {
        /// Both, so that every leaf has a probability.
        case both
        /// Only the one that the first node chooses.
        case chosen
    }

    /// The leaves, in the order in which they are listed.
    package static let leaves = ["sclc", "nsclc", "bc", "gic"]

    private static let branchRoles: [(parent: String, role: ClassifierRole)] = [
        ("lung", .sclcVersusNSCLC), ("non-lung", .bcVersusGIC),
    ]

    /// The nodes to evaluate next, once the first node has spoken.
    package static func nextRoles(after first: NodeEvidence, branches: Branches) -> [ClassifierRole] {
        branchRoles.filter { branches == .both || $0.parent == first.label }.map(\.role)
    }

    /// Joins the nodes' answers for one region.
    ///
    /// A leaf's probability is the product along its path: P(sclc) = P(lung) · P(sclc | lung).
    ///
    /// - Parameters:
    ///   - outcomes: of the three roles; one that is left out counts as not evaluated.
    ///   - branches: with `chosen`, the other branch's mass stays with its parent's label, evaluated or not. So does that of
    ///     a branch that gives no label.
    /// - Returns: label, path and probabilities of the region.
    package static func decide(_ outcomes: [ClassifierRole: NodeOutcome], branches: Branches = .both) -> RegionDecision
    {
        let root = ClassifierRole.lungVersusNonLung
        let labelSet = labelSet(outcomes)
        guard let first = outcomes[root]?.decided else {
            let reason = outcomes[root]?.abstention ?? notEvaluated(root)
            return RegionDecision(
                label: RegionDecision.indeterminate,
                decisionPath: [.abstaining(root, reason, outcomes[root]?.evidence)], probabilities: [:],
                abstained: reason, labelSet: labelSet)
        }
        var probabilities: [String: Double] = [:]
        var path = [first.step]
        var label = RegionDecision.indeterminate
        var abstained: Abstention?
        for (parent, role) in branchRoles {
            let mass = first.probability(of: parent)
            let isChosen = first.label == parent
            if let evidence = outcomes[role]?.decided, isChosen || branches == .both {
                for leaf in evidence.labels { probabilities[leaf] = mass * evidence.probability(of: leaf) }
                if isChosen {
                    path.append(evidence.step)
                    label = evidence.label
                }
            } else {
                probabilities[parent] = mass
                if isChosen {
                    let reason = outcomes[role]?.abstention ?? notEvaluated(role)
                    path.append(.abstaining(role, reason, outcomes[role]?.evidence))
                    abstained = reason
                }
            }
        }
        return RegionDecision(
            label: label, decisionPath: path, probabilities: probabilities, abstained: abstained, labelSet: labelSet)
    }

    /// The leaves whose every node on the way has them in its set. A node may miss the truth in 1 less its coverage, so
    /// that the region's is 1 less what the first node and the worse of the branches may miss. A branch without a set
    /// takes both its leaves, and misses nothing.
    ///
    /// - Returns: nil where the first node has no set.
    private static func labelSet(_ outcomes: [ClassifierRole: NodeOutcome]) -> LabelSet? {
        guard let first = outcomes[.lungVersusNonLung]?.evidence?.judgement.labelSet else { return nil }
        var labels: [String] = []
        var missed = 0.0
        for (parent, role) in branchRoles {
            let set = outcomes[role]?.evidence?.judgement.labelSet
            missed = max(missed, 1 - (set?.coverage ?? 1))
            if first.labels.contains(parent) { labels += leaves.filter((set?.labels ?? Array(role.labels)).contains) }
        }
        return LabelSet(labels: labels, coverage: max(0, first.coverage - missed))
    }

    private static func notEvaluated(_ role: ClassifierRole) -> Abstention {
        Abstention(code: .modelMissing, reason: "\(role.rawValue) was not evaluated")
    }
}
