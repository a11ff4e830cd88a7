/// Two pieces of work at once.
enum Both {
    /// Does two pieces of work on two threads where there are two that are idle, else one after the other.
    ///
    /// - Parameters:
    ///   - first: begins on the caller's thread.
    ///   - second: shares nothing with the first that is written to.
    ///   - atOnce: whether it is worth a second thread.
    /// - Returns: what came of them.
    static func of<First, Second, Problem: Error>(
        _ first: @Sendable () throws(Problem) -> First, _ second: @Sendable () -> Second, atOnce: Bool
    ) -> (Result<First, Problem>, Second) {
        guard atOnce else { return (Result(catching: first), second()) }
        nonisolated(unsafe) var one: Result<First, Problem>?
        nonisolated(unsafe) var other: Second?
        SliceTeam.perform(2) { part in
            if part == 0 { one = Result(catching: first) } else { other = second() }
        }
        guard let one, let other else { preconditionFailure("a team does all of its parts") }
        return (one, other)
    }
}
