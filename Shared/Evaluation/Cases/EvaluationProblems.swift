/// Everything that keeps an evaluation from being done, found in one go.
package struct EvaluationProblems: Error, Equatable, Sendable, CustomStringConvertible {
    /// Each says where, what was expected and what came.
    package let problems: [String]

    package init(_ problems: [String]) { self.problems = problems }

    package var description: String {
        problems.count == 1
            ? problems[0]
            : "\(problems.count) problems:" + problems.map { "\n  - \($0)" }.joined()
    }

    /// How many problems of one kind are told one by one.
    private static let shown = 8

    /// The problems, the first ones in full and the others by their number.
    static func shortened(_ problems: [String], what: String) -> [String] {
        guard problems.count > shown else { return problems }
        return problems.prefix(shown) + ["… and \(problems.count - shown) more problems of \(what)"]
    }
}

/// Lists names, the first ones in full and the others by their number.
func listed(_ names: some Collection<String>, most: Int = 5) -> String {
    let shown = names.prefix(most).joined(separator: ", ")
    return names.count > most ? "\(shown) and \(names.count - most) more" : shown
}
