import Contracts
import Foundation
import Messaging
import Testing

@testable import oncorelay

@Suite struct StudySubmissionTests {
    @Test func bareStudyGoesOutInItsEnvelopeWithAnIdOfItsBytes() throws {
        let submission = try StudyFixture.submission()
        #expect(submission.event.id == EventID.ofBody(StudyFixture.bare))
        #expect(submission.publication.exchange == Exchange.studies)
        #expect(submission.publication.routingKey == "study.submitted.routine.north")
        #expect(submission.publication.isMandatory)
        #expect(submission.publication.properties.messageID == submission.event.id)
        #expect(submission.publication.properties.contentType == "application/cloudevents+json")
        #expect(
            submission.publication.properties.headers[HeaderName.traceparent]?.stringValue
                == submission.event.traceparent)
        let read = try EventCoding.decodeSubmission(
            submission.publication.body, messageID: nil, contentType: submission.publication.properties.contentType)
        #expect(read.data == submission.study)
        #expect(read.id == submission.event.id)
    }

    @Test func sameFileIsTheSameMessageAndAnotherPriorityIsAnother() throws {
        #expect(try StudyFixture.submission().event.id == StudyFixture.submission().event.id)
        let urgent = try StudyFixture.submission(priority: .urgent, site: "south")
        #expect(urgent.event.id != EventID.ofBody(StudyFixture.bare))
        #expect(try urgent.event.id == StudyFixture.submission(priority: .urgent, site: "south").event.id)
        #expect(urgent.publication.routingKey == "study.submitted.urgent.south")
        #expect(urgent.study.priority == .urgent)
        #expect(urgent.study.site == "south")
    }

    @Test func envelopedStudyKeepsItsIdPriorityAndTrace() throws {
        var event = try StudyFixture.submission().event
        event.id = "engine-7"
        event.priority = .urgent
        event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let file = try EventCoding.encode(event)
        let submission = try StudySubmission(file: file, path: "study.json")
        #expect(submission.event.id == "engine-7")
        #expect(submission.event.traceparent == event.traceparent)
        #expect(submission.publication.routingKey == "study.submitted.urgent.north")
        #expect(try StudySubmission(file: file, path: "study.json", priority: .routine).event.id == "engine-7")
    }

    @Test(arguments: [
        (#"{"task":"brain-metastasis"}"#, "studyInstanceUID"), ("{", "malformed-json"), ("", "body-empty"),
        (#"{"studyInstanceUID":"1.2","task":"lung","series":[]}"#, "unknown-task"),
        (#"{"studyInstanceUID":"1.2","task":"lymph-node","series":[]}"#, "no-series"),
    ])
    func invalidFileIsRefusedBeforeItIsSent(text: String, word: String) {
        let failure = #expect(throws: CommandFailure.self) {
            try StudySubmission(file: Array(text.utf8), path: "s.json")
        }
        #expect(failure?.status == .dataError)
        #expect(failure?.message.contains("'s.json'") == true)
        #expect(failure?.message.contains(word) == true)
    }

    @Test func siteThatCannotBeARoutingWordIsRefused() {
        let failure = #expect(throws: CommandFailure.self) { try StudyFixture.submission(site: "a.b") }
        #expect(failure?.status == .dataError)
        #expect(failure?.message.contains("site") == true)
    }

    @Test func fileIsReadAsItIs() throws {
        try withFolder { folder in
            let path = folder + "/study.json"
            try Data(StudyFixture.bare).write(to: URL(filePath: path))
            #expect(try StudyFile.read(path) == StudyFixture.bare)
        }
    }

    @Test func fileThatCannotBeReadIsNamed() throws {
        try withFolder { folder in
            let missing = #expect(throws: CommandFailure.self) { try StudyFile.read(folder + "/none.json") }
            #expect(missing?.status == .noInput)
            #expect(missing?.message.contains("none.json") == true)
            let isFolder = #expect(throws: CommandFailure.self) { try StudyFile.read(folder) }
            #expect(isFolder?.status == .noInput)
            #expect(isFolder?.message.contains("folder") == true)
            let large = folder + "/large.json"
            try Data(count: EventCoding.bodyLimit + 1).write(to: URL(filePath: large))
            let tooLarge = #expect(throws: CommandFailure.self) { try StudyFile.read(large) }
            #expect(tooLarge?.status == .dataError)
        }
    }
}

/// A folder that is there while `body` runs.
func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "oncorelay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}
