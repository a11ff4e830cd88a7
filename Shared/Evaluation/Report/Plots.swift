import Contracts
import Datasets

/// The page's plots, each with its legend beneath.
enum Plots {
    struct Entry {
        let color: String
        let dash: String
        let text: String
        var isMark = false
    }

    /// A plot, its title above and its legend beneath.
    static func figure(_ frame: PlotFrame, title: String, legend: [Entry]) -> String {
        let items = legend.map { entry in
            let key =
                entry.isMark
                ? Markup.empty(
                    "polygon",
                    [
                        ("points", "14,1 20,7 14,13 8,7"), ("fill", "none"), ("stroke", entry.color),
                        ("stroke-width", "2"),
                    ])
                : Markup.empty(
                    "line",
                    [
                        ("x1", "1"), ("y1", "7"), ("x2", "27"), ("y2", "7"), ("stroke", entry.color),
                        ("stroke-width", "2.5"), ("stroke-dasharray", entry.dash.isEmpty ? "none" : entry.dash),
                    ])
            let swatch = Markup.element(
                "svg", [("viewBox", "0 0 28 14"), ("class", "key"), ("aria-hidden", "true")], key)
            return "<li>\(swatch)<span>\(entry.text)</span></li>"
        }
        let list = items.isEmpty ? "" : "<ul class=\"legend\">\(items.joined())</ul>"
        return "<figure><figcaption>\(Markup.escaped(title))</figcaption>\(frame.svg())\(list)</figure>\n"
    }

    /// ROC curves with their bands, and readers as points.
    static func roc(_ figures: [TaskFigure], readers: [ReaderFigure], title: String) -> String {
        var frame = PlotFrame(
            x: .unit("1 − specificity"), y: .unit("Sensitivity"), label: "ROC curves: \(title)")
        frame.line([SIMD2(0, 0), SIMD2(1, 1)], color: "var(--faint)", dash: "3 4", width: 1)
        for (index, figure) in figures.enumerated() where !figure.band.isEmpty && figures.count <= 2 {
            frame.band(
                figure.band.map { SIMD2($0.fpr, $0.lower) }, figure.band.map { SIMD2($0.fpr, $0.upper) },
                color: PlotFrame.color(index))
        }
        var legend: [Entry] = []
        for (index, figure) in figures.enumerated() {
            let (color, dash) = (PlotFrame.color(index), PlotFrame.dashes[index % PlotFrame.dashes.count])
            frame.line(figure.roc.map { SIMD2($0.fpr, $0.tpr) }, color: color, dash: dash)
            if let sensitivity = figure.atCut.sensitivity, let specificity = figure.atCut.specificity {
                frame.dot(SIMD2(1 - specificity.value, sensitivity.value), color: color, isFilled: false)
            }
            legend.append(
                Entry(
                    color: color, dash: dash,
                    text: "\(Markup.escaped(figure.system)): \(Digits.area(figure.auc.value)) "
                        + "(\(Digits.fixed(figure.auc.lower, 3))–\(Digits.fixed(figure.auc.upper, 3)))"))
        }
        for (index, reader) in readers.enumerated() {
            guard let sensitivity = reader.counts.sensitivity, let specificity = reader.counts.specificity else {
                continue
            }
            let color = PlotFrame.color(figures.count + index)
            frame.diamond(SIMD2(1 - specificity.value, sensitivity.value), color: color)
            legend.append(
                Entry(
                    color: color, dash: "",
                    text: "\(Markup.escaped(reader.name)): \(Digits.area(reader.counts.area ?? 0))", isMark: true))
        }
        return self.figure(frame, title: title, legend: legend)
    }

    /// Observed shares against probabilities, with Wilson's intervals.
    static func reliability(_ figures: [TaskFigure], title: String) -> String {
        var frame = PlotFrame(
            x: .unit("Mean probability"), y: .unit("Observed share"), label: "Reliability: \(title)")
        frame.line([SIMD2(0, 0), SIMD2(1, 1)], color: "var(--faint)", dash: "3 4", width: 1)
        var legend: [Entry] = []
        for (index, figure) in figures.enumerated() {
            let (color, dash) = (PlotFrame.color(index), PlotFrame.dashes[index % PlotFrame.dashes.count])
            let bins = figure.calibration.bins
            if let before = figure.uncalibrated {
                frame.line(
                    before.bins.map { SIMD2($0.meanProbability, $0.observed.value) }, color: color, dash: "1 4",
                    width: 1.5)
                for bin in before.bins {
                    frame.dot(
                        SIMD2(bin.meanProbability, bin.observed.value), color: color, radius: 3, isFilled: false)
                }
            }
            if figures.count <= 2 {
                for bin in bins {
                    let wilson = bin.observed.wilson
                    frame.line(
                        [SIMD2(bin.meanProbability, wilson.lower), SIMD2(bin.meanProbability, wilson.upper)],
                        color: color, width: 1, opacity: 0.6)
                }
            }
            frame.line(
                bins.map { SIMD2($0.meanProbability, $0.observed.value) }, color: color, dash: dash, width: 1.5)
            for bin in bins { frame.dot(SIMD2(bin.meanProbability, bin.observed.value), color: color, radius: 3) }
            legend.append(
                Entry(
                    color: color, dash: dash,
                    text: "\(Markup.escaped(figure.system)): ECE "
                        + "\(Digits.fixed(figure.calibration.expectedCalibrationError, 3)), Brier "
                        + Digits.fixed(figure.calibration.brier, 3)))
            if let before = figure.uncalibrated {
                legend.append(
                    Entry(
                        color: color, dash: "1 4",
                        text: "before calibration: ECE \(Digits.fixed(before.expectedCalibrationError, 3)), Brier "
                            + Digits.fixed(before.brier, 3)))
            }
        }
        return self.figure(frame, title: title, legend: legend)
    }

    /// Net benefit over thresholds, beside calling everybody and nobody.
    static func decision(_ figures: [TaskFigure], title: String) -> String {
        let prevalence = figures.first.map { Double($0.positives) / Double($0.positives + $0.negatives) } ?? 0.5
        var y = PlotFrame.Axis.fitting("Net benefit", [0, prevalence], fromZero: true)
        let step = y.ticks.count > 1 ? y.ticks[1] - y.ticks[0] : 0.1
        y.lower = -step / 2
        var frame = PlotFrame(x: .unit("Threshold probability"), y: y, label: "Decision curve: \(title)")
        var legend: [Entry] = []
        if let first = figures.first {
            let all = first.decisionCurve.prefix { $0.treatAll > y.lower }
            frame.line(all.map { SIMD2($0.threshold, $0.treatAll) }, color: "var(--faint)", dash: "2 3", width: 1.5)
            frame.line([SIMD2(0, 0), SIMD2(1, 0)], color: "var(--faint)", width: 1.5)
        }
        for (index, figure) in figures.enumerated() {
            let (color, dash) = (PlotFrame.color(index), PlotFrame.dashes[index % PlotFrame.dashes.count])
            let points = figure.decisionCurve.map { SIMD2($0.threshold, max($0.netBenefit, 2 * y.lower)) }
            frame.line(points, color: color, dash: dash)
            legend.append(Entry(color: color, dash: dash, text: Markup.escaped(figure.system)))
        }
        legend.append(Entry(color: "var(--faint)", dash: "2 3", text: "all called positive"))
        legend.append(Entry(color: "var(--faint)", dash: "", text: "none called positive"))
        return self.figure(frame, title: title, legend: legend)
    }

    /// How Grad-CAM changes as weights are drawn anew from the head down.
    static func randomization(_ figure: ExplanationFigure, title: String) -> String {
        let steps = figure.randomization
        var frame = PlotFrame(
            x: .init(
                title: "Layers drawn anew, from the head on", lower: 0, upper: Double(max(1, steps.count)),
                ticks: (0...max(1, steps.count)).map(Double.init), digits: 0),
            y: .init(
                title: "Similarity to the network's map", lower: -1, upper: 1,
                ticks: [-1, -0.5, 0, 0.5, 1]),
            label: "Randomization of weights: \(title)")
        let (rank, structure) = (PlotFrame.color(0), PlotFrame.color(1))
        let start = [SIMD2(0.0, 1.0)]
        let ranks = start + steps.enumerated().map { SIMD2(Double($0.offset + 1), $0.element.rankCorrelation) }
        let structures =
            start + steps.enumerated().map { SIMD2(Double($0.offset + 1), $0.element.structuralSimilarity) }
        frame.line(ranks, color: rank)
        frame.line(structures, color: structure, dash: "7 4")
        for point in ranks { frame.dot(point, color: rank, radius: 3) }
        for point in structures { frame.dot(point, color: structure, radius: 3, isFilled: false) }
        return self.figure(
            frame, title: title,
            legend: [
                Entry(color: rank, dash: "", text: "Spearman’s rank correlation"),
                Entry(color: structure, dash: "7 4", text: "structural similarity"),
            ])
    }

    /// Lines over epochs.
    static func history(_ lines: [TrainingHistory.Line], y title: String, title heading: String) -> String {
        let epochs = lines.flatMap { $0.points.map(\.x) }
        let values = lines.flatMap { $0.points.map(\.y) }
        let isShare = title == "AUC"
        let y =
            isShare
            ? PlotFrame.Axis(
                title: title, lower: min(0.4, values.min() ?? 0.4), upper: 1, ticks: [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
            : PlotFrame.Axis.fitting(title, values, fromZero: true)
        var frame = PlotFrame(x: .fitting("Epoch", epochs), y: y, label: "\(title) by epoch: \(heading)")
        var legend: [Entry] = []
        for (index, line) in lines.enumerated() {
            let (color, dash) = (PlotFrame.color(index), PlotFrame.dashes[index % PlotFrame.dashes.count])
            frame.line(line.points, color: color, dash: dash, width: 1.8)
            legend.append(Entry(color: color, dash: dash, text: Markup.escaped(line.name)))
        }
        return figure(frame, title: heading, legend: legend)
    }
}
