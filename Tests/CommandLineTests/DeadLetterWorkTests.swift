import Contracts
import Messaging
import Testing

@testable import oncorelay

@Suite struct DeadLetterWorkTests {
    private func work(_ broker: any Broker, _ source: ParkingSource? = nil) -> DeadLetterWork {
        DeadLetterWork(broker: broker, source: source, now: { 1_700_000_000 })
    }

    @Test func listTellsAllAndTakesNothingAway() async throws {
        let broker = try await BrokerFixture.withTopology()
        for number in 0..<40 { try await BrokerFixture.park("m-\(number)", to: broker) }
        try await BrokerFixture.park("other", in: QueueName.parking(.lymphNode), to: broker)
        let all = try await work(broker).list(limit: nil)
        #expect(all.count == 41)
        #expect(try await work(broker).list(limit: nil) == all)
        #expect(all.filter { $0.queue == "parking.preprocessing" }.map(\.index) == Array(0..<40))
        #expect(all.first?.messageID == "m-0")
        #expect(all.first?.stage == "preprocessing")
        #expect(try await work(broker, .stage(.lymphNode)).list(limit: nil).map(\.messageID) == ["other"])
        #expect(try await work(broker).list(limit: 3).count == 3)
        #expect(try await BrokerFixture.ready("parking.preprocessing", in: broker) == 40)
        _ = try await work(broker).list(limit: nil)
        #expect(
            try await work(broker).list(limit: nil).compactMap(\.messageID).sorted()
                == all.compactMap(\.messageID).sorted())
    }

    @Test func replayBringsTheChosenBackAndLeavesTheOthers() async throws {
        let broker = try await BrokerFixture.withTopology()
        for name in ["a", "b", "c"] { try await BrokerFixture.park(name, to: broker) }
        let report = try await work(broker).replay(ParkedSelection(messageIDs: ["b", "zz"]))
        #expect(report.replayed == [.init(messageID: "b", from: "parking.preprocessing", to: "preprocessing.routine")])
        #expect(report.notFound == ["zz"])
        #expect(report.status == .findings)
        #expect(report.lines.last?.contains("zz") == true)
        #expect(try await work(broker).list(limit: nil).map(\.messageID) == ["a", "c"])
        let consumer = try await broker.makeConsumer(queues: ["preprocessing.routine"], prefetch: 1)
        let delivery = try #require(try await consumer.next())
        #expect(delivery.properties.messageID == "b")
        #expect(delivery.properties.headers == [HeaderName.replayedAt: .int(1_700_000_000)])
        #expect(delivery.body == Array("{\"n\":1}".utf8))
        await consumer.close()
    }

    @Test func rehearsalSaysAndDoesNothing() async throws {
        let broker = try await BrokerFixture.withTopology()
        try await BrokerFixture.park("a", to: broker)
        let report = try await work(broker).replay(ParkedSelection(), isRehearsal: true)
        #expect(report.dryRun)
        #expect(report.replayed.count == 1)
        #expect(try await BrokerFixture.ready("parking.preprocessing", in: broker) == 1)
        #expect(try await BrokerFixture.ready("preprocessing.routine", in: broker) == 0)
    }

    @Test func messageThatCannotGoBackStaysParked() async throws {
        let broker = try await BrokerFixture.withTopology()
        try await BrokerFixture.park("homeless", from: nil, to: broker)
        try await BrokerFixture.park("good", to: broker)
        try await TopologyWork.withAdministrator(of: broker) { try await $0.deleteQueue("lymph-node.urgent") }
        try await BrokerFixture.park("no-queue", from: "lymph-node.urgent", to: broker)
        let report = try await work(broker).replay(ParkedSelection())
        #expect(report.replayed.map(\.messageID) == ["good"])
        #expect(report.failed.map(\.messageID) == ["homeless", "no-queue"])
        #expect(report.failed.last?.reason.contains("no queue is bound") == true)
        #expect(report.status == .findings)
        #expect(try await work(broker).list(limit: nil).map(\.messageID) == ["homeless", "no-queue"])
        let directed = try await work(broker).replay(ParkedSelection(messageIDs: ["homeless"]), to: "ingestion.routine")
        #expect(directed.status == .success)
        #expect(try await BrokerFixture.ready("ingestion.routine", in: broker) == 1)
    }

    @Test func limitEndsAReplay() async throws {
        let broker = try await BrokerFixture.withTopology()
        for number in 0..<5 { try await BrokerFixture.park("m-\(number)", to: broker) }
        let report = try await work(broker).replay(ParkedSelection(limit: 2))
        #expect(report.replayed.map(\.messageID) == ["m-0", "m-1"])
        #expect(try await BrokerFixture.ready("parking.preprocessing", in: broker) == 3)
    }

    @Test func unroutedMessageGoesOnceMoreThroughItsExchange() async throws {
        let broker = try await BrokerFixture.withTopology()
        let publisher = try await broker.makePublisher()
        try await publisher.publish(
            Publication(
                exchange: Exchange.studies, routingKey: "study.unknown", body: [1],
                properties: MessageProperties(messageID: "lost")))
        let listed = try await work(broker, .unrouted).list(limit: nil)
        #expect(listed.map(\.code) == ["unroutable"])
        #expect(listed.first?.message.contains("study.unknown") == true)
        let report = try await work(broker, .unrouted).replay(ParkedSelection())
        #expect(report.replayed.map(\.to) == ["oncorelay.studies study.unknown"])
        #expect(try await BrokerFixture.ready(QueueName.parkingUnrouted, in: broker) == 1)
    }

    @Test func dropTakesOnlyTheChosenAway() async throws {
        let broker = try await BrokerFixture.withTopology()
        for name in ["a", "b"] { try await BrokerFixture.park(name, to: broker) }
        let report = try await work(broker).drop(ParkedSelection(messageIDs: ["a", "c"]))
        #expect(report.dropped == [.init(messageID: "a", queue: "parking.preprocessing")])
        #expect(report.notFound == ["c"])
        #expect(try await work(broker).list(limit: nil).map(\.messageID) == ["b"])
        #expect(try await work(broker).drop(ParkedSelection()).status == .success)
        #expect(try await work(broker).list(limit: nil).isEmpty)
    }

    @Test func bodyIsShownOnlyWhenAskedFor() async throws {
        let broker = try await BrokerFixture.withTopology()
        try await BrokerFixture.park("a", to: broker)
        let found = try #require(try await work(broker).find("a").first)
        let short = try JSONText.compact(ParkedMessageInFull(found.message, found.delivery, withBody: false))
        #expect(!short.contains("\"body\""))
        #expect(short.contains(#""routingKey":"parking.preprocessing""#))
        #expect(short.contains(#""messageID":"a""#))
        let full = try JSONText.compact(ParkedMessageInFull(found.message, found.delivery, withBody: true))
        #expect(full.contains(#""body":{"n":1}"#))
        #expect(try await work(broker).find("b").isEmpty)
        #expect(try await BrokerFixture.ready("parking.preprocessing", in: broker) == 1)
    }

    @Test func missingTopologyIsSaid() async throws {
        let error = await #expect(throws: BrokerError.self) { _ = try await work(InMemoryBroker()).list(limit: nil) }
        #expect(error.flatMap { CommandFailure($0) }?.message.contains("topology apply") == true)
    }

    @Test func tableNamesIdCodeAndReason() {
        let terminal = Terminal(isInteractive: false, width: 100, style: .plain)
        #expect(DeadLettersListCommand.lines([], for: terminal) == ["nothing is parked"])
    }
}
