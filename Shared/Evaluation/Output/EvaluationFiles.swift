internal import Glibc

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// What an evaluation writes: all of it, or nothing.
package struct EvaluationFiles: Sendable {
    package static let scores = "scores.csv"
    package static let figures = "evaluation.json"
    package static let page = "index.html"

    private var files: [(path: String, bytes: Data)] = []

    package init() {}

    package var paths: [String] { files.map(\.path) }

    package mutating func add(_ bytes: Data, at path: String) { files.append((path, bytes)) }

    package mutating func add(_ text: String, at path: String) { add(Data(text.utf8), at: path) }

    /// An evaluation as JSON, keys sorted.
    package static func json(_ evaluation: Evaluation) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(evaluation)
    }

    /// Writes every file beside its place first, and puts them there only once all are written.
    ///
    /// - Throws: ``EvaluationProblems`` where a folder or a file cannot be written; nothing is left then.
    package func write() throws(EvaluationProblems) {
        var written: [(partial: String, path: String)] = []
        var current = ""
        do {
            for file in files {
                current = file.path
                let folder = URL(filePath: file.path).deletingLastPathComponent()
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                let partial = file.path + ".\(getpid()).partial"
                written.append((partial, file.path))
                try file.bytes.write(to: URL(filePath: partial))
            }
            for file in written {
                guard rename(file.partial, file.path) == 0 else {
                    throw EvaluationProblems(["\(file.path) cannot be replaced: \(String(cString: strerror(errno)))"])
                }
            }
        } catch {
            for file in written { unlink(file.partial) }
            if let problems = error as? EvaluationProblems { throw problems }
            throw EvaluationProblems([
                "the results cannot be written to \(current); nothing was left "
                    + "there; check that the folder is writable and the disk is not full"
            ])
        }
    }
}
