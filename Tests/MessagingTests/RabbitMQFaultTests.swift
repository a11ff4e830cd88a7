import Foundation
import Messaging
import Synchronization
import Testing
import TestSupport

/// What was seen by several tasks.
private final class Journal: Sendable {
    private let contents = Mutex<[String]>([])

    var entries: [String] { contents.withLock { $0 } }

    func append(_ entry: String) { contents.withLock { $0.append(entry) } }
}

extension BrokerTests {
    @Suite(.enabled(if: SharedServer.isUsable, "\(SharedServer.reason)")) struct Faults {}
}

extension BrokerTests.Faults {
    private static func broker(_ adjust: (inout BrokerConfiguration) -> Void = { _ in }) async throws -> RabbitMQBroker
    {
        var configuration = try await SharedServer.configuration()
        configuration.heartbeatSeconds = 5
        configuration.longestReconnectDelay = .seconds(1)
        adjust(&configuration)
        return try RabbitMQBroker(configuration)
    }

    /// Publishes and consumes `count` messages while `fault` happens; what was confirmed must arrive.
    ///
    /// `settling` is how old the queue is when it begins. RabbitMQ 3.10 writes the directory of its quorum queues a few
    /// seconds late: after a crash, a queue younger than that has no leader for good.
    private static func noConfirmedMessageIsLost(
        _ count: Int, settling: Duration = .zero, during fault: () async throws -> Void
    ) async throws {
        let broker = try await broker { $0.confirmTimeout = .seconds(40) }
        try await withFixture(broker) { fixture in
            let queue = try await fixture.queue()
            try await Task.sleep(for: settling)
            let publisher = try await broker.makePublisher()
            let consumer = try await broker.makeConsumer(queues: [queue], prefetch: 20)
            let confirmed = Journal()
            async let published: Void = withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for number in 0..<count / 8 {
                            let text = "\(task)-\(number)"
                            try await Self.publishWithRetry(Publication(to: queue, text), publisher)
                            confirmed.append(text)
                            // Spread over the time of the fault.
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let seen = Journal()
            let consuming = Task {
                while let delivery = try await consumer.next() {
                    seen.append(delivery.text)
                    await consumer.acknowledge(delivery)
                }
            }
            // Well in the middle: some have arrived, many are still to come.
            #expect(try await fixture.eventually { seen.entries.count > count / 10 })
            try await fault()
            try await published
            let expected = Set(confirmed.entries)
            #expect(expected.count == count / 8 * 8)
            #expect(
                try await fixture.eventually { Set(seen.entries) == expected },
                "lost: \(expected.subtracting(Set(seen.entries)).count)")
            let all = seen.entries
            print("fault: \(expected.count) confirmed, 0 lost, \(all.count - expected.count) delivered twice")
            #expect(try await fixture.eventually { broker.state == .connected })
            await consumer.stop()
            try await consuming.value
            await consumer.close()
            await publisher.close()
        }
    }

    /// As a service does it: while a queue has no leader, the broker may refuse what it takes a moment later.
    private static func publishWithRetry(_ publication: Publication, _ publisher: any MessagePublisher) async throws {
        for _ in 0..<20 {
            do {
                return try await publisher.publish(publication)
            } catch let error as PublishError where error.isTransient {
                print("again after: \(error)")
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        try await publisher.publish(publication)
    }

    @Test func aBrokerRestartLosesNoConfirmedMessage() async throws {
        try await Self.noConfirmedMessageIsLost(1600) { try await SharedServer.get().restart() }
    }

    @Test func aBrokerKilledWithoutWarningLosesNoConfirmedMessage() async throws {
        try await Self.noConfirmedMessageIsLost(1600, settling: .seconds(6)) {
            let server = try await SharedServer.get()
            await server.kill9()
            try await server.restart()
        }
    }

    @Test func closedConnectionsAreOpenedAgain() async throws {
        try await Self.noConfirmedMessageIsLost(1600) {
            _ = try await SharedServer.get().control(["close_all_connections", "closed by a test"])
        }
    }

    @Test func aBrokerThatHangsIsNoticedByItsMissingHeartbeats() async throws {
        let broker = try await Self.broker {
            $0.heartbeatSeconds = 1
            $0.confirmTimeout = .seconds(60)
            $0.connectionTimeout = .seconds(1)
        }
        try await withFixture(broker) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await broker.makePublisher()
            let server = try await SharedServer.get()
            server.pause()
            let isNoticed = try await fixture.eventually {
                if case .disconnected = broker.state { true } else { false }
            }
            server.resume()
            #expect(isNoticed)
            try await publisher.publish(Publication(to: queue, "after the hang"))
            #expect(broker.state == .connected)
            await publisher.close()
        }
    }

    @Test func publicationsWhoseConfirmationsAreSwallowedArePublishedAgainOnANewConnection() async throws {
        let proxy = try FaultProxy(to: try await SharedServer.get().port)
        let broker = try await Self.broker {
            $0.port = proxy.port
            $0.heartbeatSeconds = 60
            $0.confirmPatience = .milliseconds(500)
        }
        try await withFixture(broker) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await broker.makePublisher()
            try await publisher.publish(Publication(to: queue, "before"))
            proxy.swallowAnswers()
            async let published: Void = publisher.publish((0..<3).map { Publication(to: queue, "\($0)") })
            // The first copies arrive although nobody hears of it.
            let direct = try await Self.broker()
            let observer = try await direct.makeAdministrator()
            #expect(try await fixture.eventually { try await observer.queueStatus([queue]).first?.ready == 4 })
            proxy.passAnswersOfNewConnections()
            try await published
            let consumer = try await direct.makeConsumer(queues: [queue], prefetch: 10)
            var seen: [String] = []
            while seen.count < 7, let delivery = try await next(of: consumer) {
                seen.append(delivery.text)
                await consumer.acknowledge(delivery)
            }
            #expect(seen.count >= 7 && Set(seen) == ["before", "0", "1", "2"])
            await consumer.close()
            await observer.close()
            await publisher.close()
        }
    }

    @Test func aConnectionThatGoesSilentIsNoticedByItsMissingHeartbeats() async throws {
        let proxy = try FaultProxy(to: try await SharedServer.get().port)
        let broker = try await Self.broker {
            $0.port = proxy.port
            $0.heartbeatSeconds = 1
            $0.connectionTimeout = .seconds(1)
        }
        try await withFixture(broker) { fixture in
            let queue = try await fixture.queue()
            let consumer = try await broker.makeConsumer(queues: [queue], prefetch: 1)
            #expect(broker.state == .connected)
            proxy.swallowAnswers()
            #expect(try await fixture.eventually { broker.state != .connected })
            proxy.passAnswersOfNewConnections()
            #expect(try await fixture.eventually { broker.state == .connected })
            let publisher = try await broker.makePublisher()
            try await publisher.publish(Publication(to: queue, "heard again"))
            #expect(try await texts(1, of: consumer) == ["heard again"])
            await consumer.close()
            await publisher.close()
        }
    }

    @Test func aQueueDeletedUnderItsConsumerIsNoticedAndConsumedAgainWhenItIsBack() async throws {
        let broker = try await Self.broker()
        try await withFixture(broker) { fixture in
            let queue = try await fixture.queue()
            let consumer = try await broker.makeConsumer(queues: [queue], prefetch: 1)
            #expect(broker.state == .connected)
            try await fixture.administrator.deleteQueue(queue)
            #expect(
                try await fixture.eventually {
                    if case .disconnected(let reason) = broker.state { reason.contains(queue) } else { false }
                }, "\(broker.state)")
            #expect(try await fixture.queue() == queue)
            let publisher = try await broker.makePublisher()
            try await publisher.publish(Publication(to: queue, "back"))
            #expect(try await texts(1, of: consumer) == ["back"])
            #expect(broker.state == .connected)
            await consumer.close()
            await publisher.close()
        }
    }

    @Test func idleConnectionsOutliveTheirHeartbeatWhileWorkIsDoneElsewhere() async throws {
        let broker = try await Self.broker { $0.heartbeatSeconds = 2 }
        try await withFixture(broker) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await broker.makePublisher()
            let consumer = try await broker.makeConsumer(queues: [queue], prefetch: 1)
            try await publisher.publish(Publication(to: queue, "long work"))
            let delivery = try #require(try await next(of: consumer))
            let wasAlwaysConnected = await Task.detached {
                // A busy task does not hold up the connections, which have threads of their own.
                var isConnected = true
                let end = ContinuousClock.now + .seconds(9)
                while ContinuousClock.now < end { isConnected = isConnected && broker.state == .connected }
                return isConnected
            }.value
            #expect(wasAlwaysConnected)
            // The tag is still good, which it would not be on a new connection.
            await consumer.acknowledge(delivery)
            await consumer.close()
            #expect(try await fixture.ready(queue) == 0)
            try await publisher.publish(Publication(to: queue, "still here"))
            await publisher.close()
        }
    }

    @Test func aMemoryAlarmBlocksPublishersOnlyUntilItIsOver() async throws {
        let broker = try await Self.broker { $0.confirmTimeout = .seconds(90) }
        let server = try await SharedServer.get()
        try await withFixture(broker) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await broker.makePublisher()
            let consumer = try await broker.makeConsumer(queues: [queue], prefetch: 5)
            try await publisher.publish((0..<5).map { Publication(to: queue, "before \($0)") })
            let first = try #require(try await next(of: consumer))
            try await server.control(["set_vm_memory_high_watermark", "absolute", "10MiB"])
            async let blocked: Void = publisher.publish(Publication(to: queue, "during"))
            #expect(
                try await fixture.eventually { if case .blocked = broker.state { true } else { false } },
                "\(broker.state)")
            // Consuming goes on.
            await consumer.acknowledge(first)
            #expect(try await texts(4, of: consumer) == (1..<5).map { "before \($0)" })
            var hasty = try await SharedServer.configuration()
            hasty.confirmTimeout = .seconds(2)
            let impatient = try RabbitMQBroker(hasty)
            let impatientPublisher = try await impatient.makePublisher()
            // The first publication makes the broker block this connection, too.
            await #expect(throws: PublishError.self) {
                try await impatientPublisher.publish(Publication(to: queue, "x"))
            }
            let error = await #expect(throws: PublishError.self) {
                try await impatientPublisher.publish(Publication(to: queue, "y"))
            }
            #expect(
                { if case .blocked = error?.reasons.first { true } else { false } }(), "\(String(describing: error))")
            try await server.control(["set_vm_memory_high_watermark", "0.6"])
            try await blocked
            #expect(broker.state == .connected)
            // "x" was written before the broker blocked that connection; "y" never was.
            var later: Set<String> = []
            while !later.contains("during"), let delivery = try await next(of: consumer) {
                later.insert(delivery.text)
                await consumer.acknowledge(delivery)
            }
            #expect(later.contains("during") && !later.contains("y"))
            await impatientPublisher.close()
            await consumer.close()
            await publisher.close()
        }
    }

    @Test func aMessageTooLargeToReceiveIsDeadLettered() async throws {
        let broker = try await Self.broker {
            $0.maximumDeliveryBytes = 200_000
            $0.maximumPublicationBytes = 4 << 20
        }
        try await withFixture(broker) { fixture in
            let parking = try await fixture.queue("parking")
            let queue = try await fixture.queue {
                $0.deadLetterExchange = ""
                $0.deadLetterRoutingKey = parking
            }
            let publisher = try await broker.makePublisher()
            try await publisher.publish([
                Publication(exchange: "", routingKey: queue, body: [UInt8](repeating: 1, count: 1_000_000)),
                Publication(to: queue, "small"),
            ])
            let consumer = try await broker.makeConsumer(queues: [queue], prefetch: 5)
            #expect(try await texts(1, of: consumer) == ["small"])
            #expect(try await fixture.eventually { try await fixture.ready(parking) == 1 })
            await consumer.close()
            await publisher.close()
        }
    }

    @Test func theBrokersSizeLimitFailsOnlyTheLargeMessage() async throws {
        // The shared server takes up to 20 MB.
        let broker = try await Self.broker { $0.maximumPublicationBytes = 64 << 20 }
        try await withFixture(broker) { fixture in
            let queue = try await fixture.queue()
            let publisher = try await broker.makePublisher()
            let error = await #expect(throws: PublishError.self) {
                try await publisher.publish([
                    Publication(to: queue, "a"),
                    Publication(exchange: "", routingKey: queue, body: [UInt8](repeating: 1, count: 21_000_000)),
                    Publication(to: queue, "b"),
                ])
            }
            #expect(error?.failures.map(\.index) == [1])
            await publisher.close()
        }
    }

    @Test func aPublisherThatIsLetGoClosesItsConnection() async throws {
        let broker = try await Self.broker { $0.connectionName = "let go \(UUID().uuidString)" }
        let server = try await SharedServer.get()
        func count() async throws -> Int {
            let list = try await server.control(["list_connections", "client_properties"])
            return list.split(separator: "\n").count { $0.contains(broker.configuration.connectionName) }
        }
        var publisher: (any MessagePublisher)? = try await broker.makePublisher()
        #expect(try await count() == 1)
        _ = publisher
        publisher = nil
        var remaining = 1
        for _ in 0..<20 where remaining > 0 { remaining = try await count() }
        #expect(remaining == 0)
    }
}
