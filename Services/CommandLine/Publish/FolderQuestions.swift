import Contracts
import Imaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Turns a folder into a study; asks a person at a terminal what nobody can know, and tells a script which flag is
/// missing.
struct FolderQuestions: Sendable {
    let console: Console
    /// Whether somebody can be asked.
    let isInteractive: Bool
    /// A line of an answer; nil at the end of the input.
    let answer: @Sendable () -> String?

    static let standard = FolderQuestions(
        console: .standard, isInteractive: isatty(STDIN_FILENO) == 1, answer: { readLine() })

    /// Makes the study of a folder. Its locations are relative to the first of the roots that holds the folder, and
    /// absolute where none does.
    ///
    /// - Throws: ``CommandFailure``: `noInput` for a folder that cannot be read, `usage` with the flag that is missing,
    ///   `dataError` where there is nothing to ask about.
    func study(
        folder: String, roots: [String], answers given: FolderStudy.Answers
    ) throws -> StudySubmitted {
        let survey: FolderSurvey
        do throws(ImagingError) {
            survey = try FolderSurvey(LocatedFolder(path: folder))
        } catch {
            throw CommandFailure("'\(folder)' cannot be used: \(error.message)", .noInput)
        }
        let maker = FolderStudy(survey: survey, prefix: Self.prefix(of: folder, roots: roots))
        var answers = given
        while true {
            switch maker.study(answers) {
            case .study(let study, let leftOut):
                for one in leftOut { console.note("left out: \(TextTable.printable(one))") }
                return study
            case .impossible(let reason):
                throw CommandFailure("'\(folder)': \(reason)", .dataError)
            case .question(let question):
                try take(ask(question), for: question.subject, into: &answers)
            }
        }
    }

    private func ask(_ question: FolderStudy.Question) throws -> String {
        guard isInteractive else {
            let shown = question.choices.prefix(20).enumerated().map { index, choice in
                question.descriptions.indices.contains(index) ? "\(choice) (\(question.descriptions[index]))" : choice
            }
            let choices = shown.joined(separator: ", ")
            throw CommandFailure(
                TextTable.printable(
                    "\(question.text) Give \(question.flag)" + (choices.isEmpty ? "" : "; one of: \(choices)")), .usage)
        }
        console.note(question.text)
        for (index, choice) in question.choices.enumerated() {
            let known = question.descriptions.indices.contains(index) ? "  \(question.descriptions[index])" : ""
            console.note("  \(index + 1)  " + TextTable.printable(choice + known))
        }
        while true {
            console.fragment(question.choices.isEmpty ? "> " : "1-\(question.choices.count), or in words > ")
            guard let line = answer() else { throw CommandFailure("no answer; \(question.flag) gives it", .usage) }
            if let number = Int(line), question.choices.indices.contains(number - 1) {
                return question.choices[number - 1]
            }
            if !line.isEmpty { return line }
        }
    }

    private func take(
        _ answer: String, for subject: FolderStudy.Question.Subject, into answers: inout FolderStudy.Answers
    ) throws {
        switch subject {
        case .task:
            guard let task = ClinicalTask(rawValue: answer) else {
                throw CommandFailure("'\(answer)' is no task", .usage)
            }
            answers.task = task
        case .series(let sequence): answers.series[sequence] = answer
        case .mask: answers.mask = answer
        case .study: answers.studyInstanceUID = answer
        }
    }

    /// The folder's way from a root on, or its absolute path.
    static func prefix(of folder: String, roots: [String]) -> String {
        let path = canonical(folder)
        for root in roots.map(canonical) {
            if path == root { return "" }
            if path.hasPrefix(root + "/") { return String(path.dropFirst(root.count + 1)) }
        }
        return path
    }

    private static func canonical(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
