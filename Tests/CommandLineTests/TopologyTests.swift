import Classifiers
import Contracts
import Foundation
import Messaging
import ServiceRuntime
import Testing

@testable import oncorelay

@Suite struct TopologyTests {
    @Test func applyMakesEverythingOnceAndVerifyAgrees() async throws {
        let broker = InMemoryBroker()
        let before = try await TopologyWork.verify(broker: broker)
        #expect(!before.verified)
        #expect(before.differences.contains { $0.kind == "missing-queue" && $0.name == "ingestion.urgent" })
        #expect(before.lines.last?.contains("topology apply") == true)
        let first = try await TopologyWork.apply(broker: broker)
        let topology = OncoRelayTopology.description
        #expect(first.created.count { $0.kind == "exchange" } == topology.exchanges.count)
        #expect(first.created.count { $0.kind == "queue" } == topology.queues.count)
        #expect(first.created.count { $0.kind == "binding" } == topology.bindings.count)
        #expect(first.lines.count == first.created.count)
        let second = try await TopologyWork.apply(broker: broker)
        #expect(second.created.isEmpty)
        #expect(try JSONText.compact(second) == #"{"created":[]}"#)
        let after = try await TopologyWork.verify(broker: broker)
        #expect(after.verified)
        #expect(try JSONText.compact(after) == #"{"differences":[],"verified":true}"#)
    }

    @Test func otherDeclarationIsNamedAndNotTouched() async throws {
        let broker = InMemoryBroker()
        let queue = QueueDescription(name: "ingestion.urgent", kind: .classic)
        _ = try await TopologyWork.apply(TopologyDescription(queues: [queue]), broker: broker)
        let error = await #expect(throws: BrokerError.self) { _ = try await TopologyWork.apply(broker: broker) }
        let failure = try #require(error.flatMap { CommandFailure($0) })
        #expect(failure.status == .unavailable)
        #expect(failure.message.contains("ingestion.urgent"))
    }

    @Test func definitionsHoldAllObjectsInTheBrokersSpelling() throws {
        let topology = OncoRelayTopology.description
        let text = try JSONText.compact(BrokerDefinitions(topology, virtualHost: "clinic"))
        let definitions = try #require(JSONValue(Array(text.utf8)))
        guard case .array(let queues) = definitions["queues"], case .array(let exchanges) = definitions["exchanges"],
            case .array(let bindings) = definitions["bindings"]
        else {
            Issue.record("expected three arrays")
            return
        }
        #expect(queues.count == topology.queues.count)
        #expect(exchanges.count == topology.exchanges.count)
        #expect(bindings.count == topology.bindings.count)
        let urgent = try #require(queues.first { $0["name"] == .string("ingestion.urgent") })
        #expect(urgent["vhost"] == .string("clinic"))
        #expect(urgent["durable"] == .bool(true))
        #expect(urgent["arguments"]?["x-queue-type"] == .string("quorum"))
        #expect(urgent["arguments"]?["x-delivery-limit"] == .int(Int64(OncoRelayTopology.deliveryLimit)))
        let studies = try #require(exchanges.first { $0["name"] == .string(Exchange.studies) })
        #expect(studies["arguments"]?["alternate-exchange"] == .string(Exchange.unrouted))
        #expect(studies["type"] == .string("topic"))
        #expect(bindings.allSatisfy { $0["destination_type"] == .string("queue") })
    }
}
