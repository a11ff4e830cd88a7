import Digests

/// Divides a dataset into cohorts.
package struct Splitter: Sendable {
    package var unit: SplitUnit
    package var seed: UInt64
    /// Shares that add up to 1.
    package var fractions: [Cohort: Double]

    /// By the proportions of Jiao et al.: 285, 122 and 42 of 449.
    package static let paperFractions: [Cohort: Double] = [.training: 0.635, .testing: 0.272, .independent: 0.093]

    package init(
        unit: SplitUnit = .patient, seed: UInt64 = 1,
        fractions: [Cohort: Double] = [.training: 0.6, .testing: 0.2, .independent: 0.2]
    ) {
        self.unit = unit
        self.seed = seed
        self.fractions = fractions
    }

    /// What stays together.
    private struct Member {
        let examples: [Example]
        let counts: [Outcome: Double]
        /// A random number that depends on the seed and the name only, not on the other members.
        let order: String
    }

    /// Splits so that every cohort has its share of each outcome, as nearly as whole patients (lesions, pictures) allow.
    ///
    /// The same dataset and seed give the same split, whatever the order of the tables' rows.
    ///
    /// - Parameter dataset: with examples.
    /// - Returns: a cohort for every example.
    /// - Throws: ``SplitError`` for shares that do not add up to 1, and where a cohort would stay empty or have one class
    ///   only.
    package func split(_ dataset: Dataset) throws(SplitError) -> Split {
        try checkFractions()
        let cohorts = Cohort.allCases.filter { (fractions[$0] ?? 0) > 0 }
        let members = Dictionary(grouping: dataset.examples, by: key).map { key, examples in
            Member(
                examples: examples,
                counts: Dictionary(grouping: examples, by: \.outcome).mapValues { Double($0.count) },
                order: Digest.sha256Hex(Array("\(seed) \(unit.rawValue) \(key)".utf8)))
        }
        guard members.count >= cohorts.count else {
            throw SplitError([
                "expected at least \(cohorts.count) to divide by \(unit.rawValue), found \(members.count)"
            ])
        }
        let totals = Dictionary(grouping: dataset.examples, by: \.outcome).mapValues { Double($0.count) }
        var missing: [Cohort: [Outcome: Double]] = [:]
        for cohort in cohorts { missing[cohort] = totals.mapValues { $0 * (fractions[cohort] ?? 0) } }
        var assignment: [String: Cohort] = [:]
        // The large first, while there is room to balance them.
        let ordered = members.sorted {
            $0.examples.count != $1.examples.count ? $0.examples.count > $1.examples.count : $0.order < $1.order
        }
        for member in ordered {
            // Where most of what the member brings is still missing, as a share of what the cohort is to have.
            func need(_ cohort: Cohort) -> Double {
                member.counts.reduce(0) { sum, entry in
                    let wanted = (totals[entry.key] ?? 1) * (fractions[cohort] ?? 1)
                    return sum + entry.value * (missing[cohort]?[entry.key] ?? 0) / wanted
                }
            }
            guard let cohort = cohorts.max(by: { need($0) < need($1) }) else { continue }
            for (outcome, count) in member.counts { missing[cohort]?[outcome, default: 0] -= count }
            for example in member.examples { assignment[example.id] = cohort }
        }
        let split = Split(unit: unit, seed: seed, fractions: fractions, assignment: assignment)
        try checkCohorts(split, dataset, cohorts)
        return split
    }

    private func key(_ example: Example) -> String {
        switch unit {
        case .patient: example.patient
        case .group: example.group
        case .image: example.id
        }
    }

    private func checkFractions() throws(SplitError) {
        let shares = Cohort.allCases.map { fractions[$0] ?? 0 }
        guard shares.allSatisfy({ (0...1).contains($0) }), abs(shares.reduce(0, +) - 1) < 1e-6, shares[0] > 0 else {
            throw SplitError([
                "expected shares of training, testing and independent that add up to 1, with some for training, found "
                    + shares.map { "\($0)" }.joined(separator: ", ")
            ])
        }
    }

    private func checkCohorts(_ split: Split, _ dataset: Dataset, _ cohorts: [Cohort]) throws(SplitError) {
        let outcomes = Set(dataset.examples.map(\.outcome))
        var problems: [String] = []
        for cohort in cohorts {
            let found = Set(dataset.examples(in: cohort, of: split).map(\.outcome))
            for outcome in outcomes.subtracting(found).sorted() {
                problems.append(
                    "the \(cohort.rawValue) cohort would have no \(outcome.rawValue); give it a larger share, or more data"
                )
            }
        }
        guard problems.isEmpty else { throw SplitError(problems) }
    }
}
