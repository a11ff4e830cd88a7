import Contracts
import Messaging

/// Takes what waits on the retry ladder, so that a test decides when it is tried again instead of waiting for it.
struct RetryLadderHand: Sendable {
    private let harness: PipelineHarness
    private let consumer: any MessageConsumer

    init(_ harness: PipelineHarness) async throws {
        self.harness = harness
        consumer = try await harness.broker.makeConsumer(
            queues: RetryLadder.rungs.map(QueueName.delay), prefetch: 64)
    }

    /// The next delivery that is to be tried again later.
    func next() async throws -> Delivery? { try await consumer.next() }

    /// Sends it back to work, the way that the broker sends what has waited long enough.
    func sendBack(_ delivery: Delivery) async throws {
        try await harness.publish(
            Publication(
                exchange: Exchange.dead, routingKey: delivery.routingKey, body: delivery.body,
                properties: delivery.properties))
        await consumer.acknowledge(delivery)
    }

    /// Sends everything back at once while `body` runs.
    func hurrying<Value>(_ body: () async throws -> Value) async throws -> Value {
        let work = Task {
            while let delivery = try await next() { try await sendBack(delivery) }
        }
        let value: Value
        do { value = try await body() } catch {
            await close(work)
            throw error
        }
        await close(work)
        return value
    }

    private func close(_ work: Task<Void, any Error>) async {
        await consumer.stop()
        _ = await work.result
        await consumer.close()
    }
}
