/// Why training cannot begin or go on.
package enum LearningError: Error, Sendable, Equatable {
    /// Examples that cannot be used: every one that was found.
    case examples([String])
    /// A cohort that nothing can be learned from, or settings that do not fit it.
    case invalid(String)
    /// Numbers became infinite or NaN.
    case diverged(String)
    /// A file or folder that cannot be read or written.
    case file(String)
    /// A state that training cannot go on from.
    case state(String)
    /// Stopped from outside; what was reached is stored.
    case interrupted(String)
}

extension LearningError: CustomStringConvertible {
    private static let shown = 20

    package var description: String {
        switch self {
        case .examples(let problems):
            let rest = problems.count - Self.shown
            return "\(problems.count) \(problems.count == 1 ? "example" : "examples") cannot be used:"
                + problems.prefix(Self.shown).map { "\n  \($0)" }.joined() + (rest > 0 ? "\n  and \(rest) more" : "")
        case .invalid(let text), .diverged(let text), .file(let text), .state(let text), .interrupted(let text):
            return text
        }
    }
}
