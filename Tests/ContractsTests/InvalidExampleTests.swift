import Contracts
import Foundation
import Testing

/// The published examples of what is refused are refused, for the published reason.
struct InvalidExampleTests {
    @Test func thereAreInvalidExamplesOfEveryKind() throws {
        let codes = Set(try ContractFiles.invalid.map { try ContractFiles.invalidCase($0).expected.code })
        let wanted: [ReasonCode] = [
            .bodyEmpty, .malformedJSON, .nestingTooDeep, .unsupportedVersion, .missingField, .invalidField,
            .unknownTask, .noSeries, .duplicateSequence, .regionsMissing, .boxInvalid, .tooManyRegions,
        ]
        #expect(codes.isSuperset(of: wanted.map(\.rawValue)))
    }

    @Test(arguments: ContractFiles.invalid)
    func invalidExampleIsRefusedForThePublishedReason(_ name: String) throws {
        let example = try ContractFiles.invalidCase(name)
        let failure = try #require(
            failure { () throws(Failure) in
                try EventCoding.decodeSubmission(example.bytes, messageID: nil, contentType: example.contentType)
            }, "it was accepted")
        #expect(failure.code.rawValue == example.expected.code)
        #expect(failure.failureClass.rawValue == example.expected.class)
        let field = failure.message.prefix { $0 != ":" }
        let named = field.hasPrefix("data.") ? field.dropFirst(5) : field
        #expect(named == example.expected.field, "\(failure.message)")
        #expect(failure.message.count > field.count + 10, "\(failure.message)")
        #expect(!failure.retryable)
    }
}
