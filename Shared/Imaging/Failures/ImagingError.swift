package import Contracts

/// Why an image, a mask or a location cannot be used.
///
/// The message names its subject by the label that the caller gave (for example `series 2 (FLAIR)`), never by a
/// location, because locations may hold patients' names.
package struct ImagingError: FailureConvertible, CustomStringConvertible, Equatable {
    package let code: ReasonCode
    package let failureClass: FailureClass
    /// What was expected, what came, where, and what to do.
    package let message: String

    package init(_ code: ReasonCode, _ failureClass: FailureClass = .invalid, subject: String, _ message: String) {
        self.code = code
        self.failureClass = failureClass
        self.message = "\(subject): \(message)"
    }

    package var failure: Failure { Failure(code, failureClass, message) }

    package var description: String { "\(code.rawValue): \(message)" }
}
