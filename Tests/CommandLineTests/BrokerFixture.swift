import Contracts
import Messaging
import ServiceRuntime

@testable import oncorelay

/// A broker in memory with the whole topology.
enum BrokerFixture {
    static func withTopology() async throws -> InMemoryBroker {
        let broker = InMemoryBroker()
        _ = try await TopologyWork.apply(broker: broker)
        return broker
    }

    static func publishResult(_ body: [UInt8], key: String, to broker: any Broker) async throws {
        let publisher = try await broker.makePublisher()
        try await publisher.publish(
            Publication(exchange: Exchange.results, routingKey: key, body: body, isMandatory: false))
        await publisher.close()
    }

    /// Queues that commands made for themselves and left behind.
    static func ready(_ queue: String, in broker: any Broker) async throws -> Int? {
        try await TopologyWork.withAdministrator(of: broker) { try await $0.queueStatus([queue]).first?.ready }
    }

    /// Parks a message as a stage does.
    static func park(
        _ messageID: String?, in queue: String = QueueName.parking(.preprocessing),
        from original: String? = "preprocessing.routine", code: String = "tensor-missing", to broker: any Broker
    ) async throws {
        var properties = MessageProperties(messageID: messageID, correlationID: "run-1", type: "study.admitted")
        properties.headers[HeaderName.failureCode] = .string(code)
        properties.headers[HeaderName.failureClass] = .string("permanent")
        properties.headers[HeaderName.failureMessage] = .string("why it was parked")
        if let original { properties.headers[HeaderName.originalQueue] = .string(original) }
        let publisher = try await broker.makePublisher()
        try await publisher.publish(
            Publication(exchange: "", routingKey: queue, body: Array("{\"n\":1}".utf8), properties: properties))
        await publisher.close()
    }
}

/// The services as a publisher sees them: takes one study and publishes what `answer` makes of it.
struct AnsweringServices: Sendable {
    let broker: any Broker
    var priority = Priority.routine
    let answer: @Sendable (CloudEvent<StudySubmitted>) throws -> [(key: String, body: [UInt8])]

    func serveOne() async throws {
        let consumer = try await broker.makeConsumer(queues: [QueueName.work(.ingestion, priority)], prefetch: 1)
        guard let delivery = try await consumer.next() else { return }
        let event = try EventCoding.decodeEvent(StudySubmitted.self, from: delivery.body)
        for result in try answer(event) {
            try await BrokerFixture.publishResult(result.body, key: result.key, to: broker)
        }
        await consumer.acknowledge(delivery)
        await consumer.close()
    }
}
