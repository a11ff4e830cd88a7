/// Why a statistic cannot be had.
package enum StatisticsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Both classes are needed, and only this one is there.
    case oneClassOnly(positives: Int, negatives: Int)
    case empty
    case lengthMismatch(expected: Int, got: Int, what: String)
    /// A value that is not finite, by its position from zero.
    case notFinite(index: Int, what: String)
    case invalidArgument(String)
    case table(TableProblem)

    package var description: String {
        switch self {
        case .oneClassOnly(let positives, let negatives):
            "both classes are needed: found \(positives) positive and \(negatives) negative cases"
        case .empty: "there are no cases"
        case .lengthMismatch(let expected, let got, let what): "\(what): expected \(expected) values, found \(got)"
        case .notFinite(let index, let what): "\(what) of case \(index + 1) is not a finite number"
        case .invalidArgument(let text): text
        case .table(let problem): problem.description
        }
    }
}
