import Contracts
import Datasets

/// The three questions joined: confusion of four origins and their areas.
struct HierarchySection {
    let evaluation: Evaluation

    /// As many matrices as a page can hold.
    private static let matrices = 6

    var content: String {
        guard !evaluation.hierarchies.isEmpty else { return "" }
        var text =
            "<p>Each origin’s probability is the product along its path: P(SCLC) = P(lung) · P(SCLC | lung). The call "
            + "walks down the path by the models’ thresholds, as in service.</p>"
        text += Markup.table(
            caption: "Shares in percent with Wilson’s intervals; the macro AUC’s interval is from resampled patients.",
            head: [
                "System", "Cohort", "Cases", "Macro AUC", "Accuracy", "Balanced accuracy", "Macro F1",
                "Kappa",
            ],
            rows: evaluation.hierarchies.map { figure in
                [
                    Markup.escaped(figure.system), cohort(figure), "\(figure.count)",
                    Digits.area(figure.macroAUC)
                        + (figure.macroAUCBootstrap.map {
                            "<small>\($0.interval.map { Digits.range($0) } ?? "not computed")</small>"
                        } ?? ""),
                    ReportWords.share(figure.accuracy), figure.balancedAccuracy.map(Digits.percent) ?? "–",
                    Digits.fixed(figure.macroF1, 3),
                    (figure.kappa.map { Digits.fixed($0, 3) } ?? "–")
                        + (figure.kappaInterval.map { "<small>\(Digits.range($0))</small>" } ?? ""),
                ]
            }, texts: 2)
        text += Markup.table(
            caption: "Each origin against the three others. Sensitivity and PPV in percent.",
            head: ["System", "Cohort"]
                + ["SCLC", "NSCLC", "BC", "GIC"].flatMap { ["\($0) AUC", "Sens.", "PPV"] },
            rows: evaluation.hierarchies.map { figure in
                [Markup.escaped(figure.system), cohort(figure)]
                    + figure.leaves.flatMap { leaf in
                        [
                            ReportWords.area(leaf.auc), leaf.sensitivity.map { Digits.percent($0.value) } ?? "–",
                            leaf.ppv.map { Digits.percent($0.value) } ?? "–",
                        ]
                    }
            }, texts: 2)
        let shown = evaluation.hierarchies.filter { $0.unit == evaluation.firstUnit }.prefix(Self.matrices)
        let matrices = shown.map { figure in
            MatrixMarkup.matrix(
                title: "\(figure.system), \(ReportWords.cohort(figure.cohort).lowercased()) cohort",
                rows: figure.classes.map(ReportWords.leaf), columns: figure.calls.map(ReportWords.leaf),
                counts: figure.confusion)
        }
        return text + "<div class=\"matrices\">\(matrices.joined())</div>\n"
    }

    private func cohort(_ figure: HierarchyFigure) -> String {
        "\(ReportWords.cohort(figure.cohort))<small>by \(figure.unit.rawValue)</small>"
    }
}
