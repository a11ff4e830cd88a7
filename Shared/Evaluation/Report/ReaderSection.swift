import Contracts
import Datasets

/// Readers beside the network.
struct ReaderSection {
    let evaluation: Evaluation

    var content: String {
        guard evaluation.readers.contains(where: { !$0.isNetwork }) else { return "" }
        var text = Markup.table(
            caption:
                "Shares in percent with Wilson’s intervals. A reader’s AUC is that of the single point: (sensitivity + "
                + "specificity) / 2. A network’s calls are those at its cut.",
            head: ["", "Question", "Cohort", "Cases", "PPV", "NPV", "Sensitivity", "Specificity", "AUC", "Accuracy"],
            rows: evaluation.readers.map { row in
                [
                    Markup.escaped(row.name), ReportWords.question(row.task), ReportWords.cohort(row.cohort),
                    "\(row.count)", ReportWords.share(row.counts.ppv), ReportWords.share(row.counts.npv),
                    ReportWords.share(row.counts.sensitivity), ReportWords.share(row.counts.specificity),
                    row.auc.map(ReportWords.area) ?? "–<small>not computed</small>",
                    ReportWords.share(row.counts.accuracy),
                ]
            }, texts: 3)
        if !evaluation.readerComparisons.isEmpty {
            text += "<h3>Do their areas differ?</h3>"
            text += Markup.table(
                caption:
                    "DeLong’s test on the same cases; McNemar’s exact test of right and wrong calls. Not adjusted.",
                head: ["First", "Second", "Question", "Cohort", "Cases", "Difference", "z", "p", "McNemar, p"],
                rows: evaluation.readerComparisons.map { row in
                    [
                        Markup.escaped(row.first), Markup.escaped(row.second), ReportWords.question(row.task),
                        ReportWords.cohort(row.cohort), "\(row.count)",
                        "\(Digits.fixed(row.difference, 3))<small>\(Digits.fixed(row.lower, 3)) to "
                            + "\(Digits.fixed(row.upper, 3))</small>",
                        row.z.map { Digits.fixed($0, 2) } ?? "–", Digits.p(row.p),
                        "\(Digits.p(row.mcnemar.p))<small>\(row.mcnemar.onlyFirst) : \(row.mcnemar.onlySecond)</small>",
                    ]
                }, texts: 4)
        }
        if !evaluation.agreement.isEmpty {
            text += "<h3>Do the readers agree?</h3>"
            text += Markup.table(
                caption:
                    "Cohen’s kappa; the interval by the standard error of the estimate, the test by that without agreement.",
                head: ["Readers", "Condition", "Cohort", "Cases", "Kappa", "Standard error", "z", "p"],
                rows: evaluation.agreement.map { row in
                    [
                        Markup.escaped("\(row.first) and \(row.second)"),
                        row.condition.isEmpty ? "–" : Markup.escaped(row.condition),
                        ReportWords.cohort(row.cohort), "\(row.count)",
                        "\(Digits.fixed(row.kappa, 3))<small>\(Digits.fixed(row.lower, 3))–"
                            + "\(Digits.fixed(row.upper, 3))</small>",
                        Digits.fixed(row.standardError, 3), Digits.fixed(row.z, 2), Digits.p(row.p),
                    ]
                }, texts: 3)
        }
        return text
    }
}
