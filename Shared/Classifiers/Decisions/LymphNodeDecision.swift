import Contracts

/// A lymph node is positive where its probability reaches the model's threshold (Li et al. 2021).
package enum LymphNodeDecision {
    /// Says of one node what its classifier said.
    package static func decide(_ outcome: NodeOutcome) -> RegionDecision {
        guard let evidence = outcome.decided else {
            let reason = outcome.abstention
            let step = outcome.evidence?.step ?? reason.map { .abstaining(.nodeStatus, $0) }
            return RegionDecision(
                label: RegionDecision.indeterminate, decisionPath: step.map { [$0] } ?? [], probabilities: [:],
                abstained: reason, labelSet: outcome.evidence?.judgement.labelSet)
        }
        return RegionDecision(
            label: evidence.label, decisionPath: [evidence.step],
            probabilities: Dictionary(uniqueKeysWithValues: zip(evidence.labels, evidence.probabilities)),
            abstained: nil, labelSet: evidence.judgement.labelSet)
    }
}
