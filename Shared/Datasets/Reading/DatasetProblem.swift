/// One thing that is wrong with a dataset.
package struct DatasetProblem: Sendable, Hashable, CustomStringConvertible {
    /// Beneath the dataset's folder.
    package let file: String
    /// From 1, the header being row 1; nil for the file as a whole.
    package let row: Int?
    package let column: String?
    /// What was expected, what came, and what to do.
    package let reason: String

    package init(_ file: String, row: Int? = nil, column: String? = nil, _ reason: String) {
        self.file = file
        self.row = row
        self.column = column
        self.reason = reason
    }

    package var description: String {
        let place = [file, row.map { "row \($0)" }, column.map { "column '\($0)'" }].compactMap(\.self)
        return place.joined(separator: ", ") + ": " + reason
    }
}

/// All that is wrong with a dataset, file by file and row by row.
package struct DatasetProblems: Error, Sendable, Equatable, CustomStringConvertible {
    package let problems: [DatasetProblem]

    package init(_ problems: [DatasetProblem]) {
        self.problems = problems.enumerated()
            .sorted {
                ($0.element.file, $0.element.row ?? 0, $0.offset) < ($1.element.file, $1.element.row ?? 0, $1.offset)
            }
            .map(\.element)
    }

    package var description: String {
        let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
        return "the dataset has \(count):\n" + problems.map { "  \($0)" }.joined(separator: "\n")
    }
}
