import Contracts
package import Logging
package import Messaging
import ServiceLifecycle
import Synchronization

/// How any stage lives: consume, decode, process, publish, confirm, acknowledge; urgent work first.
///
/// A delivery is acknowledged only after everything that follows from it is confirmed by the broker, so that a death
/// at any point leads to a redelivery, and deterministic event ids make the repetition harmless.
package final class StageRunner<Work: Stage>: Service {
    let stage: Work
    let configuration: RunnerConfiguration
    let metrics: MetricsRegistry
    let logger: Logger
    let watchdog: Watchdog
    private let broker: any Broker
    private let readiness: Readiness
    private let slots: Slots
    private let isOnProbation = Mutex(true)

    package init(
        stage: Work, broker: any Broker, configuration: RunnerConfiguration, readiness: Readiness = Readiness(),
        metrics: MetricsRegistry, logger: Logger
    ) {
        self.stage = stage
        self.broker = broker
        self.readiness = readiness
        self.configuration = configuration
        self.metrics = metrics
        var logger = logger
        logger[metadataKey: LogKeys.stage] = "\(Work.name.rawValue)"
        self.logger = logger
        slots = Slots(limit: 1)
        watchdog = Watchdog(limit: configuration.processingTimeout)
        MetricNames.describe(in: metrics)
        metrics.set(MetricNames.inHand, to: 0)
    }

    /// Works until it is asked to stop (gracefully, or by cancellation) and what is in hand is finished.
    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.stage.prepare() }
        } catch is CancellationError {
            return
        }
        let connector = BrokerConnector(broker: broker, readiness: readiness, logger: logger)
        guard try await connector.waitForTopology(),
            let publisher = try await connector.connect({ try await $0.makePublisher() }),
            // One at a time at first: see `endProbation`.
            let consumer = try await connector.connect({
                try await $0.makeConsumer(queues: QueueName.work(Work.name), prefetch: 1)
            })
        else { return }
        logger.info("consuming")
        await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                await consume(consumer, publisher)
            } onCancel: {
                Task { await consumer.stop() }
            }
        } onGracefulShutdown: {
            Task { await consumer.stop() }
        }
        await consumer.close()
        await publisher.close()
        logger.info("drained: everything in hand was finished and acknowledged")
    }

    private func consume(_ consumer: any MessageConsumer, _ publisher: any MessagePublisher) async {
        let watching = Task { [watchdog] in await watchdog.watch() }
        defer { watching.cancel() }
        await withDiscardingTaskGroup { group in
            while true {
                // The place first, then the delivery: whoever is urgent when a place is free goes first.
                await slots.take()
                let delivery: Delivery
                do {
                    guard let next = try await consumer.next() else {
                        slots.give()
                        break
                    }
                    delivery = next
                } catch {
                    if !(error is CancellationError) {
                        logger.error("consuming ended: \(error)", metadata: [LogKeys.reason: "\(type(of: error))"])
                    }
                    slots.give()
                    break
                }
                metrics.set(MetricNames.inHand, to: Double(slots.taken))
                // In-hand work outlives a cancellation of the loop: it is finished and acknowledged.
                group.addTask {
                    await Task { await self.handle(delivery, consumer, publisher) }.value
                    self.slots.give()
                    self.metrics.set(MetricNames.inHand, to: Double(self.slots.taken))
                    await self.endProbation(after: delivery, consumer)
                }
            }
        }
    }

    /// A worker's first deliveries are taken one by one.
    ///
    /// When a worker dies, the broker counts a failed delivery for every message that it held. Was one of them the
    /// poison that killed it, a restarted worker that takes many at once would drag the innocent neighbors towards
    /// the delivery limit with it. So many are taken only after a message was finished that nobody had in hand before.
    private func endProbation(after delivery: Delivery, _ consumer: any MessageConsumer) async {
        guard delivery.deliveryCount == 0 else { return }
        let ends = isOnProbation.withLock { isOnProbation in
            defer { isOnProbation = false }
            return isOnProbation
        }
        guard ends else { return }
        do {
            try await consumer.setPrefetch(configuration.prefetch)
        } catch {
            // The connection was lost just now; the consumer keeps the new number for its next one.
            logger.debug("prefetch not changed yet")
        }
        slots.raise(to: configuration.concurrency)
    }
}
