import Contracts
import Foundation
import Testing

/// Many small mutations of submissions, from fixed seeds.
struct MutationTests {
    /// Stands for patient data in the values of every submission; no failure may repeat it.
    private static let canaries = ["CANARY-PATIENT-7731", "CANARY-PLACE-4402", "CANARY-NUMBER-9051"]

    /// The bare examples with canaries in the fields that are a patient's.
    private static func submissions() throws -> [JSONNode] {
        try ContractFiles.bareSubmissions.map { name in
            var body = try JSONNode(try ContractFiles.example(name))
            body["patientID"] = .string(canaries[0])
            body["accessionNumber"] = .string(canaries[2])
            body = body.replacing(["series", "0", "location"], with: .string("file:\(canaries[1])/t1.nii.gz"))
            return body
        }
    }

    /// The same in an envelope.
    private static func enveloped(_ data: JSONNode) throws -> JSONNode {
        var event = try JSONNode(try ContractFiles.example("study.submitted"))
        event["data"] = data
        return event
    }

    private func outcome(_ body: [UInt8]) -> Failure? {
        failure { () throws(Failure) in try EventCoding.decodeSubmission(body, messageID: "m", contentType: nil) }
    }

    /// 8 seeds × 2,500: 20,000 bodies. Whatever comes, the answer is a submission or a failure that names a place.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func mutatedSubmissionsNeverCrashAndFailuresKeepPatientsOut(_ seed: UInt64) throws {
        let originals = try Self.submissions() + Self.submissions().map(Self.enveloped)
        #expect(originals.allSatisfy { outcome($0.bytes) == nil })
        var mutator = BodyMutator(seed: seed)
        var accepted = 0
        var codes: [ReasonCode: Int] = [:]
        for count in 0..<2_500 {
            let original = originals[count % originals.count]
            let body: [UInt8] =
                count % 3 == 0 ? mutator.mutateJSON(original).bytes : mutator.mutateBytes(original.bytes)
            guard let failure = outcome(body) else {
                accepted += 1
                continue
            }
            codes[failure.code, default: 0] += 1
            let leaks = Self.canaries.contains { failure.message.contains($0) }
            let isNamed = failure.message.wholeMatch(of: /[A-Za-z][A-Za-z0-9.\[\]]*: .{10,}/) != nil
            #expect(!leaks && isNamed, "seed \(seed), body \(count): \(failure.code)")
        }
        // The mutator is worth its time only if it reaches deep: some bodies stay good, many kinds of bad come up.
        #expect(accepted > 50)
        #expect(codes.count >= 8, "\(codes)")
        for code in [ReasonCode.malformedJSON, .missingField, .invalidField, .unknownTask, .invalidUTF8] {
            #expect(codes[code, default: 0] > 0, "\(code)")
        }
    }

    /// The published schema and the code agree: what the code accepts the schema accepts, and what the code refuses
    /// the schema refuses too, but for the rules that its description names as beyond it.
    @Test(.enabled(if: SchemaValidator.isAvailable, SchemaValidator.skipReason), arguments: [11, 12] as [UInt64])
    func schemaAndCodeAgreeOnMutatedSubmissions(_ seed: UInt64) throws {
        let originals = try Self.submissions()
        var mutator = BodyMutator(seed: seed)
        let bodies = (0..<3_000).map { mutator.mutateJSON(originals[$0 % originals.count]).bytes }
        let failures = bodies.map(outcome)
        let refusedByCode = Set(failures.indices.filter { failures[$0] != nil }.map { $0 + 1 })
        let answer = try SchemaValidator.validate(lines: bodies, ["--schema", "study.submitted"])
        let refusedBySchema = answer.wrongLines
        #expect(refusedByCode.count > 500)
        #expect(refusedByCode.count < 2_900)
        for line in refusedBySchema.subtracting(refusedByCode).sorted().prefix(5) {
            let complaint = answer.errors.split(separator: "\n").first { $0.contains(".jsonl:\(line): ") }
            Issue.record("the schema alone refuses: \(complaint ?? "")")
        }
        for line in refusedByCode.subtracting(refusedBySchema).sorted() {
            guard let failure = failures[line - 1] else { continue }
            #expect(Self.isBeyondTheSchema(failure), "the code alone refuses: \(failure)")
        }
    }

    private static func isBeyondTheSchema(_ failure: Failure) -> Bool {
        switch failure.code {
        case .duplicateSequence: true
        case .boxInvalid:
            failure.message.contains(".series: expected the index") || failure.message.contains("minimum <= maximum")
        case .invalidField:
            failure.message.contains("already given") || failure.message.contains("index of a series")
                || failure.message.contains("bytes")
        default: false
        }
    }
}
