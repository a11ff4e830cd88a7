import Messaging
import Testing
import TestSupport

extension BrokerTests.Conformance {
    @Test(arguments: BrokerUnderTest.available)
    func bodiesOfAllSizesArriveByteForByte(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            // Around the frame size of 131,072 bytes, of which 8 are the frame's own.
            let sizes = [0, 1, 255, 256, 131_063, 131_064, 131_065, 262_128, 300_000, 1 << 20]
            let bodies = sizes.map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }
            try await publisher.publish(bodies.map { Publication(exchange: "", routingKey: queue, body: $0) })
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 3)
            for body in bodies {
                let delivery = try #require(try await next(of: consumer))
                #expect(delivery.body.count == body.count)
                #expect(delivery.body == body)
                await consumer.acknowledge(delivery)
            }
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func propertiesAndHeadersArriveAsTheyWereSent(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            let properties = MessageProperties(
                messageID: "0f8fad5b-d9cb-469f-a165-70867728950e", correlationID: "run-7", type: "study.submitted",
                appID: "oncorelay-ingestion", contentType: "application/json", contentEncoding: "identity",
                replyTo: "answers", userID: kind == .memory ? nil : "guest", timestamp: 1_700_000_000,
                headers: [
                    "text": .string("Grüße, 世界"), "empty": .string(""), "number": .int(-5),
                    "large": .int(Int64.max), "yes": .bool(true), "no": .bool(false), "ratio": .double(0.125),
                    "when": .timestamp(1_700_000_001), "none": .null, "raw": .bytes([0, 255, 7]),
                    "table": .table(["inner": .array([.int(1), .string("two"), .table(["three": .int(3)])])]),
                    "nothing": .array([]),
                ])
            let publication = Publication(exchange: "", routingKey: queue, body: [1], properties: properties)
            let bare = Publication(
                exchange: "", routingKey: queue, body: [2], properties: MessageProperties(isPersistent: false))
            try await publisher.publish([publication, bare])
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 2)
            let delivery = try #require(try await next(of: consumer))
            #expect(delivery.properties == properties)
            let plain = try #require(try await next(of: consumer))
            #expect(plain.properties.headers.isEmpty && plain.properties.messageID == nil)
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func aBodyBeyondTheLimitIsRefusedBeforeItIsSent(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            let body = [UInt8](repeating: 1, count: (1 << 20) + 1)
            let error = await #expect(throws: PublishError.self) {
                try await publisher.publish([
                    Publication(to: queue, "small"), Publication(exchange: "", routingKey: queue, body: body),
                ])
            }
            #expect(error?.failures.map(\.index) == [1])
            #expect(error?.reasons == [.tooLarge(size: (1 << 20) + 1, limit: 1 << 20)])
            #expect(error?.description.contains("1048577 bytes") == true)
            #expect(try await fixture.ready(queue) == 0)
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func applyReportsWhatItCreatedAndVerifyWhatIsMissing(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let exchange = ExchangeDescription(name: fixture.name("exchange"), kind: .topic)
            let queue = QueueDescription(name: fixture.name("queue"), deliveryLimit: 3)
            let stream = QueueDescription(name: fixture.name("stream"), kind: .stream, maxAge: "1D")
            let binding = BindingDescription(exchange: exchange.name, queue: queue.name, routingKey: "#")
            let topology = TopologyDescription(exchanges: [exchange], queues: [queue, stream], bindings: [binding])
            let administrator = fixture.administrator
            #expect(
                try await administrator.verify(topology) == [
                    .missingExchange(exchange.name), .missingQueue(queue.name), .missingQueue(stream.name),
                ])
            #expect(
                try await administrator.apply(topology) == [
                    .declaredExchange(exchange.name), .declaredQueue(queue.name), .declaredQueue(stream.name),
                    .bound(binding),
                ])
            #expect(try await administrator.apply(topology).isEmpty)
            #expect(try await administrator.verify(topology).isEmpty)

            var changed = topology
            changed.queues[0].deliveryLimit = 4
            let error = await #expect(throws: BrokerError.self) { try await administrator.apply(changed) }
            #expect(error?.description.contains("x-delivery-limit") == true)
            #expect(error?.description.contains(queue.name) == true)

            #expect(
                try await administrator.queueStatus([queue.name, fixture.name("absent")])
                    == [QueueStatus(name: queue.name, ready: 0, consumers: 0)])
            let publisher = try await fixture.broker.makePublisher()
            try await publisher.publish(Publication(exchange: exchange.name, routingKey: "x.y", body: [1]))
            #expect(try await fixture.eventually { try await fixture.ready(queue.name) == 1 })
            #expect(try await administrator.purge(queue.name) == 1)
            try await administrator.unbind(binding)
            await #expect(throws: PublishError.self) {
                try await publisher.publish(Publication(exchange: exchange.name, routingKey: "x.y", body: [1]))
            }
            try await administrator.deleteQueue(queue.name)
            try await administrator.deleteQueue(stream.name)
            try await administrator.deleteExchange(exchange.name)
            #expect(try await administrator.verify(topology).count == 3)
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func consumingFromAMissingQueueNamesIt(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let name = fixture.name("absent")
            let error = await #expect(throws: BrokerError.self) {
                _ = try await fixture.broker.makeConsumer(queues: [name], prefetch: 1)
            }
            #expect(error == .missing("queue '\(name)' does not exist"))
            await #expect(throws: BrokerError.self) {
                _ = try await fixture.broker.makeConsumer(queues: [], prefetch: 1)
            }
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func aClosedPublisherFailsItsPublications(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            await publisher.close()
            await publisher.close()
            let error = await #expect(throws: PublishError.self) {
                try await publisher.publish(Publication(to: queue, "late"))
            }
            #expect({ if case .notConfirmed = error?.reasons.first { true } else { false } }())
        }
    }
}
