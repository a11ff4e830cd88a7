import Contracts
import Testing

/// A submission comes in an envelope or bare; ids and versions are looked at before the data.
struct EnvelopeTests {
    private let bare = Array(
        #"{"studyInstanceUID":"1.2.3","task":"lymph-node","priority":"urgent","series":[{"sequence":"T2","location":"file:a.png"}]}"#
            .utf8)

    private func enveloped(_ change: (inout JSONNode) -> Void = { _ in }) throws -> [UInt8] {
        var event = JSONNode.object([
            "specversion": .string("1.0"), "id": .string("engine-7"), "source": .string("urn:engine"),
            "type": .string("org.oncorelay.study.submitted.v1"), "data": try JSONNode(bare),
        ])
        change(&event)
        return event.bytes
    }

    private func refusal(_ body: [UInt8], contentType: String? = nil) -> Failure? {
        failure { () throws(Failure) in
            try EventCoding.decodeSubmission(body, messageID: nil, contentType: contentType)
        }
    }

    @Test func bareSubmissionTakesItsIDFromTheMessage() throws {
        let event = try EventCoding.decodeSubmission(bare, messageID: "m-9", contentType: "application/json")
        #expect(event.id == "m-9")
        #expect(event.priority == .urgent)
        #expect(event.attempt == 1)
        #expect(event.type == "org.oncorelay.study.submitted.v1")
        #expect(event.dataschema == "urn:oncorelay:schema:study.submitted:v1")
    }

    @Test(arguments: [nil, ""])
    func bareSubmissionWithoutAnIDIsNamedAfterItsBody(_ messageID: String?) throws {
        let once = try EventCoding.decodeSubmission(bare, messageID: messageID, contentType: nil)
        let again = try EventCoding.decodeSubmission(bare, messageID: messageID, contentType: nil)
        let other = try EventCoding.decodeSubmission(bare + [32], messageID: messageID, contentType: nil)
        #expect(once.id == EventID.ofBody(bare))
        #expect(once.id == again.id)
        #expect(once.id != other.id)
    }

    @Test func envelopeKeepsItsOwnID() throws {
        let event = try EventCoding.decodeSubmission(try enveloped(), messageID: "m-9", contentType: nil)
        #expect(event.id == "engine-7")
        #expect(event.data.studyInstanceUID == "1.2.3")
    }

    @Test(
        arguments: [
            "application/cloudevents+json", "application/cloudevents+json; charset=utf-8",
            "Application/CloudEvents+JSON ;charset=UTF-8",
        ])
    func bareDataUnderTheContentTypeOfAnEnvelopeIsRefused(_ contentType: String) {
        let failure = refusal(bare, contentType: contentType)
        #expect(failure?.code == .missingField)
        #expect(failure?.failureClass == .poison)
    }

    @Test func laterVersionIsSaidToBeThatWhateverItsData() throws {
        let body = try enveloped {
            $0["type"] = .string("org.oncorelay.study.submitted.v2")
            $0["data"] = .object(["study": .string("of another shape")])
        }
        let failure = refusal(body)
        #expect(failure?.code == .unsupportedVersion)
        #expect(failure?.message.contains("org.oncorelay.study.submitted.v2") == true)
        #expect(failure?.message.contains("org.oncorelay.study.submitted.v1") == true)
    }

    @Test func misplacedTextIsNotRepeatedAsAVersion() throws {
        for field in ["type", "specversion"] {
            let failure = refusal(try enveloped { $0[field] = .string("Doe^Jane") })
            #expect(failure?.code == .unsupportedVersion)
            #expect(failure?.message.hasPrefix("\(field): ") == true)
            #expect(failure?.message.contains("Doe") == false)
        }
    }

    @Test(arguments: ["id", "source"])
    func envelopeNeedsAnIDAndASourceThatAMQPCanCarry(_ field: String) throws {
        for text in ["", String(repeating: "x", count: 256)] {
            let failure = refusal(try enveloped { $0[field] = .string(text) })
            #expect(failure?.code == .invalidField)
            #expect(failure?.message.hasPrefix("\(field): ") == true)
        }
        #expect(refusal(try enveloped { $0[field] = .string(String(repeating: "x", count: 255)) }) == nil)
    }

    @Test func wrongFieldInAnEnvelopeIsNamedWithItsWholePath() throws {
        let decoding = refusal(try enveloped { $0["data"]?["task"] = .string("liver") })
        #expect(decoding?.code == .unknownTask)
        #expect(decoding?.message.hasPrefix("data.task: expected one of brain-metastasis, lymph-node") == true)
        let checking = refusal(try enveloped { $0["data"]?["studyInstanceUID"] = .string("x") })
        #expect(checking?.message.hasPrefix("data.studyInstanceUID: ") == true)
        #expect(checking?.failureClass == .invalid)
    }

    @Test func attemptIsCountedFromOne() throws {
        #expect(refusal(try enveloped { $0["attempt"] = .number(0) })?.message.hasPrefix("attempt: ") == true)
        #expect(refusal(try enveloped { $0["attempt"] = .number(1) }) == nil)
    }

    @Test func eventTypeIsReadWithoutTheData() throws {
        #expect(try EventCoding.eventType(of: try enveloped()) == "org.oncorelay.study.submitted.v1")
        let failure = failure { () throws(Failure) in try EventCoding.eventType(of: bare) }
        #expect(failure?.code == .missingField)
        #expect(failure?.message.hasPrefix("type: ") == true)
    }

    @Test func eventOfAnotherTypeIsRefused() throws {
        let body = try ContractFiles.example("study.planned")
        let failure = failure { () throws(Failure) in try EventCoding.decodeEvent(StudyIngested.self, from: body) }
        #expect(failure?.code == .unsupportedVersion)
        #expect(failure?.failureClass == .poison)
    }
}
