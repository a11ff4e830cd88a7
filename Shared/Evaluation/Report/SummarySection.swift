import Contracts
import Datasets

/// What is said first: warnings, and an area for each question.
struct SummarySection {
    let evaluation: Evaluation

    var content: String {
        var text = ""
        if !evaluation.warnings.isEmpty {
            text +=
                "<ul class=\"warnings\">" + evaluation.warnings.map { "<li>\(Markup.escaped($0))</li>" }.joined()
                + "</ul>\n"
        }
        let cards = self.cards
        return cards.isEmpty ? text : text + "<div class=\"cards\">\(cards.joined())</div>\n"
    }

    private var cards: [String] {
        guard let cohort = evaluation.figures.map(\.cohort).max(by: { Self.rank($0) < Self.rank($1) }) else {
            return []
        }
        var cards: [String] = []
        for role in evaluation.task.roles {
            let figures = evaluation.figures.filter {
                $0.task == role && $0.cohort == cohort && $0.unit == evaluation.firstUnit
            }
            guard let best = figures.max(by: { $0.auc.value < $1.auc.value }) else { continue }
            let choice = figures.count > 1 ? ", highest of \(figures.count)" : ""
            cards.append(
                card(
                    ReportWords.question(role), Digits.area(best.auc.value),
                    "AUC (\(Digits.fixed(best.auc.lower, 3))–\(Digits.fixed(best.auc.upper, 3))), "
                        + "\(ReportWords.cohort(cohort).lowercased()) cohort",
                    Markup.escaped(best.system) + choice))
        }
        let hierarchies = evaluation.hierarchies.filter { $0.cohort == cohort && $0.unit == evaluation.firstUnit }
        if let best = hierarchies.max(by: { $0.macroAUC < $1.macroAUC }), let accuracy = best.accuracy {
            cards.append(
                card(
                    "Four origins", Digits.percent(accuracy.value) + " %",
                    "right (\(Digits.range(accuracy.wilson, 1, scale: 100))), macro AUC \(Digits.area(best.macroAUC))",
                    Markup.escaped(best.system)))
        }
        return cards
    }

    private func card(_ what: String, _ figure: String, _ detail: String, _ system: String) -> String {
        "<div class=\"card\"><span class=\"what\">\(what)</span><b>\(figure)</b><span>\(detail)</span>"
            + "<span>\(system)</span></div>"
    }

    private static func rank(_ cohort: Cohort) -> Int { Cohort.allCases.firstIndex(of: cohort) ?? 0 }
}
