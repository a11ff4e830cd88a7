import Contracts
import Messaging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A queue of this command's own behind the results' exchange, for as long as the command runs.
///
/// It is deleted at the end, also when the command is interrupted. Where the process is killed, the broker removes it
/// after it was unused for a while; until then a lost connection can come back to it.
struct ResultSubscription: Sendable {
    /// All results.
    static let everything = "result.#"

    let broker: any Broker
    /// A topic pattern: `*` stands for one word, `#` for any number.
    let pattern: String
    /// How long the broker keeps the queue that nobody uses, in milliseconds.
    private let expiry = 120_000
    private let prefetch = 64

    init(broker: any Broker, pattern: String) {
        self.broker = broker
        self.pattern = pattern
    }

    /// Subscribes, runs `body` and takes the queue away.
    ///
    /// - Throws: `BrokerError`, or what `body` throws.
    func run<Value: Sendable>(_ body: (any MessageConsumer) async throws -> Value) async throws -> Value {
        let queue = "oncorelay.cli.\(UUID().uuidString.lowercased())"
        let topology = TopologyDescription(
            queues: [QueueDescription(name: queue, kind: .classic, expiresMilliseconds: expiry)],
            bindings: [BindingDescription(exchange: Exchange.results, queue: queue, routingKey: pattern)])
        do {
            _ = try await TopologyWork.apply(topology, broker: broker)
            let consumer = try await broker.makeConsumer(queues: [queue], prefetch: prefetch)
            do {
                let value = try await body(consumer)
                await consumer.close()
                await delete(queue)
                return value
            } catch {
                await consumer.close()
                throw error
            }
        } catch {
            await delete(queue)
            throw error
        }
    }

    /// In a task of its own, since ours may be cancelled already. Best effort: the queue expires anyway.
    private func delete(_ queue: String) async {
        await Task { [broker] in
            try? await TopologyWork.withAdministrator(of: broker) { try await $0.deleteQueue(queue) }
        }.value
    }
}

extension MessageConsumer {
    /// The next delivery; nil when there is none until `deadline`, or when the consumer was stopped.
    func next(until deadline: ContinuousClock.Instant) async throws -> Delivery? {
        try await withThrowingTaskGroup(of: Delivery?.self) { group in
            group.addTask { try await self.next() }
            group.addTask {
                try await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
