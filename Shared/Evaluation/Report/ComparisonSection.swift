import Contracts
import Datasets

/// Systems beside each other, and cohorts beside each other.
struct ComparisonSection {
    let evaluation: Evaluation

    var content: String {
        var text = ""
        let systems = evaluation.comparisons.filter { $0.unit == evaluation.firstUnit }
        if !systems.isEmpty {
            let family = systems.count / max(1, Set(systems.map(\.cohort)).count)
            text += "<h3>Systems on the same cases</h3>"
            text += Markup.table(
                caption: "DeLong’s paired test. p is \(ReportWords.correction(evaluation.correction)) over all "
                    + "comparisons on a cohort (\(family)), by \(evaluation.firstUnit.rawValue); by other units: evaluation.json. McNemar: exact, of the calls at "
                    + "both cuts, not adjusted; beside it, cases that only the first : only the second has right.",
                head: [
                    "First", "Second", "Question", "Cohort", "Difference of AUC", "By patients", "z", "p",
                    "p, adjusted", "McNemar, p",
                ],
                rows: systems.map { row in
                    [
                        Markup.escaped(row.first), Markup.escaped(row.second), ReportWords.question(row.task),
                        ReportWords.cohort(row.cohort),
                        "\(Digits.fixed(row.difference, 3))<small>\(Digits.fixed(row.lower, 3)) to "
                            + "\(Digits.fixed(row.upper, 3))</small>",
                        difference(row.bootstrap),
                        row.z.map { Digits.fixed($0, 2) } ?? "–", Digits.p(row.p), Digits.p(row.adjustedP),
                        "\(Digits.p(row.mcnemar.p))<small>\(row.mcnemar.onlyFirst) : \(row.mcnemar.onlySecond)</small>",
                    ]
                }, texts: 4)
        }
        let cohorts = evaluation.cohortComparisons.filter { $0.unit == evaluation.firstUnit }
        if !cohorts.isEmpty {
            text += "<h3>Cohorts beside each other</h3>"
            text += Markup.table(
                caption: "DeLong’s test for different cases. Not adjusted.",
                head: ["System", "Question", "Cohorts", "Difference of AUC", "z", "p"],
                rows: cohorts.map { row in
                    [
                        Markup.escaped(row.system), ReportWords.question(row.task),
                        "\(ReportWords.cohort(row.first).lowercased()) − \(ReportWords.cohort(row.second).lowercased())",
                        "\(Digits.fixed(row.difference, 3))<small>\(Digits.fixed(row.lower, 3)) to "
                            + "\(Digits.fixed(row.upper, 3))</small>",
                        row.z.map { Digits.fixed($0, 2) } ?? "–", Digits.p(row.p),
                    ]
                }, texts: 3)
        }
        return text
    }

    private func difference(_ figure: ResampledFigure?) -> String {
        guard let figure else { return "–" }
        return figure.interval.map { "\(Digits.fixed($0.lower, 3)) to \(Digits.fixed($0.upper, 3))" }
            ?? "<small>not computed</small>"
    }
}
