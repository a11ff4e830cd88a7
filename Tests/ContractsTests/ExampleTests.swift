import Contracts
import Foundation
import Testing

/// The published examples are what the code reads and writes, and what the schemas accept.
struct ExampleTests {
    @Test func everyEventHasAnExampleAndASchema() throws {
        let shown = Set(ContractFiles.events.compactMap(EventCodec.event(ofExample:)))
        #expect(shown == Set(EventCodec.all.keys))
        for event in EventCodec.all.keys {
            let schema = try ContractFiles.schema("\(event).v1")
            #expect(schema["$id"] == .string(EventType.schema(of: event)))
        }
    }

    @Test(arguments: ContractFiles.events)
    func exampleIsDecodedAndEncodedWithoutLoss(_ name: String) throws {
        let original = try JSONNode(try ContractFiles.example(name))
        let encoded = try JSONNode(try EventCodec.roundTrip(example: name))
        #expect(encoded == original)
    }

    @Test(arguments: ContractFiles.bareSubmissions)
    func bareSubmissionIsDecodedAndEncodedWithoutLoss(_ name: String) throws {
        let body = try ContractFiles.example(name)
        let event = try EventCoding.decodeSubmission(body, messageID: "m-1", contentType: "application/json")
        #expect(event.id == "m-1")
        #expect(try JSONNode(try EventCoding.encode(event.data)) == JSONNode(body))
    }

    @Test func equalEventsHaveEqualBytes() throws {
        let once = try EventCodec.roundTrip(example: "result.final")
        let again = try EventCodec.roundTrip(example: "result.final")
        #expect(once == again)
        #expect(!once.isEmpty)
    }

    @Test func everyResultSaysThatItIsForResearchOnly() throws {
        let results = ContractFiles.events.filter { $0.hasPrefix("result.") && !$0.hasPrefix("result.progress") }
        #expect(results.count == 8)
        for name in results {
            let encoded = try JSONNode(try EventCodec.roundTrip(example: name))
            #expect(encoded["data"]?["disclaimer"] == .string("Research use only. Not for diagnosis."), "\(name)")
        }
    }

    @Test func finalResultsAreSpelledAsTheirRoutingKeys() throws {
        let brain = try EventCoding.decodeEvent(ResultFinal.self, from: try ContractFiles.example("result.final"))
        let patient = brain.data.result.patient
        #expect(
            RoutingKey.result(ResultFinal.event, brain.data.result.task, finding: patient.label)
                == "result.final.brain-metastasis.nsclc")
        let node = try EventCoding.decodeEvent(
            ResultFinal.self, from: try ContractFiles.example("result.final.lymph-node"))
        #expect(node.data.result.patient.label == "positive")
    }

    /// The example's ids are what the code would give, so that readers may trust the rule they illustrate.
    @Test func exampleIDsFollowTheRuleOfDeterministicIDs() throws {
        let ingested = try EventCoding.decodeEvent(
            StudyIngested.self, from: try ContractFiles.example("study.ingested"))
        let run = EventID.run(
            studyInstanceUID: ingested.data.studyInstanceUID, task: ingested.data.task,
            contentSHA256: ingested.data.contentSHA256)
        #expect(ingested.data.runID == run)
        #expect(ingested.id == EventID.make(run: run, event: StudyIngested.event))
        let prepared = try EventCoding.decodeEvent(
            RegionPrepared.self, from: try ContractFiles.example("region.prepared"))
        #expect(prepared.id == EventID.make(run: run, event: RegionPrepared.event, region: "lesion-1"))
    }
}
