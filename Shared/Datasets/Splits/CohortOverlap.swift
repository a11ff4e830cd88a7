/// What two cohorts of a split have in common.
package struct CohortOverlap: Sendable, Equatable, CustomStringConvertible {
    package let first: Cohort
    package let second: Cohort
    /// Patients with examples in both, sorted.
    package let patients: [String]
    /// Lesions or nodes with pictures in both, sorted.
    package let groups: [String]

    package var description: String {
        let pair = "\(first.rawValue) and \(second.rawValue)"
        guard !patients.isEmpty else { return "\(pair): no patient in common" }
        let shown = patients.prefix(10).joined(separator: ", ") + (patients.count > 10 ? ", …" : "")
        let nodes = groups.isEmpty ? "" : ", \(groups.count) lesions or nodes"
        return "\(pair): \(patients.count) patients\(nodes) in common (\(shown))"
    }
}

extension Split {
    /// What each pair of cohorts has in common: what is learned of a patient in one is known in the other.
    package func overlaps(in dataset: Dataset) -> [CohortOverlap] {
        func names(_ cohort: Cohort, _ name: (Example) -> String) -> Set<String> {
            Set(dataset.examples(in: cohort, of: self).map(name))
        }
        let pairs: [(Cohort, Cohort)] = [
            (.training, .testing), (.training, .independent), (.testing, .independent),
        ]
        return pairs.map { first, second in
            CohortOverlap(
                first: first, second: second,
                patients: names(first, \.patient).intersection(names(second, \.patient)).sorted(),
                groups: names(first, \.group).intersection(names(second, \.group)).sorted())
        }
    }

    /// Cohorts, patients and outcomes as lines of text, with the overlaps below.
    package func summary(of dataset: Dataset) -> String {
        let outcomes = Outcome.all(of: dataset.kind)
        var lines = ["cohort\tpatients\texamples\t" + outcomes.map(\.rawValue).joined(separator: "\t")]
        for cohort in Cohort.allCases {
            let examples = dataset.examples(in: cohort, of: self)
            guard !examples.isEmpty else { continue }
            let counts = outcomes.map { outcome in "\(examples.count { $0.outcome == outcome })" }
            lines.append(
                "\(cohort.rawValue)\t\(Set(examples.map(\.patient)).count)\t\(examples.count)\t"
                    + counts.joined(separator: "\t"))
        }
        return (lines + overlaps(in: dataset).map(\.description)).joined(separator: "\n")
    }
}
