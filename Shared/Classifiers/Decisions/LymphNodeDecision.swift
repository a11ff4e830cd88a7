import Contracts

/// A lymph node is positive where its probability reaches the model's threshold (Li et al. 2021).
package enum LymphNodeDecision {
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
}
