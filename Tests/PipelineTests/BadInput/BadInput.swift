import Contracts
import Foundation
import Testing

/// Something that a publisher may send and cannot have, what is said of it, and how it ends.
struct BadInput: Sendable, CustomTestStringConvertible {
    enum Ending: Sendable {
        /// `result.rejected`, and nothing else remains of it.
        case rejected
        /// `result.rejected`, and the message is kept for a person to look at.
        case rejectedAndParked
        /// `result.partial`: what can be said is said, and what is missing.
        case partial
    }

    let name: String
    let code: ReasonCode
    let ending: Ending
    /// A word that the reason must hold, so that the publisher finds the place.
    let word: String
    /// Makes the message for a study of this UID, with the files that it names.
    let submission: @Sendable (StudyFolder, String) throws -> Submission

    var testDescription: String { name }

    /// A study that is read, and then cannot be used.
    static func study(
        _ name: String, _ code: ReasonCode, naming word: String, ending: Ending = .rejected,
        _ change: @escaping @Sendable (inout StudySubmitted, StudyFolder) throws -> Void
    ) -> BadInput {
        BadInput(name: name, code: code, ending: ending, word: word) { folder, uid in
            var study = try folder.brainStudy(uid)
            try change(&study, folder)
            return Submission(try EventCoding.encode(study))
        }
    }

    /// A study whose JSON is changed as text: what our own types cannot even say.
    static func json(
        _ name: String, _ code: ReasonCode, naming word: String, ending: Ending = .rejected,
        _ change: @escaping @Sendable (inout [String: Any]) -> Void
    ) -> BadInput {
        BadInput(name: name, code: code, ending: ending, word: word) { folder, uid in
            let bytes = try EventCoding.encode(try folder.brainStudy(uid))
            var object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
            change(&object)
            return Submission(Array(try JSONSerialization.data(withJSONObject: object)))
        }
    }

    /// A body that cannot be read at all.
    static func body(
        _ name: String, _ code: ReasonCode, naming word: String = "body",
        contentType: String = "application/json", _ bytes: @escaping @Sendable () -> [UInt8]
    ) -> BadInput {
        BadInput(name: name, code: code, ending: .rejectedAndParked, word: word) { _, _ in
            Submission(bytes(), contentType: contentType)
        }
    }

    static let all = bodies + requests + locations + images + regions
}
