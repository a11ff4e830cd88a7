package import Contracts

/// From regions to the patient.
package enum PatientRule {
    package static let indeterminate = "indeterminate"
    static let origins = ["sclc", "nsclc", "bc", "gic"]
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

    /// The mean over the regions that have probabilities, key by key, walked down the hierarchy: first the heavier
    /// branch, then its heavier leaf. The patient's finding so never leaves the way that the regions' decisions take;
    /// a single region's own decision, by its models' thresholds, is the patient's.
    ///
    /// A region whose branch could not be evaluated has mass on `lung` or `non-lung`; where that could turn the
    /// decision, no origin is named.
    private static func origin(of regions: [RegionClassified]) -> PatientFinding {
        let voices = regions.filter { !$0.probabilities.isEmpty }
        var mean: [String: Double] = [:]
        for region in voices {
            for (key, probability) in region.probabilities { mean[key, default: 0] += probability }
        }
        mean = mean.mapValues { $0 / Double(voices.count) }
        let leaf = voices.count == 1 ? origins.first { $0 == voices[0].label } : leadingLeaf(of: mean)
        guard let leaf, let probability = mean[leaf] else {
            return PatientFinding(
                origin: indeterminate, status: nil, probability: nil, probabilities: mean, rule: meanRule,
                agreement: nil)
        }
        return PatientFinding(
            origin: leaf, status: nil, probability: probability, probabilities: mean, rule: meanRule,
            agreement: agreement(of: regions, with: leaf))
    }

    /// Equal masses go to the earlier branch and leaf, so that the answer does not depend on hashing.
    private static func leadingLeaf(of mean: [String: Double]) -> String? {
        func mass(_ keys: [String]) -> Double { keys.reduce(0) { $0 + (mean[$1] ?? 0) } }
        let lung = mass(["lung", "sclc", "nsclc"]) >= mass(["non-lung", "bc", "gic"])
        let (branch, first, second) = lung ? ("lung", "sclc", "nsclc") : ("non-lung", "bc", "gic")
        let (one, other) = (mean[first] ?? 0, mean[second] ?? 0)
        guard one > 0 || other > 0, abs(one - other) >= mean[branch] ?? 0 else { return nil }
        return one >= other ? first : second
    }

    /// Positive if any node is; negative only if all nodes of the study were decided.
    private static func nodalStatus(of regions: [RegionClassified], expected: Int) -> PatientFinding {
        let highest = regions.compactMap { $0.probabilities[positive] }.max()
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
