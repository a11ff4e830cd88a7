package import Contracts

/// From regions to the patient.
package enum PatientRule {
    package static let indeterminate = "indeterminate"
    static let positive = "positive"
    static let negative = "negative"

    package static let meanRule = "mean of the regions' probabilities, down the hierarchy"
    package static let anyRule = "positive if any node is positive"

    /// The patient's finding from the classified regions of a study that has `expected` of them.
    package static func finding(task: ClinicalTask, regions: [RegionClassified], expected: Int) -> PatientFinding {
        switch task {
        case .brainMetastasis: origin(of: regions)
        case .lymphNode: nodalStatus(of: regions, expected: expected)
        }
    }

    /// By ``PatientDecision/origin(of:)``.
    private static func origin(of regions: [RegionClassified]) -> PatientFinding {
        let (leaf, mean) = PatientDecision.origin(
            of: regions.map { PatientDecision.Voice(label: $0.label, probabilities: $0.probabilities) })
        guard let leaf, let probability = mean[leaf] else {
            return PatientFinding(
                origin: indeterminate, status: nil, probability: nil, probabilities: mean, rule: meanRule,
                agreement: nil)
        }
        return PatientFinding(
            origin: leaf, status: nil, probability: probability, probabilities: mean, rule: meanRule,
            agreement: agreement(of: regions, with: leaf))
    }

    /// Positive if any node is; negative only if all nodes of the study were decided.
    private static func nodalStatus(of regions: [RegionClassified], expected: Int) -> PatientFinding {
        let highest = PatientDecision.nodalProbability(of: regions.compactMap { $0.probabilities[positive] })
        let probabilities = highest.map { [positive: $0, negative: 1 - $0] } ?? [:]
        func finding(_ status: String, _ probability: Double?) -> PatientFinding {
            PatientFinding(
                origin: nil, status: status, probability: probability, probabilities: probabilities, rule: anyRule,
                agreement: status == indeterminate ? nil : agreement(of: regions, with: status))
        }
        if regions.contains(where: { $0.label == positive }) { return finding(positive, highest) }
        if !regions.isEmpty, regions.count == expected, regions.allSatisfy({ $0.label == negative }) {
            return finding(negative, highest.map { 1 - $0 })
        }
        return finding(indeterminate, nil)
    }

    /// Share of the decided regions that say the same; nil when none decided.
    private static func agreement(of regions: [RegionClassified], with label: String) -> Double? {
        let decided = regions.filter { $0.label != indeterminate }
        guard !decided.isEmpty else { return nil }
        return Double(decided.count { $0.label == label }) / Double(decided.count)
    }
}
