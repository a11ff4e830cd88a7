import Contracts
import Foundation
import Testing

/// What the code writes, the schemas accept; and the validator refuses what is wrong.
@Suite(.enabled(if: SchemaValidator.isAvailable, SchemaValidator.skipReason))
struct SchemaTests {
    @Test func contractHoldsTogether() throws {
        let answer = try SchemaValidator.validate([])
        #expect(answer.status == 0, "\(answer.errors)")
        #expect(answer.output.contains("hold"))
    }

    @Test func encodedExamplesHoldToTheSchemas() throws {
        let events = try ContractFiles.events.map(EventCodec.roundTrip(example:))
        let answer = try SchemaValidator.validate(lines: events, ["--events"])
        #expect(answer.status == 0, "\(answer.errors)")
        #expect(answer.output.contains("\(events.count) events hold"))
    }

    @Test func eventsWithoutAnyOptionalFieldHoldToTheSchemas() throws {
        let events = try MinimalEvents.all()
        let answer = try SchemaValidator.validate(lines: events, ["--events"])
        #expect(answer.status == 0, "\(answer.errors)")
        #expect(answer.output.contains("\(events.count) events hold"))
    }

    /// One thing wrong at a time; the complaint names the field.
    @Test(
        arguments: [
            ("result.final", "data.patientID", JSONNode.string("P-5f3a"), "does not know: patientID"),
            ("result.final", "data.disclaimer", .string("Fit for diagnosis."), "data.disclaimer"),
            ("result.final", "data.status", .string("partial"), "data.status"),
            ("result.final", "data.issuedAt", .string("2025-02-30T00:00:00.000Z"), "data.issuedAt"),
            ("result.final", "data.patient", .object([:]), "data.patient: lacks"),
            ("region.classified", "data.probabilities", .object(["nsclc": .number(1.5)]), "data.probabilities.nsclc"),
            ("region.classified", "data.probabilities", .object(["nsclc": .number(0.5)]), "data.probabilities: sums"),
            ("region.classified", "data.label", .string("melanoma"), "data.label"),
            ("study.ingested", "data.contentSHA256", .string("abc"), "data.contentSHA256"),
            ("study.ingested", "data.series", .array([]), "data.series"),
            ("study.admitted", "data.revision", .number(0), "data.revision"),
            ("study.admitted", "attempt", .number(0), "attempt"),
            ("study.admitted", "id", .string("not a UUID"), "id"),
            ("study.admitted", "dataschema", .string("urn:oncorelay:schema:study.planned:v1"), "dataschema"),
            ("study.admitted", "correlationid", .string("another run"), "correlationid"),
            ("study.admitted", "type", .string("org.oncorelay.study.admitted.v2"), "type"),
            ("delivery.parked", "data.error", .object(["code": .string("tired")]), "data.error"),
        ])
    func validatorRefuses(_ name: String, _ field: String, _ value: JSONNode, _ complaint: String) throws {
        var event = try JSONNode(try ContractFiles.example(name))
        let keys = field.split(separator: ".").map(String.init)
        if keys.count == 2 {
            event[keys[0]]?[keys[1]] = value
        } else {
            event[keys[0]] = value
        }
        let answer = try SchemaValidator.validate(lines: [event.bytes], ["--events"])
        #expect(answer.status == 1)
        #expect(answer.errors.contains(complaint), "\(answer.errors)")
        #expect(answer.errors.contains(".jsonl:1: "), "\(answer.errors)")
        #expect(!answer.errors.contains("P-5f3a"))
    }

    @Test func validatorRefusesOneIDForTwoTypes() throws {
        var second = try JSONNode(try EventCodec.roundTrip(example: "result.accepted"))
        let first = try JSONNode(try EventCodec.roundTrip(example: "result.final"))
        second["id"] = first["id"]
        let answer = try SchemaValidator.validate(lines: [first.bytes, second.bytes], ["--events"])
        #expect(answer.status == 1)
        #expect(answer.wrongLines == [2])
    }

    @Test func validatorSaysWhichLineIsNotJSON() throws {
        let good = try EventCodec.roundTrip(example: "result.accepted")
        let answer = try SchemaValidator.validate(lines: [good, Array("{\"a\":NaN}".utf8), good], ["--events"])
        #expect(answer.status == 1)
        #expect(answer.wrongLines == [2])
    }
}
