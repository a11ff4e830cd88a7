import ArgumentParser
import Classifiers
import Contracts
import EmbeddedPipeline
import Logging
import ServiceRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `oncorelay classify STUDY.json`
struct ClassifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Take a study through all stages in this process, without any server.",
        discussion: """
            The file holds the data of study.submitted, bare or as a CloudEvent ('-' reads standard input). Its \
            locations are found beneath --root. Prints the data of the event that ended the study: the result, or a \
            rejection or failure with its 'error'. With --out, DIR gets result.json, the heat maps \
            (heatmaps/*.nii.gz) and a picture of each region with its outline and heat maps on the anatomy \
            (pictures/*.png).

            Exit codes: 0 a result, final or partial (its 'status' says which), 3 rejected, 4 failed, 6 no end in \
            time, 64 wrong use, 65 the file holds no such study, 66 it cannot be read, 130 interrupted.
            """)

    @Argument(
        help: ArgumentHelp("The study, as JSON.", valueName: "study.json"), completion: .file(extensions: ["json"]))
    var study: String

    @Option(help: ArgumentHelp(SettingsKey.roots.optionSummary, valueName: "dir"), completion: .directory)
    var root: [String] = []

    @Option(help: ArgumentHelp(SettingsKey.models.optionSummary, valueName: "dir"), completion: .directory)
    var models: String?

    @Option(help: ArgumentHelp("Write result.json, heat maps and pictures into this folder.", valueName: "dir"))
    var out: String?

    @Option(help: ArgumentHelp(SettingsKey.precision.optionSummary))
    var precision: NetworkPrecision?

    @Option(help: ArgumentHelp(SettingsKey.threads.optionSummary, valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Give up after so long.", valueName: "seconds"))
    var timeout = 600.0

    @Flag(help: "Also show the result as a table, on standard error.")
    var table = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
        }
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout: expected more than 0 and at most 86400 seconds, found \(timeout)")
        }
    }

    func run() async throws {
        let submission = try StudySubmission(file: StudyFile.read(study), path: study, priority: nil, site: nil)
        let values = SettingValues()
        try Self.checkModels(values.given(.models, option: models), for: submission.study.task)
        var settings = EmbeddedSettings(
            roots: try roots(values), models: values.given(.models, option: models),
            heatmaps: try out.map { try Self.folder($0 + "/heatmaps") },
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        settings.precision = try precision ?? Self.precision(values)
        let keys: [SettingsKey] = [.unusableImages, .quality, .criteria, .readersRule]
        try settings.judge(
            by: Dictionary(
                uniqueKeysWithValues: keys.compactMap { key in values.given(key, option: nil).map { (key.name, $0) } }))
        let pipeline = EmbeddedPipeline(
            settings: settings, logger: Logger(label: "oncorelay") { _ in SwiftLogNoOpLogHandler() })
        let timeout = timeout
        let answer = try await Interruption.cancels {
            try await pipeline.run { broker in
                try await StudyPublisher(broker: broker, progress: ProgressLine())
                    .publish(submission, waiting: .seconds(timeout))
            }
        }
        let report = PublishReport(answer, of: submission, waited: timeout)
        // For people last, where a terminal shows it.
        try Console.standard.json(report.output)
        if table, case .result(let result, _) = answer.outcome {
            Console.standard.note(ResultTable(result, for: .standardError).text)
        }
        for note in report.notes { Console.standard.note(note) }
        if let out {
            try Data((JSONText.pretty(report.output) + "\n").utf8).write(to: URL(filePath: out + "/result.json"))
            if case .result(let result, _) = answer.outcome {
                _ = try await ResultPictures(roots: settings.roots, heatmaps: settings.heatmaps)
                    .write(submission.study, result, to: Self.folder(out + "/pictures"))
            }
        }
        // A partial result is a result: what is missing stands in it.
        if report.status != .partial { try report.status.end() }
    }

    /// A service waits until its models are mended; a person at a terminal is told at once what is wrong with them.
    private static func checkModels(_ directory: String?, for task: ClinicalTask) throws {
        guard let directory else { return }
        let catalog = try ModelCatalog.open(directory: directory)
        for role in ClassifierRole.allCases where role.task == task && catalog.entry(for: role) != nil {
            _ = try catalog.model(for: role)
        }
        guard ClassifierRole.allCases.contains(where: { $0.task == task && catalog.entry(for: $0) != nil }) else {
            throw CommandFailure(
                "'\(directory)' holds no model folder for \(task.rawValue); expected one whose labels are those of "
                    + ClassifierRole.allCases.filter { $0.task == task }.map(\.rawValue).joined(separator: ", "),
                .dataError)
        }
    }

    private static func precision(_ values: SettingValues) throws -> NetworkPrecision {
        guard let text = values.given(.precision, option: nil) else { return .automatic }
        guard let precision = NetworkPrecision(rawValue: text) else {
            throw SettingsError(
                key: SettingsKey.precision.name,
                expected: NetworkPrecision.allCases.map(\.rawValue).joined(separator: ", "), found: text)
        }
        return precision
    }

    /// The folders beneath which locations resolve: options, else the setting, else the study's own folder.
    private func roots(_ values: SettingValues) throws -> [String] {
        if !root.isEmpty { return root }
        if let text = values.given(.roots, option: nil) { return text.split(separator: ":").map(String.init) }
        guard study != "-" else { return [FileManager.default.currentDirectoryPath] }
        return [URL(filePath: study).deletingLastPathComponent().path]
    }

    private static func folder(_ path: String) throws -> String {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure("'\(path)' cannot be made; choose another folder for --out", .noInput)
        }
        return path
    }
}

extension NetworkPrecision: ExpressibleByArgument {}
