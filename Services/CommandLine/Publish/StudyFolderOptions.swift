import ArgumentParser
import Contracts

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `--folder DIR`, and what answers the questions that a folder leaves open.
struct StudyFolderOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Make the study of what lies in a folder.", valueName: "dir"), completion: .directory)
    var folder: String?

    @Option(help: "'brain-metastasis' or 'lymph-node'.")
    var task: ClinicalTask?

    @Option(
        name: .customLong("series"),
        help: ArgumentHelp(
            "Which series is a sequence: its path from the folder on, or its UID; once a sequence.",
            valueName: "T1CE=path"))
    var chosen: [String] = []

    @Option(help: ArgumentHelp("The label map with the regions, from the folder on.", valueName: "path"))
    var mask: String?

    @Option(name: .customLong("study-uid"), help: "The Study Instance UID.")
    var studyUID: String?

    @Option(
        help: ArgumentHelp(
            "The root that the services resolve locations beneath (ONCORELAY_ROOTS).", valueName: "dir"),
        completion: .directory)
    var root: String?

    @Flag(help: "Print the study instead of publishing it.")
    var writeOnly = false

    func validateUse() throws {
        guard folder == nil else {
            _ = try answers()
            return
        }
        if task != nil || !chosen.isEmpty || mask != nil || studyUID != nil || root != nil || writeOnly {
            throw ValidationError("--task, --series, --mask, --study-uid, --root and --write-only go with --folder")
        }
    }

    func study() throws -> StudySubmitted {
        let environment = ProcessInfo.processInfo.environment["ONCORELAY_ROOTS"] ?? ""
        let roots = root.map { [$0] } ?? environment.split(separator: ":").map(String.init)
        return try FolderQuestions.standard.study(folder: folder ?? ".", roots: roots, answers: answers())
    }

    private func answers() throws -> FolderStudy.Answers {
        var answers = FolderStudy.Answers(task: task, mask: mask, studyInstanceUID: studyUID)
        for one in chosen {
            let parts = one.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let sequence = MRSequence(rawValue: parts[0].uppercased()) else {
                let names = MRSequence.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--series: expected SEQUENCE=PATH with one of \(names), found '\(one)'")
            }
            answers.series[sequence] = parts[1]
        }
        return answers
    }
}
