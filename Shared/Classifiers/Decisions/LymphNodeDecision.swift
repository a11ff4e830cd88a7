package import Contracts

/// A lymph node is positive where its probability reaches the model's threshold (Li et al. 2021).
package enum LymphNodeDecision {
    /// The patient is positive if any node is; the probability is the largest of the nodes'.
    package static let patientRule = "any-node-positive"

    /// Says of one node what its classifier said.
    package static func decide(_ outcome: NodeOutcome) -> RegionDecision {
        switch outcome {
        case .absent(let reason):
            return RegionDecision(
                label: RegionDecision.indeterminate, decisionPath: [.abstaining(.nodeStatus, reason)],
                probabilities: [:], abstained: reason)
        case .evaluated(let evidence):
            return RegionDecision(
                label: evidence.label, decisionPath: [evidence.step],
                probabilities: Dictionary(uniqueKeysWithValues: zip(evidence.labels, evidence.probabilities)),
                abstained: nil)
        }
    }

    /// Joins a patient's nodes.
    ///
    /// Negative is said only when every node was decided: an undecided one might be positive. Without a positive node
    /// and with an undecided one, or without nodes, the status is `indeterminate`.
    package static func patient(_ nodes: [RegionDecision]) -> PatientFinding {
        let positives = nodes.compactMap { $0.probabilities["positive"] }
        let status: String
        if nodes.contains(where: { $0.label == "positive" }) {
            status = "positive"
        } else if nodes.isEmpty || nodes.contains(where: { $0.label == RegionDecision.indeterminate }) {
            status = RegionDecision.indeterminate
        } else {
            status = "negative"
        }
        var probabilities: [String: Double] = [:]
        if let largest = positives.max() { probabilities = ["positive": largest, "negative": 1 - largest] }
        return PatientFinding(
            origin: nil, status: status, probability: probabilities[status], probabilities: probabilities,
            rule: patientRule, agreement: BrainMetastasisDecision.agreement(nodes.map(\.label), with: status))
    }
}
