/// Why a split cannot be made or used.
package struct SplitError: Error, Sendable, Equatable, CustomStringConvertible {
    package let problems: [String]

    package init(_ problems: [String]) { self.problems = problems }

    package var description: String {
        problems.count == 1
            ? "the split cannot be used: \(problems[0])"
            : "the split cannot be used:\n" + problems.map { "  \($0)" }.joined(separator: "\n")
    }
}
