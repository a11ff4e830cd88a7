import Contracts
import Datasets

/// One question: curves, figures and confusion matrices.
struct TaskSection {
    let evaluation: Evaluation
    let role: ClassifierRole

    /// As many curves as a plot can hold.
    private static let curves = 4

    private var figures: [TaskFigure] { evaluation.figures.filter { $0.task == role } }
    private var cohorts: [Cohort] { Cohort.allCases.filter { cohort in figures.contains { $0.cohort == cohort } } }

    var content: String {
        guard !figures.isEmpty else { return "" }
        let (positive, negative) = ReportWords.classes(role)
        var text = "<p>Positive is <b>\(positive)</b>, negative is <b>\(negative)</b>.\(selection)</p>"
        text += "<div class=\"plots\">" + cohorts.map(roc).joined() + "</div>\n" + table
        text += "<h3>Calibration and use</h3><div class=\"plots\">"
        for cohort in cohorts {
            text += Plots.reliability(shown(cohort), title: "Reliability, \(name(cohort))")
        }
        for cohort in cohorts { text += Plots.decision(shown(cohort), title: "Decision curve, \(name(cohort))") }
        return text + "</div>\n" + CalibrationTable(evaluation: evaluation, role: role).content
            + "<h3>Calls at the cut</h3>" + matrices
    }

    private func name(_ cohort: Cohort) -> String { "\(ReportWords.cohort(cohort).lowercased()) cohort" }

    private var all: [TaskFigure] { figures.filter { $0.unit == evaluation.firstUnit } }

    /// The systems that are drawn: all, or those of the greatest areas on the first cohort.
    private var drawn: [String] {
        let first = all.filter { $0.cohort == cohorts.first }
        guard first.count > Self.curves else { return first.map(\.system) }
        return first.sorted { $0.auc.value > $1.auc.value }.prefix(Self.curves).map(\.system)
    }

    private var selection: String {
        let count = Set(all.map(\.system)).count
        guard count > Self.curves, let cohort = cohorts.first else { return "" }
        return " Of \(count) systems, the \(Self.curves) of the greatest areas on the \(name(cohort)) are drawn."
    }

    private func shown(_ cohort: Cohort) -> [TaskFigure] {
        drawn.compactMap { system in all.first { $0.system == system && $0.cohort == cohort } }
    }

    private func roc(_ cohort: Cohort) -> String {
        let readers = evaluation.readers.filter { $0.task == role && $0.cohort == cohort && !$0.isNetwork }
        let shown = shown(cohort)
        guard let first = shown.first else { return "" }
        return Plots.roc(
            shown, readers: readers,
            title: "ROC, \(name(cohort)) (\(first.positives) + \(first.negatives))")
    }

    private var table: String {
        let percent = Digits.fixed(evaluation.level * 100, 0)
        var head = ["System", "Cohort", "Cases", "AUC"]
        let isResampled = figures.contains { $0.auc.bootstrap != nil }
        if isResampled { head.append("AUC by patients") }
        head += ["Cut", "Sensitivity", "Specificity", "PPV", "NPV", "Accuracy"]
        let rows = figures.map { figure in
            var row = [
                Markup.escaped(figure.system),
                "\(ReportWords.cohort(figure.cohort))<small>by \(figure.unit.rawValue)</small>",
                "\(figure.positives)\u{A0}+\u{A0}\(figure.negatives)", ReportWords.area(figure.auc),
            ]
            if isResampled { row.append(ReportWords.resampled(figure.auc.bootstrap)) }
            return row + [
                "\(Digits.threshold(figure.cut.threshold.value))<small>\(Markup.escaped(figure.cut.source.replacing("the model's threshold", with: "model")))</small>",
                ReportWords.share(figure.atCut.sensitivity), ReportWords.share(figure.atCut.specificity),
                ReportWords.share(figure.atCut.ppv), ReportWords.share(figure.atCut.npv),
                ReportWords.share(figure.atCut.accuracy),
            ]
        }
        let note = isResampled ? " “By patients”: interval from resampled patients." : ""
        return Markup.table(
            caption:
                "\(percent) % intervals: AUC by DeLong, shares (percent) by Wilson.\(note) Cases: positive + negative.",
            head: head, rows: rows, texts: 2)
    }

    private var matrices: String {
        let (positive, negative) = ReportWords.classes(role)
        let parts = cohorts.flatMap { cohort in
            shown(cohort).map { figure in
                MatrixMarkup.matrix(
                    title: "\(figure.system), \(name(cohort))", rows: [positive, negative],
                    columns: [positive, negative],
                    counts: [[figure.atCut.tp, figure.atCut.fn], [figure.atCut.fp, figure.atCut.tn]])
            }
        }
        return "<div class=\"matrices\">\(parts.joined())</div>\n"
    }
}

/// Confusion matrices: counts on a ground that is as strong as their share of the row.
enum MatrixMarkup {
    static func matrix(title: String, rows: [String], columns: [String], counts: [[Int]]) -> String {
        let heading = columns.map { "<th scope=\"col\">\(Markup.escaped($0))</th>" }.joined()
        var body = ""
        for (row, name) in rows.enumerated() {
            let total = max(1, counts[row].reduce(0, +))
            let cells = counts[row].enumerated().map { column, count in
                let share = Double(count) / Double(total)
                let ground = Digits.fixed(share * 0.45, 2)
                return
                    "<td\(row == column ? " class=\"right\"" : "") style=\"background: rgba(var(--hot), \(ground))\">"
                    + "\(count)<small>\(Digits.fixed(share * 100, 0)) %</small></td>"
            }
            body += "<tr><th scope=\"row\">\(Markup.escaped(name))</th>\(cells.joined())</tr>"
        }
        return
            "<figure class=\"matrix\"><figcaption>\(Markup.escaped(title))</figcaption><div class=\"scroll\" tabindex=\"0\"><table><thead>"
            + "<tr><th scope=\"col\"><small>true ↓ called →</small></th>\(heading)</tr></thead><tbody>\(body)</tbody></table></div></figure>\n"
    }
}
