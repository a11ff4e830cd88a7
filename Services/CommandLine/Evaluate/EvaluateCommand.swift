import ArgumentParser
import Contracts
import Datasets
import Evaluation
import NeuralNetwork
import Statistics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `oncorelay evaluate CONFIG [--report DIR]`
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Scores networks on a cohort; figures as JSON and as a page to read and print.",
        discussion: """
            CONFIG is YAML; paths in it are relative to its folder:

              dataset: cohort            a folder of brain studies (BIDS) or of cut-outs (nodes.tsv)
              split: split.json          as 'train' writes it; without it all cases are independent
              models:                    systems to compare; each one network, or the three of the hierarchy
                - {name: ResNet18, folders: [runs/lung, runs/sclc, runs/bc], history: runs/lung/history.csv}
              sweep: runs                instead of models: every run of a sweep
              scores: scores.csv         instead of all these: probabilities that are there already
              calls: calls.csv           readers' calls: example, reader, call, and condition
              readers: [R2, R3]          only these (default: all)
              cohorts: [testing, independent]
              units: [lesion, patient]   lesion and patient, or image, node and patient
              cut: model                 or youden (chosen on testing, used on the others), or a number
              reference: ResNet18        what others are compared with (default: each with each)
              correction: holm           or bonferroni, benjamini-hochberg, none
              level: 0.95
              bootstrap: {resamples: 2000, seed: 1}
              heat-maps: {pictures: 3, cases: 64, randomized: 8}
              title: Words for the page

            A table of scores has the columns example, patient, cohort, outcome and score, and may have group, system, \
            task, label, threshold, uncalibrated and short_axis. 'scores.csv' that this command writes is one.

            OUT gets scores.csv and evaluation.json, DIR gets index.html, which needs nothing else and can be mailed or \
            printed. A summary is printed as JSON.

            Exit codes: 0 done, 64 wrong use, 65 something does not fit (all of it is listed), 70 a fault of this \
            program. Research use only. Not for diagnosis.
            """)

    @Argument(help: "What is evaluated, as YAML.", completion: .file(extensions: ["yaml", "yml"]))
    var config: String

    @Option(help: ArgumentHelp("Where scores.csv and evaluation.json go (default: CONFIG's folder).", valueName: "dir"))
    var out: String?

    @Option(help: ArgumentHelp("Write the page, with heat maps, into this folder.", valueName: "dir"))
    var report: String?

    @OptionGroup var compute: ComputeOptions

    /// What is printed.
    private struct Summary: Encodable {
        struct Figure: Encodable {
            let system, task, cohort, unit: String
            let auc, lower, upper: Double
        }
        let scores, evaluation: String
        let report: String?
        let figures: [Figure]
        let warnings: [String]
        let disclaimer: String
    }

    func run() async throws {
        let progress = ProgressLine()
        defer { progress.finish() }
        do {
            let run = try EvaluationRun.read(config)
            let outcome = try await run.evaluate(
                compute: compute.settings(precision: .automatic), wantsHeatMaps: report != nil
            ) { progress.update($0) }
            let folder = out ?? URL(filePath: config).deletingLastPathComponent().path
            try outcome.files(in: folder, report: report, date: Self.today).write()
            progress.finish()
            for warning in outcome.evaluation.warnings { Console.standard.note("oncorelay: \(warning)") }
            try Console.standard.json(summary(outcome.evaluation, folder))
        } catch let problems as EvaluationProblems {
            throw CommandFailure("\(problems)", .dataError)
        } catch let error as StatisticsError {
            throw CommandFailure("\(config): \(error)", .dataError)
        }
    }

    private func summary(_ evaluation: Evaluation, _ folder: String) -> Summary {
        Summary(
            scores: "\(folder)/\(EvaluationFiles.scores)", evaluation: "\(folder)/\(EvaluationFiles.figures)",
            report: report.map { "\($0)/\(EvaluationFiles.page)" },
            figures: evaluation.figures.map {
                .init(
                    system: $0.system, task: $0.task.rawValue, cohort: $0.cohort.rawValue, unit: $0.unit.rawValue,
                    auc: $0.auc.value, lower: $0.auc.lower, upper: $0.auc.upper)
            },
            warnings: evaluation.warnings, disclaimer: Disclaimer.text)
    }

    /// The day in UTC, as ISO 8601 writes it.
    private static var today: String { String(Date.now.formatted(.iso8601).prefix(10)) }
}
