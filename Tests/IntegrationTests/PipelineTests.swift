import Contracts
import Foundation
import Messaging
import ServiceRuntime
import TestSupport
import Testing

/// Studies through five processes over a real broker and a real store.
@Suite(.serialized, .enabled(if: Site.isPossible, Comment(rawValue: Site.reason)))
struct PipelineTests {
    @Test func studiesComeOutOnceAndNothingIsLeftBehind() async throws {
        let site = try await Site()
        let client = try await SiteClient(site)
        let brain = try StudyFactory(site, regions: 2)
        let node = try StudyFactory(site, task: .lymphNode, regions: 2)
        for number in 1...10 { try await client.publish(brain.study(number)) }
        for number in 11...15 { try await client.publish(node.study(number)) }
        #expect(await client.waitForAll(), "lost: \(client.journal.lost)")
        for number in 1...15 {
            #expect(client.journal.outcomes(of: "1.2.3.\(number)").map(\.type) == [ResultFinal.eventType])
        }
        // The store is empty, and so are the queues.
        #expect(await client.wait(seconds: 20) { site.storeIsEmpty })
        let queues = StageName.allCases.flatMap { QueueName.work($0) } + QueueName.allParking
        #expect(try await client.wait(seconds: 20) { try await client.ready(queues) == 0 })
        // Heat maps are files now.
        let maps = try FileManager.default.subpathsOfDirectory(atPath: site.heatmaps).filter { $0.hasSuffix(".nii.gz") }
        #expect(maps.count >= 10 * 2)
        try validate(client.journal.bodies)
        try await drainsClean(site)
        // No patient data: neither the study's UID nor accession number nor location is in any log.
        let logs = try site.logs()
        #expect(!logs.contains("1.2.3."))
        #expect(!logs.contains("PHANTOM-"))
        #expect(!logs.contains("t1.nii.gz"))
        await client.close()
        await site.close()
    }

    @Test func theSameStudyThriceIsComputedOnceAndAnnouncedUnderOneID() async throws {
        let site = try await Site()
        let client = try await SiteClient(site)
        let factory = try StudyFactory(site)
        for number in 1...20 { try await client.publish(factory.study(number), times: 3) }
        #expect(await client.waitForAll())
        // And once more after the end.
        try await client.publish(factory.study(1))
        #expect(await client.wait(seconds: 30) { client.journal.outcomes(of: "1.2.3.1").count >= 2 })
        #expect(client.journal.duplicated.isEmpty)
        let metrics = try #require(try site.service(.brainMetastasis)?.get("/metrics").body)
        #expect(metrics.contains("oncorelay_deliveries_total{outcome=\"done\"} 20"), "\(metrics)")
        #expect(await client.wait(seconds: 20) { site.storeIsEmpty })
        await client.close()
        await site.close()
    }

    @Test func otherContentOfAStudyIsItsNextRevision() async throws {
        let site = try await Site()
        let client = try await SiteClient(site)
        let first = try StudyFactory(site, seed: 1).study(1)
        let second = try StudyFactory(site, seed: 2).study(1)
        try await client.publish(first)
        #expect(await client.waitForAll())
        try await client.publish(second)
        #expect(await client.wait(seconds: 30) { client.journal.outcomes(of: "1.2.3.1").count == 2 })
        #expect(client.journal.outcomes(of: "1.2.3.1").map(\.type) == [ResultFinal.eventType, ResultAmended.eventType])
        await client.close()
        await site.close()
    }

    @Test func aServiceSaysWhatItWaitsForAndServesWhenItIsThere() async throws {
        let site = try await Site(starting: [.ingestion])
        let service = try #require(site.service(.ingestion))
        func problems() -> String { (try? service.get("/readyz").body) ?? "" }
        let client = try await SiteClient(site)
        #expect(await client.wait(seconds: 20) { (try? service.get("/readyz").status) == 200 })
        #expect(try service.get("/livez").status == 200)
        site.redis.kill9()
        #expect(await client.wait(seconds: 20) { problems().contains("\"store\"") })
        #expect(try service.get("/livez").status == 200)
        try site.redis.restart(empty: true)
        #expect(await client.wait(seconds: 20) { (try? service.get("/readyz").status) == 200 })
        await site.rabbit.kill9()
        #expect(await client.wait(seconds: 20) { problems().contains("\"broker\"") })
        try await site.rabbit.restart()
        #expect(await client.wait(seconds: 60) { (try? service.get("/readyz").status) == 200 })
        await client.close()
        await site.close()
    }

    /// SIGTERM ends each service with what it has in hand finished.
    private func drainsClean(_ site: Site) async throws {
        for stage in StageName.allCases {
            let service = try #require(site.service(stage))
            #expect(await service.drain() == 0)
        }
    }

    /// Every event that the run emitted, against the published schemas, by an independent validator.
    private func validate(_ bodies: [[UInt8]]) throws {
        guard PythonTools.hasSchemaValidator else {
            print("skipped: events are not checked against the schemas: \(PythonTools.reason)")
            return
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "events-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try bodies.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
            .write(to: file, atomically: true, encoding: .utf8)
        let script = PythonTools.repository.appending(path: "ops/contracts/validate.py").path
        try Tool.run(PythonTools.python, [script, "--quiet", "--events", file.path])
        #expect(bodies.count > 30)
    }
}
