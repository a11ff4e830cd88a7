import Classifiers
import ArgumentParser
import Contracts
import Messaging

/// `oncorelay publish STUDY.json`
struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Publish a study; with --wait, wait for its result.",
        discussion: """
            With --folder the study is made of what lies there: NIfTI files with or without BIDS sidecars, DICOM \
            series, a label map, contours, or pictures of lymph nodes. Each series is recognized by what the scanner \
            wrote about it. What nobody can know is asked at a terminal; a script is told the flag. --write-only prints \
            the study instead of publishing it.

            The file holds the data of study.submitted, bare or as a CloudEvent ('-' reads standard input). It is \
            checked before it is sent. Without --wait prints {"id"}. With --wait prints the data of the event that \
            ended it: a result, or a rejection or failure with its 'error'; progress goes to standard error.

            Exit codes: 0 the result is final (without --wait: the broker has confirmed), 3 rejected, 4 failed, \
            5 partial, 6 no answer in time (the study goes on), 64 wrong use or a setting that cannot be used, \
            65 the file holds no such study, 66 it cannot be read, 69 the broker cannot be reached or refuses, \
            130 interrupted.
            """)

    @Argument(
        help: ArgumentHelp("The study, as JSON.", valueName: "study.json"), completion: .file(extensions: ["json"]))
    var study: String?

    @OptionGroup(title: "A study's folder")
    var folder: StudyFolderOptions

    @Option(help: ArgumentHelp("Wait so long for the end.", valueName: "seconds"))
    var wait: Double?

    @Flag(help: "Also show the result as a table, on standard error.")
    var table = false

    @Option(help: "'urgent' or 'routine', in place of what the file says.")
    var priority: Priority?

    @Option(help: "The site, in place of what the file says; the last word of the routing key.")
    var site: String?

    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard (study == nil) != (folder.folder == nil) else {
            throw ValidationError("expected either STUDY.json or --folder DIR")
        }
        try folder.validateUse()
        if folder.writeOnly, wait != nil { throw ValidationError("--write-only publishes nothing to wait for") }
        if let wait, !(wait > 0 && wait <= 31_536_000) {
            throw ValidationError("--wait: expected more than 0 and at most 31536000 seconds, found \(wait)")
        }
        if table, wait == nil { throw ValidationError("--table shows the result; it needs --wait SECONDS") }
    }

    func run() async throws {
        let submission: StudySubmission
        if let study {
            submission = try StudySubmission(
                file: StudyFile.read(study), path: study, priority: priority, site: site)
        } else {
            let made = try folder.study()
            submission = try StudySubmission(
                file: EventCoding.encode(made), path: folder.folder ?? "folder", priority: priority, site: site)
            guard !folder.writeOnly else { return try Console.standard.json(submission.study) }
        }
        let publisher = StudyPublisher(broker: try broker.makeBroker(), progress: ProgressLine())
        guard let wait else {
            try await Interruption.cancels { try await publisher.publish(submission) }
            try Console.standard.json(Published(id: submission.event.id))
            return
        }
        let answer = try await Interruption.cancels {
            try await publisher.publish(submission, waiting: .seconds(wait))
        }
        let report = PublishReport(answer, of: submission, waited: wait)
        // For people last, where a terminal shows it.
        try Console.standard.json(report.output)
        if table, case .result(let result, _) = answer.outcome {
            Console.standard.note(ResultTable(result, for: .standardError).text)
        }
        for note in report.notes { Console.standard.note(note) }
        try report.status.end()
    }
}

extension Priority: ExpressibleByArgument {}

/// The message that was sent, and the run that it became as far as is known.
struct Published: Encodable, Sendable, Equatable {
    var id: String
    var runID: String?
}

/// What `publish --wait` says at the end.
struct PublishReport: Sendable {
    let output: JSONValue
    let notes: [String]
    let status: ExitStatus

    init(_ answer: StudyPublisher.Answer, of submission: StudySubmission, waited seconds: Double) {
        switch answer.outcome {
        case .result(let result, let data):
            output = data
            notes =
                result.status == .final
                ? [] : ["oncorelay: the result is \(result.status.rawValue): \(Self.reasons(result.errors))"]
        case .rejected(let rejection, let data):
            output = data
            notes = ["oncorelay: rejected: \(TextTable.printable(rejection.error.description))"]
        case .failed(let failure, let data):
            output = data
            notes = ["oncorelay: failed: \(TextTable.printable(failure.error.description))"]
        case nil:
            var members: [String: JSONValue] = ["id": .string(submission.event.id)]
            if let runID = answer.runID { members["runID"] = .string(runID) }
            output = .object(members)
            let last = answer.lastProgress.map { "last: \($0)" } ?? "nothing was heard of it (is ingestion running?)"
            notes = [
                "oncorelay: no answer within \(NumberText.fixed(seconds, 1)) s; \(last); the study goes on: "
                    + "'oncorelay status' shows the queues, 'oncorelay watch' the results"
            ]
        }
        status = answer.outcome?.status ?? .noAnswer
    }

    private static func reasons(_ errors: [Failure]) -> String {
        errors.isEmpty
            ? "see its abstentions" : errors.map { TextTable.printable($0.description) }.joined(separator: "; ")
    }
}
