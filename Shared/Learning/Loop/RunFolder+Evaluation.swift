#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension RunFolder {
    /// What `oncorelay evaluate` takes to look at the run: a beginning that a person may change.
    package var evaluation: String { path + "/evaluate.yaml" }

    /// Writes ``evaluation`` where there is none.
    ///
    /// - Parameters:
    ///   - dataset: the cohort's folder.
    ///   - name: what the page calls the network.
    /// - Throws: `LearningError.file`.
    package func suggestEvaluation(of dataset: String, name: String) throws(LearningError) {
        try Self.suggest(
            self, dataset: dataset, split: "split.json",
            ["models:", "  - {name: \(Self.quoted(name)), folders: [.]}"])
    }

    /// Writes, into a sweep's folder, what looks at all its runs: where they were split alike.
    ///
    /// - Parameters:
    ///   - dataset: the cohort's folder.
    ///   - runs: of the sweep; their folders lie in this one.
    /// - Throws: `LearningError.file`.
    package func suggestEvaluation(of dataset: String, runs: [RunFolder]) throws(LearningError) {
        let splits = runs.map { $0.read($0.split) }
        guard let first = splits.first, let first, let run = runs.first, splits.allSatisfy({ $0 == first }) else {
            return
        }
        let name = run.path.split(separator: "/").last.map(String.init) ?? run.path
        try Self.suggest(self, dataset: dataset, split: Self.quoted("\(name)/split.json"), ["sweep: ."])
    }

    private static func suggest(
        _ folder: RunFolder, dataset: String, split: String, _ lines: [String]
    ) throws(LearningError) {
        guard !folder.exists(folder.evaluation) else { return }
        let place = URL(filePath: dataset).standardizedFileURL.path
        let text =
            [
                "# Written by 'oncorelay train', anew with each run: change a copy. Research use only. Not for diagnosis.",
                "#   oncorelay evaluate evaluate.yaml --report page",
                "dataset: \(quoted(place))", "split: \(split)",
            ] + lines
        try write(text.joined(separator: "\n") + "\n", to: folder.evaluation)
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
