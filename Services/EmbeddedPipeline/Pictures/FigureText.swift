import Contracts

/// What is written over a region's pictures.
struct FigureText {
    private let finding: RegionFinding

    init(_ finding: RegionFinding) { self.finding = finding }

    var lines: [String] {
        var lines: [String] = []
        if !finding.probabilities.isEmpty {
            let order = finding.probabilities.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            lines.append(
                "Probabilities: " + order.map { "\($0.key) \(Self.fixed($0.value, 3))" }.joined(separator: ", "))
        }
        for node in finding.decisionPath {
            guard let label = node.label, let probability = node.probability, let threshold = node.threshold else {
                lines.append("\(node.node): no answer")
                continue
            }
            let asked = Self.asked(node.node, label: label, isGiven: probability >= threshold)
            lines.append(
                "\(node.node): \(label) (\(asked) \(Self.fixed(probability, 3)), threshold "
                    + "\(Self.fixed(threshold, 2)))")
        }
        let place = finding.location
        var size = "Longest diameter \(Self.fixed(place.longestDiameterMM, 1)) mm"
        if let axial = place.longestAxialDiameterMM { size += ", axial \(Self.fixed(axial, 1)) mm" }
        size +=
            ", short axis \(Self.fixed(place.shortAxisMM, 1)) mm, volume \(Self.fixed(place.volumeMM3 / 1000, 2)) ml"
        lines.append(size)
        if let criteria = finding.criteria { lines += Self.lines(criteria) }
        return lines
    }

    /// The label that a step's probability is of, which is not always the label that was given; `p` where nobody knows.
    private static func asked(_ node: String, label: String, isGiven: Bool) -> String {
        guard let labels = ClassifierRole(rawValue: node)?.labels, labels.contains(label) else { return "p" }
        return isGiven ? label : labels.first { $0 != label } ?? "p"
    }

    private static func lines(_ criteria: NodeCriteria) -> [String] {
        func text(_ name: String, _ criterion: Criterion) -> String {
            "\(name) \(fixed(criterion.value, 2)) (\(criterion.isMet ? "met" : "not met"), from "
                + "\(fixed(criterion.threshold, 3)))"
        }
        func rule(_ rule: ReaderCall.Rule) -> String { rule == .esgar ? "ESGAR 2016" : "Li et al. 2021" }
        func call(_ call: ReaderCall) -> String {
            "\(call.isSuspicious ? "suspicious" : "not suspicious") (\(call.met) of 3 criteria, \(call.needed) needed)"
        }
        return [
            "Criteria: "
                + [
                    text("border", criteria.borderIrregularity), text("signal", criteria.signalHeterogeneity),
                    text("roundness", criteria.roundness),
                ].joined(separator: ", "),
            "Readers' rule without short axis: \(call(criteria.withoutShortAxis))",
            "Readers' rule with short axis (\(rule(criteria.withShortAxis.rule))): \(call(criteria.withShortAxis))",
        ]
    }

    /// What must not be overlooked.
    func warnings(_ result: StudyResult) -> [String] {
        var warnings: [String] = []
        if result.models.contains(where: {
            [$0.name, $0.version, $0.intendedUse].contains { $0.lowercased().contains("untrained") }
        }) {
            warnings.append("UNTRAINED weights: these numbers are arithmetic, not medicine.")
        }
        if let abstention = finding.abstained { warnings.append("No full decision: \(abstention.reason)") }
        if finding.location.touchesBorder == true {
            warnings.append("It reaches the edge of the image: a part of it may lie outside.")
        }
        var told: [(sequences: [String], text: String)] = []
        for series in result.quality.series where series.code != .ok {
            let text = "\(series.code.rawValue): \(series.reasons.joined(separator: "; "))"
            if let index = told.firstIndex(where: { $0.text == text }) {
                told[index].sequences.append(series.sequence.rawValue)
            } else {
                told.append(([series.sequence.rawValue], text))
            }
        }
        warnings += told.map { "\($0.sequences.joined(separator: ", ")) \($0.text)" }
        return warnings
    }

    static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "?" }
        var scale = 1
        for _ in 0..<digits { scale *= 10 }
        let whole = Int((abs(value) * Double(scale)).rounded())
        let fraction = String(whole % scale)
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        return "\(sign)\(whole / scale).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}
