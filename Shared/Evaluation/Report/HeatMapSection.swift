import Contracts
import Datasets

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where the networks look: figures, best and worst cases, and whether the maps depend on what was learned.
struct HeatMapSection {
    let evaluation: Evaluation
    let pictures: [CasePicture]

    var content: String {
        guard !evaluation.explanations.isEmpty || !pictures.isEmpty else { return "" }
        var text = ""
        if !evaluation.explanations.isEmpty {
            text += Markup.table(
                caption: "Grad-CAM of the true class. Inside: share of the heat inside the lesion, in percent, mean ± "
                    + "standard deviation with range; by chance: what an even map would reach. Hottest place inside: "
                    + "share of cases, with Wilson’s interval.",
                head: [
                    "System", "Question", "Cohort", "Layer", "Cases", "Inside, %", "By chance, %",
                    "Hottest place inside, %",
                ],
                rows: evaluation.explanations.map { figure in
                    [
                        Markup.escaped(figure.system), ReportWords.question(figure.task),
                        ReportWords.cohort(figure.cohort), Markup.escaped(figure.layer), "\(figure.count)",
                        percent(figure.inside), percent(figure.chance), ReportWords.share(figure.pointing),
                    ]
                }, texts: 4)
            let checks = evaluation.explanations.filter { !$0.randomization.isEmpty }
            if !checks.isEmpty {
                text +=
                    "<h3>Do the maps depend on what was learned?</h3><p>Weights are drawn anew layer by layer, from "
                    + "the head down (Adebayo et al. 2018). A map that stays alike shows the image, not the network.</p>"
                text += "<div class=\"plots\">"
                for figure in checks {
                    text +=
                        "<div>"
                        + Plots.randomization(
                            figure, title: "\(figure.system), \(ReportWords.question(figure.task))")
                    text += steps(figure) + "</div>"
                }
                text += "</div>\n"
            }
        }
        return text + cases
    }

    private func steps(_ figure: ExplanationFigure) -> String {
        let rows = figure.randomization.enumerated().map { index, step in
            [
                "\(index + 1). \(Markup.escaped(step.layer))", Digits.fixed(step.rankCorrelation, 2),
                Digits.fixed(step.structuralSimilarity, 2),
            ]
        }
        return Markup.table(
            caption: Markup.escaped("\(figure.system), mean of the cases"),
            head: ["Drawn anew down to", "Rank correlation", "Structural similarity"], rows: rows)
    }

    private func percent(_ figure: MeanFigure?) -> String {
        guard let figure else { return "–" }
        return "\(Digits.percent(figure.mean))\u{A0}±\u{A0}\(Digits.percent(figure.standardDeviation))"
            + "<small>\(Digits.percent(figure.minimum))–\(Digits.percent(figure.maximum))</small>"
    }

    private var cases: String {
        var text = ""
        for role in evaluation.task.roles {
            let own = pictures.filter { $0.task == role }
            guard !own.isEmpty else { continue }
            // What was right and what was wrong in rows of their own; a heading stays with its first row on paper.
            text +=
                "<div class=\"keep\"><h3>\(ReportWords.question(role)): surest right and wrong answers</h3>"
                + "<p class=\"small\">The patch through the lesion’s middle, the lesion’s outline in green, the heat "
                + "from red to yellow.</p>\(row(own.filter { $0.kind == .best }))</div>"
                + row(own.filter { $0.kind == .worst })
        }
        return text
    }

    private func row(_ pictures: [CasePicture]) -> String {
        guard !pictures.isEmpty else { return "" }
        let figures = pictures.map { picture in
            let source = "data:image/png;base64," + Data(picture.png).base64EncodedString()
            let inside = picture.inside.map { ", heat inside \(Digits.fixed($0 * 100, 0)) %" } ?? ""
            let caption =
                "<span class=\"\(picture.kind.rawValue)\">\(picture.kind == .best ? "Right" : "Wrong")</span> "
                + "\(Markup.escaped(picture.id)): \(Markup.escaped(picture.truth)), probability of the truth "
                + "\(Digits.fixed(picture.probability, 2))\(inside)<br/><small>\(Markup.escaped(picture.system)), "
                + "\(ReportWords.cohort(picture.cohort).lowercased())</small>"
            return "<figure>"
                + Markup.empty("img", [("src", source), ("alt", "Patch of \(picture.id) with its heat map")])
                + "<figcaption>\(caption)</figcaption></figure>"
        }
        return "<div class=\"cases\">\(figures.joined())</div>\n"
    }
}
