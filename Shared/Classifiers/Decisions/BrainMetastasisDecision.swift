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
    ///   - branches: with `chosen`, the other branch's mass stays with its parent's label, evaluated or not.
    /// - Returns: label, path and probabilities of the region.
    package static func decide(_ outcomes: [ClassifierRole: NodeOutcome], branches: Branches = .both) -> RegionDecision
    {
        let root = ClassifierRole.lungVersusNonLung
        guard case .evaluated(let first)? = outcomes[root] else {
            let reason = outcomes[root]?.abstention ?? notEvaluated(root)
            return RegionDecision(
                label: RegionDecision.indeterminate, decisionPath: [.abstaining(root, reason)], probabilities: [:],
                abstained: reason)
        }
        var probabilities: [String: Double] = [:]
        var path = [first.step]
        var label = RegionDecision.indeterminate
        var abstained: Abstention?
        for (parent, role) in branchRoles {
            let mass = first.probability(of: parent)
            let isChosen = first.label == parent
            if case .evaluated(let evidence)? = outcomes[role], isChosen || branches == .both {
                for leaf in evidence.labels { probabilities[leaf] = mass * evidence.probability(of: leaf) }
                if isChosen {
                    path.append(evidence.step)
                    label = evidence.label
                }
            } else {
                probabilities[parent] = mass
                if isChosen {
                    let reason = outcomes[role]?.abstention ?? notEvaluated(role)
                    path.append(.abstaining(role, reason))
                    abstained = reason
                }
            }
        }
        return RegionDecision(label: label, decisionPath: path, probabilities: probabilities, abstained: abstained)
    }

    private static func notEvaluated(_ role: ClassifierRole) -> Abstention {
        Abstention(code: .modelMissing, reason: "\(role.rawValue) was not evaluated")
    }
}
