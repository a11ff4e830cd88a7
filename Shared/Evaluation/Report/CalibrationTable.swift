import Contracts
import Datasets

/// Whether probabilities, label sets and limits keep their word.
struct CalibrationTable {
    let evaluation: Evaluation
    let role: ClassifierRole

    var content: String { reliability + trust }

    private func place(_ system: String, _ cohort: Cohort) -> [String] {
        [Markup.escaped(system), ReportWords.cohort(cohort)]
    }

    private var reliability: String {
        let figures = evaluation.figures.filter { $0.task == role && $0.unit == evaluation.firstUnit }
        guard figures.contains(where: { $0.uncalibrated != nil }) else { return "" }
        func change(_ figure: TaskFigure, _ part: (CalibrationFigure) -> Double) -> String {
            let after = Digits.fixed(part(figure.calibration), 3)
            return figure.uncalibrated.map { "\(after)<small>before \(Digits.fixed(part($0), 3))</small>" } ?? after
        }
        return Markup.table(
            caption: "How near probabilities are to what happens, as the model gives them in service and before its "
                + "calibration. A calibration that was fitted on the testing cohort is at home there.",
            head: ["System", "Cohort", "Log loss", "Brier", "ECE"],
            rows: figures.map { figure in
                place(figure.system, figure.cohort) + [
                    change(figure) { $0.logLoss }, change(figure) { $0.brier },
                    change(figure) { $0.expectedCalibrationError },
                ]
            }, texts: 2)
    }

    private var trust: String {
        let figures = evaluation.trust.filter { $0.task == role }
        guard !figures.isEmpty else { return "" }
        return Markup.table(
            caption: "Percent, with Wilson’s intervals. A set holds the true label in the promised share of cases; one "
                + "label in it is an answer. No label: by the model’s policy services say “indeterminate”.",
            head: [
                "System", "Cohort", "Cases", "Sets promise", "True label in set", "One label in set",
                "Unlike the training", "No label", "Right of those with one",
            ],
            rows: figures.map { figure in
                place(figure.system, figure.cohort) + [
                    "\(figure.cases)", figure.coverage.map(Digits.percent) ?? "–", ReportWords.share(figure.covered),
                    ReportWords.share(figure.single), ReportWords.share(figure.outside),
                    ReportWords.share(figure.abstained), ReportWords.share(figure.right),
                ]
            }, texts: 2)
    }
}
