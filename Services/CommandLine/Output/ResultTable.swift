import Contracts

/// A study's result as a person reads it in a terminal.
///
/// First what is said of the patient, then each region with its decision path, then what speaks for or against
/// trusting it: quality, models, errors. The disclaimer comes last and is never left out.
struct ResultTable: Sendable {
    private let result: StudyResult
    private let width: Int
    private let style: TextStyle

    init(_ result: StudyResult, width: Int = 100, style: TextStyle = .plain) {
        self.result = result
        self.width = width
        self.style = style
    }

    init(_ result: StudyResult, for terminal: Terminal) {
        self.init(result, width: terminal.width, style: terminal.style)
    }

    /// The whole table, lines separated by line ends, without one at the end.
    var text: String {
        var blocks = [heading, patient]
        blocks += result.regions.map(region)
        blocks += [quality, models, errors, timing]
        blocks.append([style.bold(TextTable.printable(result.disclaimer))])
        return blocks.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var heading: [String] {
        let status: String
        switch result.status {
        case .final: status = style.good(result.status.rawValue)
        case .partial: status = style.warning(result.status.rawValue)
        case .failed: status = style.bad(result.status.rawValue)
        }
        var lines = ["\(style.bold("Study")) \(TextTable.printable(result.studyInstanceUID))"]
        let site = result.subject.site.map { " · site \(TextTable.printable($0))" } ?? ""
        lines.append("\(result.task.rawValue) · \(status) · revision \(result.revision)\(site)")
        lines.append(style.faint("run \(result.runID) · issued \(result.issuedAt)"))
        return lines
    }

    private var patient: [String] {
        let finding = result.patient
        let name = result.task == .brainMetastasis ? "Origin" : "Nodal status"
        var head = "\(style.bold(name)) \(label(finding.label))"
        if let probability = finding.probability { head += "  p \(NumberText.fixed(probability, 2))" }
        var lines = [head]
        if !finding.probabilities.isEmpty { lines.append("  " + probabilities(finding.probabilities)) }
        var basis = "rule: \(finding.rule)"
        if let agreement = finding.agreement { basis += "; \(NumberText.percent(agreement)) of decided regions agree" }
        lines += paragraph(basis)
        return lines
    }

    private func region(_ region: RegionFinding) -> [String] {
        let place = region.location
        var lines = ["\(style.bold("Region \(TextTable.printable(region.id))")) \(label(region.label))"]
        lines += paragraph(
            "at \(Self.position(place.centroidRAS)) mm · \(NumberText.fixed(place.volumeMM3, 0)) mm³ · longest "
                + "\(NumberText.fixed(place.longestDiameterMM, 1)) mm · short axis "
                + "\(NumberText.fixed(place.shortAxisMM, 1)) mm")
        lines += decisions(region.decisionPath)
        if !region.probabilities.isEmpty { lines.append("  " + probabilities(region.probabilities)) }
        if let set = region.labelSet { lines += paragraph(Self.text(set)) }
        if let abstention = region.abstained { lines += caution("abstained", abstention.code, abstention.reason) }
        if let criteria = region.criteria { lines += paragraph(Self.text(criteria)) }
        for (node, heatmap) in heatmaps(region) {
            lines += paragraph("heat map of \(node) for \(heatmap.label): \(Self.place(heatmap))")
        }
        if !region.inputs.isEmpty {
            lines += paragraph("from \(region.inputs.keys.sorted(by: Self.sequenceOrder).joined(separator: ", "))")
        }
        return lines
    }

    /// What readers' criteria make of a node, beside the network's answer.
    private static func text(_ criteria: NodeCriteria) -> String {
        func one(_ name: String, _ criterion: Criterion) -> String {
            "\(name) \(NumberText.fixed(criterion.value, 2)) (\(criterion.isMet ? "met" : "not met"))"
        }
        func call(_ call: ReaderCall) -> String {
            "\(call.isSuspicious ? "suspicious" : "not suspicious") (\(call.met) met, \(call.needed) needed)"
        }
        return
            "criteria: \(one("border", criteria.borderIrregularity)), \(one("signal", criteria.signalHeterogeneity)), "
            + "\(one("roundness", criteria.roundness)); \(call(criteria.withoutShortAxis)), with the short axis "
            + "\(call(criteria.withShortAxis))"
    }

    private func decisions(_ path: [NodeDecision]) -> [String] {
        guard !path.isEmpty else { return [] }
        var table = TextTable([.shrinking("decision"), .left("says"), .right("p"), .right("threshold")])
        for node in path {
            table.add([
                node.node, node.label ?? "abstained", evidence(node),
                node.threshold.map { NumberText.fixed($0, 3) } ?? "–",
            ])
        }
        let reasons =
            path.flatMap { node in
                Self.distance(node).map(paragraph) ?? []
            }
            + path.flatMap { node in
                node.abstained.map { caution("\(node.node) abstained", $0.code, $0.reason) } ?? []
            }
        return table.lines(width: width, style: style, indent: 2) + reasons
    }

    /// Each node's heat map; the region's own where no node brings one.
    private func heatmaps(_ region: RegionFinding) -> [(node: String, map: Heatmap)] {
        let ofNodes = region.decisionPath.compactMap { node in node.heatmap.map { (node.node, $0) } }
        return ofNodes.isEmpty ? region.heatmap.map { [("the last decision", $0)] } ?? [] : ofNodes
    }

    private var quality: [String] {
        guard !result.quality.series.isEmpty else { return [] }
        var lines = [style.bold("Images")]
        for series in result.quality.series {
            let text =
                "\(series.sequence.rawValue): \(series.code.rawValue), covers \(NumberText.percent(series.coverage))"
            let reasons = series.reasons.isEmpty ? "" : " (\(series.reasons.joined(separator: "; ")))"
            let shown = paragraph(text + reasons)
            lines += series.code == .ok ? shown : shown.map(style.warning)
        }
        return lines
    }

    private var models: [String] {
        guard !result.models.isEmpty else { return [] }
        var lines = [style.bold("Models")]
        if result.models.contains(where: Self.isUntrained) {
            lines += TextTable.wrapped(
                "  UNTRAINED weights answered: these findings are arithmetic, not medicine. Set ONCORELAY_MODELS to a "
                    + "folder of trained models.", width: width, indent: 2
            ).map { style.bad("  " + $0.drop { $0 == " " }) }
        }
        for model in result.models {
            let mark = Self.isUntrained(model) ? "UNTRAINED " : ""
            let digest = model.weightsSHA256.prefix(12)
            lines += paragraph(
                "\(model.role): \(mark)\(model.name) \(model.version) (weights \(digest)\(Self.calibration(model))) – "
                    + model.intendedUse)
        }
        return lines
    }

    private var errors: [String] {
        guard !result.errors.isEmpty else { return [] }
        return [style.bold("What went wrong on the way")]
            + result.errors.flatMap { error in
                caution(error.stage ?? "study", error.code, error.message)
            }
    }

    private var timing: [String] {
        guard !result.timing.isEmpty else { return [] }
        let stages = StageName.allCases.map(\.rawValue)
        let names = result.timing.keys.sorted { left, right in
            (stages.firstIndex(of: left) ?? stages.count, left) < (stages.firstIndex(of: right) ?? stages.count, right)
        }
        let ordered = names.filter { $0 != "total" } + names.filter { $0 == "total" }
        let text = ordered.map { "\($0) \(NumberText.milliseconds(result.timing[$0] ?? 0))" }.joined(separator: " · ")
        return [style.bold("Time")] + paragraph(text)
    }
}

extension ResultTable {
    /// Whether a model's own words say that nobody trained it.
    static func isUntrained(_ model: ModelUsed) -> Bool {
        [model.name, model.version, model.intendedUse].contains { $0.lowercased().contains("untrained") }
    }

    /// RAS+ coordinates by the side that they lie on: `L 23.1  A 4.2  S 51.0`.
    static func position(_ centroid: [Double]) -> String {
        let sides = [("R", "L"), ("A", "P"), ("S", "I")]
        return zip(centroid, sides).map { value, side in
            "\(value < 0 ? side.1 : side.0) \(NumberText.fixed(abs(value), 1))"
        }.joined(separator: "  ")
    }

    /// A step's probability with the label that it is of, which is not always the label that was given: `lung 0.200`.
    /// The number alone where the terminal is too narrow.
    private func evidence(_ node: NodeDecision) -> String {
        guard let probability = node.probability else { return "–" }
        let number = NumberText.fixed(probability, 3)
        guard width >= 60, let labels = ClassifierRole(rawValue: node.node)?.labels, let label = node.label,
            labels.contains(label), let threshold = node.threshold
        else { return number }
        guard probability < threshold else { return "\(label) \(number)" }
        return labels.first { $0 != label }.map { "\($0) \(number)" } ?? number
    }

    private static func calibration(_ model: ModelUsed) -> String {
        model.calibration.map { ", calibrated by \(TextTable.printable($0))" } ?? ""
    }

    private static func distance(_ node: NodeDecision) -> String? {
        node.outOfDistribution.map {
            "\(node.node): \(NumberText.fixed($0.distance, 1)) from the training, \($0.isOutside ? "outside" : "inside") of "
                + "\(NumberText.fixed($0.threshold, 1))"
        }
    }

    /// `one of sclc, nsclc in 85 % of cases`.
    private static func text(_ set: LabelSet) -> String {
        let members = set.labels.isEmpty ? "none of the labels fits" : "one of " + set.labels.joined(separator: ", ")
        return "\(members), in at least \(NumberText.percent(set.coverage)) of cases like those of the calibration"
    }

    private static func place(_ heatmap: Heatmap) -> String {
        heatmap.file ?? heatmap.tensor.map { "tensor \($0.key)" } ?? "not kept"
    }

    private static func sequenceOrder(_ left: String, _ right: String) -> Bool {
        switch (MRSequence(rawValue: left), MRSequence(rawValue: right)) {
        case (let left?, let right?): left < right
        case (nil, nil): left < right
        case (let known, _): known != nil
        }
    }

    /// The likeliest first; equals by name, so that the same result is always the same text.
    private func probabilities(_ values: [String: Double]) -> String {
        values.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\(TextTable.printable($0.key)) \(NumberText.fixed($0.value, 2))" }.joined(separator: "  ")
    }

    private func label(_ text: String) -> String {
        text == "indeterminate" ? style.warning(text) : style.bold(TextTable.printable(text))
    }

    private func paragraph(_ text: String) -> [String] {
        TextTable.wrapped(text, width: width - 2, indent: 2).map { "  " + $0 }
    }

    private func caution(_ what: String, _ code: ReasonCode, _ message: String) -> [String] {
        paragraph("\(what) (\(code.rawValue)): \(message)").map(style.warning)
    }
}
