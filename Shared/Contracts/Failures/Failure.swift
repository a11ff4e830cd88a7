/// What kind of failure it is, and so what happens to the delivery that failed.
package enum FailureClass: String, Codable, Sendable {
    /// The publisher's input cannot be used: the study is rejected, with the reason.
    case invalid
    /// A dependency is away or full: the delivery climbs the retry ladder.
    case transient
    /// It cannot succeed, and it is not the publisher's fault: the delivery is parked.
    case permanent
    /// The message cannot be read, or brings its worker down: the delivery is parked.
    case poison
}

/// A failure as messages carry it. `message` says what was expected, what came, where, and what to do;
/// it never carries patient data.
package struct Failure: Codable, Sendable, Equatable, Error {
    package var code: ReasonCode
    package var failureClass: FailureClass
    /// The stage in which it happened, for example `preprocessing`; nil until a stage has taken it in hand.
    package var stage: String?
    package var message: String
    package var retryable: Bool
    /// How many times the work was tried.
    package var attempts: Int

    package init(
        _ code: ReasonCode, _ failureClass: FailureClass, _ message: String, stage: String? = nil, attempts: Int = 1
    ) {
        self.code = code
        self.failureClass = failureClass
        self.stage = stage
        self.message = message
        self.retryable = failureClass == .transient
        self.attempts = attempts
    }

    private enum CodingKeys: String, CodingKey {
        case code
        case failureClass = "class"
        case stage, message, retryable, attempts
    }
}

extension Failure: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message)" }
}

/// An error of a room that knows which failure it is.
package protocol FailureConvertible: Error {
    /// The failure that this error stands for.
    var failure: Failure { get }
}

extension Failure: FailureConvertible {
    package var failure: Failure { self }
}
