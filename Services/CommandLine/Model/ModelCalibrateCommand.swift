import ArgumentParser
import Classifiers
import Contracts
import NeuralNetwork

/// `oncorelay model calibrate DIR --scores SCORES`
struct ModelCalibrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Fit what a model's probabilities may be trusted in, and write it into its folder.",
        discussion: """
            SCORES holds cases that the network was not trained on. A table (.csv, .tsv) has the columns 'label' (a \
            word of model.json's labels, or its position from 0) and 'logit' (of a network with one output; of one \
            with two, the second less the first), or 'logit0', 'logit1', …, or 'score' (the second label's uncalibrated \
            probability); the 'scores.csv' of 'oncorelay evaluate' is one, of which the rows of the model's question are \
            taken. A .safetensors file has 'logits' \
            [N, outputs] and 'labels' [N], and for the distance from the training 'features' [M, F] (of the training \
            cases; 'oncorelay model run --features' makes them), 'feature_labels' [M] and, where cases belong to \
            patients, 'feature_groups' [M].

            With --data and --split instead, the network runs over the cohort itself, as services compute: the testing \
            cohort calibrates it, and the training cohort gives the distance.

            Writes 'calibration', 'trust' and 'threshold' of model.json, and trust.safetensors. The threshold moves \
            along, so that each case keeps its label. Services take the folder up within seconds. They say \
            'indeterminate', with the reason, where --abstain names it: out-of-distribution (farther from the \
            training than nearly all of it), conformal-set-ambiguous (not exactly one label in the set), \
            low-confidence (nearer to the threshold than --margin).

            What was fitted and what it brought is printed as JSON. Research use only. Not for diagnosis.

            Exit codes: 0 written, 64 wrong use, 65 model or scores cannot be used (the message says why; the folder \
            stays as it was), 66 a file cannot be read.
            """)

    @Argument(help: ArgumentHelp("The model folder.", valueName: "dir"), completion: .directory)
    var folder: String

    @Option(help: ArgumentHelp("The cases.", valueName: "scores.csv|scores.safetensors"), completion: .file())
    var scores: String?

    @Option(help: ArgumentHelp("A cohort's folder, instead of --scores.", valueName: "dir"), completion: .directory)
    var data: String?

    @Option(help: ArgumentHelp("How --data is divided: as 'train' and 'dataset split' write it.", valueName: "file"))
    var split: String?

    @OptionGroup var compute: ComputeOptions

    @Option(help: "How probabilities are calibrated.")
    var method = TrustFitter.Method.temperature

    @Option(help: "Share of cases whose true label the label sets hold.")
    var coverage = 0.9

    @Flag(help: "No label sets.")
    var noSets = false

    @Flag(help: "Let the coverage hold for the cases of each label, not only for all together.")
    var classConditional = false

    @Option(help: "Share of training cases that lie inside of the distance's threshold.")
    var inside = 0.99

    @Option(help: ArgumentHelp("Of the features' covariance, 0 to 1 (default: by Ledoit and Wolf).", valueName: "d"))
    var shrinkage: Double?

    @Option(help: ArgumentHelp("Reasons to abstain, separated by commas, or 'none' (default: as the folder has it)."))
    var abstain: String?

    @Option(help: "Of low-confidence: how near to the threshold is too near.")
    var margin: Double?

    @Option(help: ArgumentHelp("Threshold of the second label, for calibrated probabilities.", valueName: "p"))
    var threshold: Double?

    func validate() throws {
        guard (scores == nil) != (data == nil) else { throw ValidationError("give --scores, or --data with --split") }
        guard (data == nil) == (split == nil) else { throw ValidationError("--data and --split go together") }
        for (name, value) in [("coverage", coverage), ("inside", inside)] where !(value > 0 && value < 1) {
            throw ValidationError("--\(name): expected a number between 0 and 1, found \(value)")
        }
        for (name, value) in [("shrinkage", shrinkage), ("threshold", threshold), ("margin", margin)] {
            if let value, !(0...1).contains(value) {
                throw ValidationError("--\(name): expected a number of 0 to 1, found \(value)")
            }
        }
        guard !noSets || !classConditional else {
            throw ValidationError("--no-sets and --class-conditional exclude each other")
        }
        guard margin == nil || abstain != nil else { throw ValidationError("--margin needs --abstain low-confidence") }
        _ = try policy()
    }

    /// What is printed.
    private struct Report: Encodable {
        struct Threshold: Encodable { let before, after: Double }

        let model: String
        let threshold: Threshold
        let calibration: Calibration
        let trust: TrustDescription?
        let disclaimer = Disclaimer.text
    }

    func run() async throws {
        let model = try ModelFolder.loadDescription(path: folder)
        let cases = try await cases(of: model)
        var fitter = TrustFitter()
        fitter.method = method
        fitter.coverage = noSets ? nil : coverage
        fitter.kind = classConditional ? .classConditional : .marginal
        fitter.insideShare = inside
        if let shrinkage { fitter.shrinkage = .fixed(shrinkage) }
        fitter.policy = try policy()
        // A table's one number stands for two outputs by their difference.
        let logits = cases.logits.map { row in
            row.count == 1 && model.architecture.classes == 2 ? [0] + row : row
        }
        let trust = try fitter.fit(logits: logits, labels: cases.labels, features: cases.features)
        let written = try trust.write(to: folder, threshold: threshold)
        try Console.standard.json(
            Report(
                model: written.description.name,
                threshold: .init(before: written.formerThreshold, after: written.description.threshold),
                calibration: written.description.calibration ?? .none, trust: written.description.trust))
    }

    private func cases(of model: ModelDescription) async throws -> CalibrationScores {
        if let scores { return try CalibrationScores.read(path: scores, labels: model.labels) }
        guard let data, let split else { throw ValidationError("give --scores, or --data with --split") }
        // As training fits its best model.
        return try await CalibrationScores.observe(
            folder, data: data, split: split, settings: compute.exactSettings())
    }

    private func policy() throws -> TrustDescription.Policy? {
        guard let abstain else { return nil }
        guard abstain != "none" else { return .init(abstain: []) }
        let reasons = try abstain.split(separator: ",").map { word in
            guard let code = ReasonCode(rawValue: String(word)), code.isByPolicy else {
                let known = ReasonCode.allCases.filter(\.isByPolicy).map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--abstain: expected some of \(known), or none")
            }
            return code
        }
        guard !reasons.contains(.lowConfidence) || (margin ?? 0) > 0 else {
            throw ValidationError("--abstain low-confidence needs --margin, above 0")
        }
        return .init(abstain: reasons, margin: margin)
    }
}

extension TrustFitter.Method: ExpressibleByArgument {}
