import Classifiers
import Contracts
import Messaging
import Testing

@testable import oncorelay

@Suite struct StatusTests {
    private static let terminal = Terminal(isInteractive: false, width: 100, style: .plain)

    @Test func whatIsNotKnownIsNullAndSaid() async throws {
        let broker = try await BrokerFixture.withTopology()
        try await BrokerFixture.park("a", to: broker)
        try await BrokerFixture.park("b", in: QueueName.parkingUnrouted, to: broker)
        let status = try await SystemStatus.read(broker: broker)
        #expect(status.missing.isEmpty)
        #expect(status.studies.parked == 2)
        let json = try #require(JSONValue(Array(try JSONText.compact(status).utf8)))
        #expect(
            json["studies"]
                == .object([
                    "inFlight": .null, "final": .null, "partial": .null, "failed": .null, "rejected": .null,
                    "parked": .int(2),
                ]))
        guard case .array(let queues) = json["queues"] else {
            Issue.record("expected an array")
            return
        }
        #expect(
            queues.contains(
                .object([
                    "name": .string("parking.preprocessing"), "ready": .int(1), "unacknowledged": .null,
                    "consumers": .int(0),
                ])))
        #expect(status.notes.contains { $0.contains("ONCORELAY_LEDGER") })
        #expect(status.notes.contains { $0.contains("ONCORELAY_MANAGEMENT_URL") })
    }

    @Test func ledgerAndHTTPInterfaceFillTheGaps() async throws {
        let broker = try await BrokerFixture.withTopology()
        let status = try await SystemStatus.read(
            broker: broker, unacknowledged: { ["ingestion.urgent": 7] },
            ledger: { StudyCounts(inFlight: 1, final: 2, partial: 3, failed: 4, rejected: 5) })
        #expect(status.notes.isEmpty)
        #expect(status.queues.first { $0.name == "ingestion.urgent" }?.unacknowledged == 7)
        #expect(status.queues.first { $0.name == "ingestion.routine" }?.unacknowledged == 0)
        #expect(
            status.studies == .init(inFlight: 1, final: 2, partial: 3, failed: 4, rejected: 5, parked: 0))
    }

    @Test func sourceThatFailsLeavesANote() async throws {
        let broker = try await BrokerFixture.withTopology()
        let status = try await SystemStatus.read(
            broker: broker, unacknowledged: { throw CommandFailure("no HTTP here", .unavailable) },
            ledger: { throw CommandFailure("no ledger here", .unavailable) })
        #expect(status.notes == ["messages in hand: no HTTP here", "studies: no ledger here"])
        #expect(status.queues.allSatisfy { $0.unacknowledged == nil })
    }

    @Test func tableSaysWhatNeedsAPerson() async throws {
        let broker = try await BrokerFixture.withTopology()
        let consumer = try await broker.makeConsumer(queues: ["ingestion.urgent", "ingestion.routine"], prefetch: 1)
        try await BrokerFixture.park("a", to: broker)
        try await TopologyWork.withAdministrator(of: broker) { try await $0.deleteQueue("delay.1s") }
        let lines = StatusTable(status: try await SystemStatus.read(broker: broker), terminal: Self.terminal).lines
        let text = lines.joined(separator: "\n")
        #expect(text.contains("1 queues are missing (delay.1s): run 'oncorelay topology apply'"))
        #expect(!text.contains("nobody consumes ingestion"))
        #expect(text.contains("nobody consumes preprocessing (0 waiting): is oncorelay-preprocessing running?"))
        #expect(text.contains("1 messages are parked"))
        #expect(text.contains("Studies  in flight – · final –"))
        await consumer.close()
    }

    @Test(arguments: ["ftp://x", "localhost:15672", "http://a b", ""])
    func addressThatIsNoneIsRefused(url: String) throws {
        let configuration = try BrokerConfiguration(url: "amqp://guest:guest@localhost")
        let failure = #expect(throws: CommandFailure.self) { try ManagementAPI(url: url, configuration) }
        #expect(failure?.message.contains("ONCORELAY_MANAGEMENT_URL") == true)
    }

    @Test func valuesForCurlCannotBreakOut() {
        #expect(ManagementAPI.quoted("a\"b\\c\nd") == #""a\"b\\c\nd""#)
        #expect(ManagementAPI.encoded("/") == "%2F")
        #expect(ManagementAPI.encoded("clinic-1 é\u{1}") == "clinic-1%20%C3%A9%01")
    }
}
