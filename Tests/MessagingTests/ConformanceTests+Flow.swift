import Messaging
import Testing
import TestSupport

extension BrokerTests.Conformance {
    @Test(arguments: BrokerUnderTest.available)
    func aFullQueueRefusesPublications(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue {
                $0.maxLength = 5
                $0.overflowRejectPublish = true
            }
            let publisher = try await fixture.broker.makePublisher()
            var confirmed = 0
            var refusal: PublishError?
            // RabbitMQ's limit is soft: some more than five may be taken.
            for number in 0..<100 where refusal == nil {
                do {
                    try await publisher.publish(Publication(to: queue, "\(number)"))
                    confirmed += 1
                } catch let error as PublishError {
                    refusal = error
                }
            }
            #expect(confirmed >= 5)
            let reason = try #require(refusal?.reasons.first)
            #expect({ if case .refused = reason { true } else { false } }(), "\(reason)")
            #expect(refusal?.isTransient == true)
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 100)
            #expect(try await texts(confirmed, of: consumer) == (0..<confirmed).map(String.init))
            #expect(try await next(of: consumer, within: .milliseconds(200)) == nil)
            try await publisher.publish(Publication(to: queue, "room again"))
            #expect(try await texts(1, of: consumer) == ["room again"])
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func aMissingExchangeFailsOnlyItsOwnPublications(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            var publications = (0..<10).map { Publication(to: queue, "\($0)") }
            publications[4].exchange = fixture.name("missing")
            let error = await #expect(throws: PublishError.self) { try await publisher.publish(publications) }
            #expect(error?.failures.map(\.index) == [4])
            #expect({ if case .refused(let text) = error?.reasons.first { text.contains("404") } else { false } }())
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 100)
            // Those behind the culprit may have been published twice, never none.
            var seen: Set<String> = []
            while seen.count < 9, let delivery = try await next(of: consumer) {
                seen.insert(delivery.text)
                await consumer.acknowledge(delivery)
            }
            #expect(seen == Set((0..<10).filter { $0 != 4 }.map(String.init)))
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func noMoreThanThePrefetchIsInHandOfOneConsumer(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            try await publisher.publish((0..<6).map { Publication(to: queue, "\($0)") })
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 2)
            let first = try #require(try await next(of: consumer))
            let second = try #require(try await next(of: consumer))
            #expect(try await next(of: consumer, within: .milliseconds(300)) == nil)
            await consumer.acknowledge(second)
            let third = try #require(try await next(of: consumer))
            #expect(third.text == "2")
            #expect(try await next(of: consumer, within: .milliseconds(300)) == nil)

            try await consumer.setPrefetch(4)
            var inHand = [first, third]
            while let delivery = try await next(of: consumer, within: .milliseconds(500)) { inHand.append(delivery) }
            // RabbitMQ counts the new number for the new consumer alone, memory for all that is in hand.
            #expect(inHand.count >= 4 && Set(inHand.map(\.text)).count == inHand.count)
            for delivery in inHand { await consumer.acknowledge(delivery) }
            let rest = try await texts(5 - inHand.count, of: consumer)
            #expect(inHand.count + rest.count == 5)
            await consumer.close()
            #expect(try await fixture.ready(queue) == 0)
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func changingThePrefetchUnderLoadLosesAndDoublesNothing(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            try await publisher.publish((0..<2000).map { Publication(to: queue, "\($0)") })
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 1)
            async let changes: Void = {
                for count in [16, 2, 64, 7, 1, 32, 128, 3, 50] { try await consumer.setPrefetch(count) }
            }()
            let seen = try await texts(2000, of: consumer)
            try await changes
            #expect(seen.count == 2000)
            #expect(Set(seen).count == 2000)
            await consumer.close()
            #expect(try await fixture.ready(queue) == 0)
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func stopGivesBackWhatWasNotHandedOutAndLetsTheRestBeAcknowledged(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            try await publisher.publish((0..<10).map { Publication(to: queue, "\($0)") })
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 8)
            let inHand = try #require(try await next(of: consumer))
            await consumer.stop()
            #expect(try await consumer.next() == nil)
            #expect(try await fixture.eventually { try await fixture.ready(queue) == 9 })
            await consumer.acknowledge(inHand)
            await consumer.close()
            #expect(try await consumer.next() == nil)
            let other = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 20)
            #expect(Set(try await texts(9, of: other)) == Set((1..<10).map(String.init)))
            #expect(try await next(of: other, within: .milliseconds(200)) == nil)
            await other.close()
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func whoeverWaitsForADeliveryIsReleasedByStopAndByCancellation(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 1)
            let cancelled = Task { try await consumer.next() }
            try await Task.sleep(for: .milliseconds(50))
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            let waiting = Task { try await consumer.next() }
            try await Task.sleep(for: .milliseconds(50))
            await consumer.stop()
            #expect(try await waiting.value == nil)
            await consumer.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func tenThousandMessagesOfManyPublishersArriveOnceEach(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publishers = [
                try await fixture.broker.makePublisher(), try await fixture.broker.makePublisher(),
            ]
            let consumers = [
                try await fixture.broker.makeConsumer(queues: [queue], prefetch: 50),
                try await fixture.broker.makeConsumer(queues: [queue], prefetch: 50),
            ]
            async let published: Void = withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<100 {
                    group.addTask {
                        for number in 0..<25 {
                            try await publishers[task % 2].publish(
                                (0..<4).map { Publication(to: queue, "\(task)-\(number)-\($0)") })
                        }
                    }
                }
                try await group.waitForAll()
            }
            async let first = Self.drain(consumers[0])
            async let second = Self.drain(consumers[1])
            try await published
            let seen = try await first + second
            #expect(seen.count == 10_000)
            #expect(Set(seen).count == 10_000)
            for consumer in consumers { await consumer.close() }
            for publisher in publishers { await publisher.close() }
            #expect(try await fixture.ready(queue) == 0)
        }
    }

    /// Takes what comes until nothing came for two seconds.
    private static func drain(_ consumer: any MessageConsumer) async throws -> [String] {
        var texts: [String] = []
        while let delivery = try await next(of: consumer, within: .seconds(2)) {
            texts.append(delivery.text)
            await consumer.acknowledge(delivery)
        }
        return texts
    }
}
