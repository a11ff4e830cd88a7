import Contracts
import Foundation
import Messaging
import Synchronization
import Testing

@testable import oncorelay

@Suite struct WatchTests {
    @Test func matchingEventsAreHandedOnUntilThereAreEnough() async throws {
        let broker = try await BrokerFixture.withTopology()
        let lines = Mutex<[String]>([])
        let watch = ResultWatch(broker: broker, pattern: "result.final.*.bc", count: 2)
        let (subscribed, isSubscribed) = AsyncStream.makeStream(of: Void.self)
        async let watching: Void = watch.run(onSubscribed: { isSubscribed.finish() }) { line in
            lines.withLock { $0.append(line) }
        }
        for await _ in subscribed {}
        for (key, body) in [
            ("result.accepted", "{\"n\":0}"), ("result.final.brain-metastasis.bc", "{\"n\":1}"),
            ("result.final.brain-metastasis.gic", "{\"n\":2}"), ("result.final.lymph-node.bc", "{\n  \"n\" : 3\n}"),
        ] {
            try await BrokerFixture.publishResult(Array(body.utf8), key: key, to: broker)
        }
        try await watching
        #expect(lines.withLock { $0 } == ["{\"n\":1}", "{\"n\":3}"])
    }

    @Test func everyLineIsJSON() throws {
        for body in [Array("{\"a\":\r\n1}".utf8), Array("no json".utf8), [0xff, 0xfe], []] {
            let line = ResultWatch.line(body)
            #expect(!line.contains("\n"))
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(line.utf8), options: .fragmentsAllowed)
            }
        }
    }

    @Test func ownQueueGoesWithTheCommandEvenWhenItIsInterrupted() async throws {
        let broker = CountingBroker(try await BrokerFixture.withTopology())
        let (subscribed, isSubscribed) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await ResultWatch(broker: broker, pattern: "result.#").run(onSubscribed: { isSubscribed.finish() }) {
                _ in
            }
        }
        for await _ in subscribed {}
        let queue = try #require(broker.declaredQueues.first)
        #expect(queue.hasPrefix("oncorelay.cli."))
        #expect(try await BrokerFixture.ready(queue, in: broker) == 0)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await BrokerFixture.ready(queue, in: broker) == nil)
    }
}

/// A broker that remembers the names of the queues that were declared.
final class CountingBroker: Broker {
    private let broker: any Broker
    private let queues = Mutex<[String]>([])

    init(_ broker: any Broker) { self.broker = broker }

    var declaredQueues: [String] { queues.withLock { $0 } }
    var state: BrokerState { broker.state }

    func makePublisher() async throws -> any MessagePublisher { try await broker.makePublisher() }

    func makeConsumer(queues names: [String], prefetch: Int) async throws -> any MessageConsumer {
        queues.withLock { $0 += names }
        return try await broker.makeConsumer(queues: names, prefetch: prefetch)
    }

    func makeAdministrator() async throws -> any TopologyAdministrator { try await broker.makeAdministrator() }
}
