import Contracts
import Datasets

/// What the cohorts are made of, whether they differ, and which patients stand in two.
struct CohortSection {
    let evaluation: Evaluation

    var content: String {
        let cohorts = evaluation.cohorts
        let noun = ReportWords.cases(evaluation.task)
        var rows: [[String]] = [
            ["Patients"] + cohorts.map { "\($0.patients)" },
            [noun] + cohorts.map { "\($0.cases)" },
        ]
        if evaluation.task == .lymphNode { rows.append(["Nodes"] + cohorts.map { "\($0.groups)" }) }
        for (index, count) in (cohorts.first?.outcomes ?? []).enumerated() {
            rows.append(
                ["\(count.outcome), \(noun.lowercased())"]
                    + cohorts.map { cohort in
                        let own = cohort.outcomes[index]
                        let share = Digits.percent(Double(own.cases) / Double(max(1, cohort.cases)))
                        return "\(own.cases) (\(share)\u{A0}%)"
                    })
        }
        rows.append(["\(noun) of a patient"] + cohorts.map { ReportWords.mean($0.casesPerPatient) })
        if cohorts.contains(where: { $0.shortAxis != nil }) {
            rows.append(["Short axis, mm"] + cohorts.map { ReportWords.mean($0.shortAxis) })
        }
        var text = Markup.table(
            caption: "Counts with shares of the cohort; means ± standard deviations with ranges.",
            head: [""] + cohorts.map { ReportWords.cohort($0.cohort) }, rows: rows)
        if !evaluation.cohortTests.isEmpty {
            text += "<h3>Do the cohorts differ?</h3>"
            text += Markup.table(
                head: ["", "Cohorts", "Test", "Statistic", "Degrees of freedom", "p"],
                rows: evaluation.cohortTests.map { test in
                    [
                        Markup.escaped(test.what.prefix(1).uppercased() + test.what.dropFirst()),
                        test.cohorts.map { ReportWords.cohort($0).lowercased() }.joined(separator: " · "),
                        test.test == "chi-squared" ? "χ²" : Markup.escaped(test.test),
                        Digits.fixed(test.statistic, 2),
                        Digits.fixed(test.degreesOfFreedom, test.test == "chi-squared" ? 0 : 1),
                        Digits.p(test.p) + (test.isRough ? "<small>few counts, rough</small>" : ""),
                    ]
                }, texts: 3)
        }
        return text + overlap
    }

    private var overlap: String {
        guard !evaluation.overlaps.isEmpty else { return "" }
        let unit = evaluation.splitUnit.map { "The split keeps each \($0 == "group" ? "lesion or node" : $0) whole. " }
        let heading = "<h3>Patients in more than one cohort</h3>"
        if evaluation.overlaps.allSatisfy({ $0.patients == 0 }) {
            return heading + "<p>\(unit ?? "")No patient stands in more than one cohort.</p>"
        }
        return heading + (unit.map { "<p>\($0)</p>" } ?? "")
            + Markup.table(
                head: ["Cohorts", "Patients in both", "Of the second’s cases, theirs"],
                rows: evaluation.overlaps.map { overlap in
                    [
                        "\(ReportWords.cohort(overlap.first)) · \(ReportWords.cohort(overlap.second).lowercased())",
                        "\(overlap.patients)",
                        "\(overlap.casesOfSecond) (\(Digits.percent(overlap.shareOfSecond)) %)",
                    ]
                })
    }
}
