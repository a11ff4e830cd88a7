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

    /// The patient's origin is that leaf whose mean probability over the regions is largest.
    package static let patientRule = "mean-of-regions"

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

    /// Joins a patient's regions: the mean of their probabilities; the origin is the leaf with the largest.
    ///
    /// Regions whose first node said nothing have no probabilities and do not count for the mean. The origin is
    /// `indeterminate` when nothing is left, when two leaves are equal, or when more stays undivided with `lung` or
    /// `non-lung` than any leaf has.
    package static func patient(_ regions: [RegionDecision]) -> PatientFinding {
        let counted = regions.filter { !$0.probabilities.isEmpty }
        var means: [String: Double] = [:]
        for region in counted {
            for (label, probability) in region.probabilities {
                means[label, default: 0] += probability / Double(counted.count)
            }
        }
        let largest = means.values.max() ?? 0
        let candidates = means.filter { $0.value == largest }.map(\.key)
        let origin = candidates.count == 1 && leaves.contains(candidates[0]) ? candidates[0] : nil
        return PatientFinding(
            origin: origin ?? RegionDecision.indeterminate, status: nil, probability: origin.flatMap { means[$0] },
            probabilities: means, rule: patientRule,
            agreement: agreement(regions.map(\.label), with: origin ?? RegionDecision.indeterminate))
    }

    private static func notEvaluated(_ role: ClassifierRole) -> Abstention {
        Abstention(code: .modelMissing, reason: "\(role.rawValue) was not evaluated")
    }

    /// Share of the decided regions that say the same; nil when none decided, or nothing is said of the patient.
    static func agreement(_ labels: [String], with finding: String) -> Double? {
        let decided = labels.filter { $0 != RegionDecision.indeterminate }
        guard !decided.isEmpty, finding != RegionDecision.indeterminate else { return nil }
        return Double(decided.filter { $0 == finding }.count) / Double(decided.count)
    }
}
