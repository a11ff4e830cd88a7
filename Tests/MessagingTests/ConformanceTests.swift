import Messaging
import Testing
import TestSupport

/// What both brokers promise. One after the other, because RabbitMQ runs once for all of them.
@Suite(.serialized) struct BrokerTests {
    @Suite struct Conformance {}
}

extension BrokerTests.Conformance {
    @Test(arguments: BrokerUnderTest.available)
    func aConfirmedMessageIsDelivered(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            try await publisher.publish(Publication(to: queue, "one"))
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 4)
            let delivery = try #require(try await next(of: consumer))
            #expect(delivery.text == "one")
            #expect(delivery.queue == queue)
            #expect(delivery.routingKey == queue)
            #expect(delivery.exchange == "")
            #expect(!delivery.isRedelivered)
            #expect(delivery.deliveryCount == 0)
            #expect(fixture.broker.state == .connected)
            await consumer.acknowledge(delivery)
            await consumer.close()
            #expect(try await fixture.ready(queue) == 0)
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func anUnroutableMessageIsReturnedAndTheOthersAreConfirmed(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            let nowhere = Publication(to: fixture.name("nowhere"), "lost")
            let error = await #expect(throws: PublishError.self) {
                try await publisher.publish([
                    Publication(to: queue, "a"), nowhere, Publication(to: queue, "b"), nowhere,
                ])
            }
            #expect(error?.total == 4)
            #expect(error?.failures.map(\.index) == [1, 3])
            #expect(error?.reasons.allSatisfy { if case .returned(312, _) = $0 { true } else { false } } == true)
            #expect(error?.failures.first?.messageID == "lost")
            #expect(error?.isTransient == false)
            #expect(try await fixture.eventually { try await fixture.ready(queue) == 2 })
            var careless = nowhere
            careless.isMandatory = false
            try await publisher.publish(careless)
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func aMessageThatNoBindingTakesGoesToTheAlternateExchange(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let (main, spare) = (fixture.name("main"), fixture.name("spare"))
            let (bound, unrouted) = (fixture.name("bound"), fixture.name("unrouted"))
            let topology = TopologyDescription(
                exchanges: [
                    ExchangeDescription(name: spare, kind: .fanout),
                    ExchangeDescription(name: main, kind: .topic, alternateExchange: spare),
                ],
                queues: [QueueDescription(name: bound), QueueDescription(name: unrouted)],
                bindings: [
                    BindingDescription(exchange: main, queue: bound, routingKey: "study.*.urgent.#"),
                    BindingDescription(exchange: spare, queue: unrouted, routingKey: ""),
                ])
            _ = try await fixture.administrator.apply(topology)
            let publisher = try await fixture.broker.makePublisher()
            for key in ["study.a.urgent", "study.a.urgent.north.x", "study.urgent", "study.a.b.urgent"] {
                try await publisher.publish(Publication(exchange: main, routingKey: key, body: Array(key.utf8)))
            }
            let boundConsumer = try await fixture.broker.makeConsumer(queues: [bound], prefetch: 10)
            #expect(try await texts(2, of: boundConsumer) == ["study.a.urgent", "study.a.urgent.north.x"])
            let unroutedConsumer = try await fixture.broker.makeConsumer(queues: [unrouted], prefetch: 10)
            #expect(try await texts(2, of: unroutedConsumer) == ["study.urgent", "study.a.b.urgent"])
            await boundConsumer.close()
            await unroutedConsumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func deliveriesOfAnEarlierQueueGoFirst(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let urgent = try await fixture.queue("urgent")
            let routine = try await fixture.queue("routine")
            let publisher = try await fixture.broker.makePublisher()
            try await publisher.publish((0..<5).map { Publication(to: routine, "routine \($0)") })
            try await publisher.publish((0..<5).map { Publication(to: urgent, "urgent \($0)") })
            let consumer = try await fixture.broker.makeConsumer(queues: [urgent, routine], prefetch: 10)
            // With both queues' messages here, all urgent ones must precede all others.
            #expect(
                try await fixture.eventually {
                    try await fixture.ready(urgent) == 0 || kind == .memory
                })
            try await Task.sleep(for: .milliseconds(200))
            let order = try await texts(10, of: consumer)
            #expect(order == (0..<5).map { "urgent \($0)" } + (0..<5).map { "routine \($0)" })
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func anUnacknowledgedMessageComesBackWhenItsConsumerIsClosed(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await fixture.broker.makePublisher()
            try await publisher.publish(["a", "b"].map { Publication(to: queue, $0) })
            let first = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 1)
            let acknowledged = try #require(try await next(of: first))
            await first.acknowledge(acknowledged)
            let kept = try #require(try await next(of: first))
            #expect(kept.text == "b")
            await first.close()
            let second = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 1)
            let again = try #require(try await next(of: second))
            #expect(again.text == "b")
            #expect(again.isRedelivered)
            #expect(again.deliveryCount == 1)
            // A tag of the closed consumer says nothing to the new one.
            await second.acknowledge(kept)
            await second.acknowledge(again)
            await second.close()
            #expect(try await fixture.ready(queue) == 0)
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func theDeliveryLimitSendsAMessageToTheDeadLetterExchange(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let dead = fixture.name("dead")
            let queue = fixture.name("limited")
            let parking = fixture.name("parking")
            _ = try await fixture.administrator.apply(
                TopologyDescription(
                    exchanges: [ExchangeDescription(name: dead, kind: .direct)],
                    queues: [
                        QueueDescription(
                            name: queue, deliveryLimit: 2, deadLetterExchange: dead, deadLetterRoutingKey: "parked",
                            deadLetterStrategyAtLeastOnce: true, overflowRejectPublish: true),
                        QueueDescription(name: parking),
                    ],
                    bindings: [BindingDescription(exchange: dead, queue: parking, routingKey: "parked")]))
            let publisher = try await fixture.broker.makePublisher()
            try await publisher.publish(Publication(to: queue, "poison"))
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 1)
            var counts: [Int] = []
            for _ in 0..<3 {
                let delivery = try #require(try await next(of: consumer))
                counts.append(delivery.deliveryCount)
                await consumer.reject(delivery, requeue: true)
            }
            #expect(counts == [0, 1, 2])
            let parked = try await fixture.broker.makeConsumer(queues: [parking], prefetch: 1)
            let delivery = try #require(try await next(of: parked))
            #expect(delivery.text == "poison")
            #expect(delivery.routingKey == "parked")
            let death = try #require(delivery.deaths.first)
            #expect(death.reason == .deliveryLimit)
            #expect(death.queue == queue)
            #expect(death.count == 1)
            #expect(death.routingKeys == [queue])
            #expect(death.time > 1_600_000_000)
            #expect(delivery.properties.withoutDeathHeaders.headers.isEmpty)
            await parked.acknowledge(delivery)
            await parked.close()
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func aRejectedMessageIsDeadLetteredWithThatReason(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let parking = try await fixture.queue("parking")
            let queue = try await fixture.queue {
                $0.deadLetterExchange = ""
                $0.deadLetterRoutingKey = parking
            }
            let publisher = try await fixture.broker.makePublisher()
            try await publisher.publish(Publication(to: queue, "bad"))
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 1)
            await consumer.reject(try #require(try await next(of: consumer)), requeue: false)
            #expect(try await fixture.eventually { try await fixture.ready(parking) == 1 })
            let fetched = try await fixture.administrator.fetch(from: parking, limit: 5)
            #expect(fetched.map(\.text) == ["bad"])
            #expect(fetched.first?.deaths.map(\.reason) == [.rejected])
            try await fixture.administrator.requeue(try #require(fetched.first))
            let again = try await fixture.administrator.fetch(from: parking, limit: 5)
            #expect(again.map(\.text) == ["bad"])
            try await fixture.administrator.acknowledge(try #require(again.first))
            #expect(try await fixture.administrator.fetch(from: parking, limit: 5).isEmpty)
            await consumer.close()
            await publisher.close()
        }
    }

    @Test(arguments: BrokerUnderTest.available)
    func aDelayQueueGivesTheMessageBackWhenItsTimeIsOver(_ kind: BrokerUnderTest) async throws {
        try await withFixture(kind.makeBroker()) { fixture in
            let back = fixture.name("back")
            let delay = fixture.name("delay")
            let queue = fixture.name("work")
            _ = try await fixture.administrator.apply(
                TopologyDescription(
                    exchanges: [ExchangeDescription(name: back, kind: .direct)],
                    queues: [
                        QueueDescription(
                            name: delay, deadLetterExchange: back, deadLetterRoutingKey: queue,
                            deadLetterStrategyAtLeastOnce: true, overflowRejectPublish: true,
                            messageTTLMilliseconds: 300),
                        QueueDescription(name: queue),
                    ],
                    bindings: [BindingDescription(exchange: back, queue: queue, routingKey: queue)]))
            let publisher = try await fixture.broker.makePublisher()
            let consumer = try await fixture.broker.makeConsumer(queues: [queue], prefetch: 5)
            try await publisher.publish(["later 1", "later 2"].map { Publication(to: delay, $0) })
            for text in ["later 1", "later 2"] {
                let delivery = try #require(try await next(of: consumer))
                #expect(delivery.text == text)
                #expect(delivery.deaths.map(\.reason) == [.expired])
                #expect(delivery.deaths.first?.queue == delay)
                await consumer.acknowledge(delivery)
            }
            await consumer.close()
            await publisher.close()
        }
    }
}
