import Contracts
import Foundation
import Messaging
import ServiceRuntime
import TestSupport
import Testing

/// What survives faults: every accepted study ends in exactly one final, partial or parked outcome.
@Suite(.serialized, .enabled(if: Site.isPossible, Comment(rawValue: Site.reason)))
struct ReliabilityTests {
    @Test func killingEachServiceInMidMessageLosesNothing() async throws {
        let site = try await Site()
        let client = try await SiteClient(site)
        let factory = try StudyFactory(site)
        let count = 150
        let publishing = Task {
            for number in 1...count {
                try await client.publish(factory.study(number), times: number % 10 == 0 ? 2 : 1)
                if number % 10 == 0 { try await Task.sleep(for: .milliseconds(60)) }
            }
        }
        for stage in StageName.allCases {
            try await Task.sleep(for: .milliseconds(250))
            try #require(site.service(stage)).kill()
            try await Task.sleep(for: .milliseconds(100))
            try site.start(stage)
        }
        try await publishing.value
        #expect(await client.waitForAll(), "lost: \(client.journal.lost.sorted())")
        #expect(client.journal.duplicated.isEmpty)
        #expect(client.journal.unexpected.isEmpty)
        #expect(try await client.ready(QueueName.allParking) == 0)
        for number in 1...count {
            #expect(client.journal.outcomes(of: "1.2.3.\(number)").last?.type == ResultFinal.eventType)
        }
        #expect(await client.wait(seconds: 30) { site.storeIsEmpty })
        await client.close()
        await site.close()
    }

    /// Dies at every point of a delivery's handling: after the work, and after what follows was published.
    @Test(arguments: ["before-process", "after-process", "after-publish"])
    func dyingAtAnyPointOfADeliveryLosesNothing(point: String) async throws {
        let stages: [StageName] = [.ingestion, .preprocessing, .brainMetastasis, .aggregation]
        // The marker is in one study only, so each worker dies as often as it meets that study.
        let fault = [
            "ONCORELAY_FAULTS": "\(point):crash:1.2.3.7"
        ]
        let site = try await Site(environment: Dictionary(uniqueKeysWithValues: stages.map { ($0, fault) }))
        let client = try await SiteClient(site)
        let factory = try StudyFactory(site)
        let supervisor = Task {
            // What a supervisor does, but the third life is one without the fault.
            var lives: [StageName: Int] = [:]
            while !Task.isCancelled {
                for stage in stages where site.service(stage)?.isRunning == false {
                    lives[stage, default: 0] += 1
                    try site.start(stage, environment: lives[stage, default: 0] >= 2 ? [:] : fault)
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        for number in 1...12 { try await client.publish(factory.study(number)) }
        #expect(await client.waitForAll(), "lost: \(client.journal.lost.sorted())")
        supervisor.cancel()
        _ = try? await supervisor.value
        #expect(client.journal.duplicated.isEmpty)
        for number in 1...12 {
            #expect(client.journal.outcomes(of: "1.2.3.\(number)").last?.type == ResultFinal.eventType)
        }
        await client.close()
        await site.close()
    }

    @Test func restartingTheBrokerLosesNothing() async throws {
        let site = try await Site()
        let client = try await SiteClient(site)
        let factory = try StudyFactory(site)
        // RabbitMQ 3.10 leaves a quorum queue without a leader for good when it is killed within seconds of the
        // queue's declaration; that is the broker's, and no installation's life.
        try await Task.sleep(for: .seconds(8))
        for number in 1...60 { try await client.publish(factory.study(number)) }
        await site.rabbit.kill9()
        try await site.rabbit.restart()
        for number in 61...80 { try await client.publish(factory.study(number)) }
        #expect(await client.waitForAll(), "lost: \(client.journal.lost.sorted())")
        #expect(client.journal.duplicated.isEmpty)
        #expect(try await client.ready(QueueName.allParking) == 0)
        await client.close()
        await site.close()
    }

    @Test func aStoreThatComesBackEmptyLosesNothing() async throws {
        let site = try await Site()
        let client = try await SiteClient(site)
        let factory = try StudyFactory(site)
        for number in 1...80 { try await client.publish(factory.study(number)) }
        _ = await client.wait(seconds: 10) { client.journal.acceptedCount > 10 }
        for _ in 1...3 {
            site.redis.kill9()
            try site.redis.restart(empty: true)
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(await client.waitForAll(), "lost: \(client.journal.lost.sorted())")
        #expect(client.journal.duplicated.isEmpty)
        for number in 1...80 {
            #expect(client.journal.outcomes(of: "1.2.3.\(number)").last?.type == ResultFinal.eventType)
        }
        await client.close()
        await site.close()
    }

    @Test func onePoisonStudyAmongAHundredIsParkedAndReplayBringsItBack() async throws {
        // Each classifier that meets study 50 dies of it.
        let site = try await Site(
            environment: [.brainMetastasis: ["ONCORELAY_FAULTS": "before-process:crash:1.2.3.50\""]])
        let client = try await SiteClient(site)
        let factory = try StudyFactory(site)
        let supervisor = Task {
            while !Task.isCancelled {
                if site.service(.brainMetastasis)?.isRunning == false {
                    try site.start(
                        .brainMetastasis, environment: ["ONCORELAY_FAULTS": "before-process:crash:1.2.3.50\""])
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        for number in 1...100 { try await client.publish(factory.study(number)) }
        #expect(await client.waitForAll(), "lost: \(client.journal.lost.sorted())")
        let parking = QueueName.parking(.brainMetastasis)
        #expect(try await client.ready([parking]) == 1)
        for number in 1...100 where number != 50 {
            #expect(client.journal.outcomes(of: "1.2.3.\(number)").map(\.type) == [ResultFinal.eventType])
        }
        #expect(client.journal.outcomes(of: "1.2.3.50").map(\.type) == [ResultFailed.eventType])
        let list = try site.commandLine(["dead-letters", "list", "--amqp-url", site.rabbit.url])
        #expect(list.contains(ReasonCode.workerCrashed.rawValue))
        // The cause is mended; the message goes back to work.
        supervisor.cancel()
        _ = try? await supervisor.value
        site.service(.brainMetastasis)?.kill()
        try site.start(.brainMetastasis)
        try site.commandLine(["dead-letters", "replay", "--all", "--amqp-url", site.rabbit.url])
        #expect(await client.wait(seconds: 60) { client.journal.outcomes(of: "1.2.3.50").count == 2 })
        #expect(client.journal.outcomes(of: "1.2.3.50").last?.type == ResultAmended.eventType)
        #expect(try await client.ready([parking]) == 0)
        await client.close()
        await site.close()
    }

    @Test func theCheckerSeesTheLossWhenAcknowledgedTooEarly() async throws {
        // The negative control: a checker that cannot fail proves nothing.
        let fault = "receive:acknowledge-early,before-process:crash:1.2.3.7\""
        let site = try await Site(environment: [.preprocessing: ["ONCORELAY_FAULTS": fault]])
        let client = try await SiteClient(site)
        let factory = try StudyFactory(site)
        for number in 1...12 { try await client.publish(factory.study(number, deadlineSeconds: 86_400)) }
        #expect(await client.wait(seconds: 30) { site.service(.preprocessing)?.isRunning == false })
        try site.start(.preprocessing)
        _ = await client.wait(seconds: 8) { client.journal.lost.isEmpty }
        // Which of those in hand are lost depends on whose acknowledgement was on its way when the worker died.
        #expect(!client.journal.lost.isEmpty)
        await client.close()
        await site.close()
    }
}
