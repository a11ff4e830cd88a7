import Contracts
import Logging
import Messaging

/// What became of a delivery.
enum DeliveryOutcome: String {
    case done
    case rejected
    case retried
    case parked
    /// Refused: the broker parks it, because we cannot publish it again.
    case refused
    /// Not acknowledged: the broker hands it out again.
    case returned
}

extension StageRunner {
    /// Takes one delivery from arrival to acknowledgement.
    func handle(_ delivery: Delivery, _ consumer: any MessageConsumer, _ publisher: any MessagePublisher) async {
        let start = ContinuousClock.now
        let faults = configuration.faults
        faults.strike(at: .receive, body: delivery.body)
        let isAcknowledgedEarly = faults.isActive && faults.acknowledgesEarly(delivery.body)
        if isAcknowledgedEarly { await consumer.acknowledge(delivery) }

        var work = DeliveryWork(delivery: delivery, stage: Work.name, logger: logger)
        let outcome = await attempt(&work, with: publisher)
        metrics.increment(MetricNames.deliveries, [("outcome", outcome.rawValue)])
        switch outcome {
        case .returned: await consumer.reject(delivery, requeue: true)
        case .refused: await consumer.reject(delivery, requeue: false)
        case .done, .rejected, .retried, .parked:
            if !isAcknowledgedEarly { await consumer.acknowledge(delivery) }
        }
        let duration = ContinuousClock.now - start
        metrics.observe(MetricNames.processing, seconds: duration.seconds)
        work.logger.debug(
            "delivery handled",
            metadata: [LogKeys.outcome: "\(outcome.rawValue)", LogKeys.duration: "\(duration.milliseconds)"])
    }

    private func attempt(_ work: inout DeliveryWork, with publisher: any MessagePublisher) async -> DeliveryOutcome {
        let delivery = work.delivery
        if delivery.deliveryCount >= configuration.crashLimit {
            // Reading it tells whose it is; working on it would bring this worker down as well.
            let input = try? stage.decode(delivery)
            work.adopt(
                runID: input?.runID, regionID: input?.regionID, of: input?.eventID, input?.traceparent, input?.priority)
            let failure = Failure(
                .workerCrashed, .poison,
                "workers ended or lost the broker \(delivery.deliveryCount) times with this message in hand; "
                    + "look at the workers' logs, then replay or drop it",
                stage: Work.name.rawValue, attempts: delivery.deliveryCount)
            return await route(failure, work, input: input, publisher)
        }
        let input: StageInput<Work.Payload>
        do {
            input = try stage.decode(delivery)
        } catch {
            return await route(error, work, input: nil, publisher)
        }
        work.adopt(runID: input.runID, regionID: input.regionID, of: input.eventID, input.traceparent, input.priority)
        let events: [OutgoingEvent]
        do {
            configuration.faults.strike(at: .beforeProcess, body: delivery.body)
            let context = work.context
            let stage = stage
            events = try await watchdog.run { try await stage.process(input, in: context) }
            configuration.faults.strike(at: .afterProcess, body: delivery.body)
        } catch {
            return await route(
                Self.failure(of: error, timeout: configuration.processingTimeout), work, input: input, publisher)
        }
        do throws(Failure) {
            guard try await publish(events.map(\.publication), publisher, work.logger) else { return .returned }
        } catch {
            return await route(error, work, input: input, publisher)
        }
        configuration.faults.strike(at: .afterPublish, body: delivery.body)
        return .done
    }

    /// Publishes until the broker has everything, or until the publisher is closed. What follows from a delivery is
    /// never dropped: while the broker refuses, the delivery stays in hand.
    ///
    /// - Returns: Whether all is confirmed; false when this worker is closing down.
    /// - Throws: ``Failure`` where a publication can never be taken, because it is too large.
    func publish(
        _ publications: [Publication], _ publisher: any MessagePublisher, _ logger: Logger
    ) async throws(Failure) -> Bool {
        guard !publications.isEmpty else { return true }
        let start = ContinuousClock.now
        var remaining = publications
        while true {
            do {
                try await publisher.publish(remaining)
                metrics.observe(MetricNames.publishing, seconds: (ContinuousClock.now - start).seconds)
                return true
            } catch let error as PublishError {
                if let item = error.failures.first(where: \.isTooLarge) {
                    throw Failure(
                        .publicationRefused, .permanent, "what follows from this delivery is too large: \(item.reason)")
                }
                logger.warning(
                    "the broker did not take what follows from a delivery; it stays in hand and is published again",
                    metadata: [
                        LogKeys.count: "\(error.failures.count)",
                        LogKeys.reason: "\(error.failures.first?.reason.description ?? "")",
                    ])
                metrics.increment(MetricNames.failures, [("code", ReasonCode.publicationRefused.rawValue)])
                remaining = error.failures.map { remaining[$0.index] }
            } catch {
                return false
            }
            do { try await Task.sleep(for: configuration.refusedPause) } catch { return false }
        }
    }

    private static func failure(of error: any Error, timeout: Duration) -> Failure {
        switch error {
        case let failure as Failure: failure
        case let error as any FailureConvertible: error.failure
        case is TimeoutError:
            Failure(
                .processingTimeout, .transient,
                "work was not finished within \(timeout.components.seconds) s; it is tried again")
        default:
            StoreFailure.failure(of: error) ?? Failure(.internalError, .transient, "unexpected: \(type(of: error))")
        }
    }
}

extension PublishError.Item {
    fileprivate var isTooLarge: Bool {
        if case .tooLarge = reason { true } else { false }
    }
}

/// A delivery and what is known of it so far.
struct DeliveryWork {
    let delivery: Delivery
    private(set) var runID: String?
    private(set) var regionID: String?
    private(set) var context: StageContext

    var logger: Logger { context.logger }
    /// 1 at the first try.
    var attempt: Int { context.attempt }

    init(delivery: Delivery, stage: StageName, logger: Logger) {
        self.delivery = delivery
        let tries = delivery.properties.headers[HeaderName.attempt]?.intValue ?? 0
        var logger = logger
        logger[metadataKey: LogKeys.queue] = "\(delivery.queue)"
        context = StageContext(
            stage: stage, attempt: Int(clamping: max(0, tries)) + 1,
            priority: delivery.queue.hasSuffix(Priority.urgent.rawValue) ? .urgent : .routine,
            trace: Self.trace(delivery.properties.headers[HeaderName.traceparent]?.stringValue),
            causationID: delivery.properties.messageID, logger: logger)
    }

    /// Takes over what the decoded event says of itself. The queue decides the urgency, not the envelope.
    mutating func adopt(
        runID: String?, regionID: String?, of eventID: String?, _ traceparent: String?, _ priority: Priority?
    ) {
        self.runID = runID
        self.regionID = regionID
        let header = delivery.properties.headers[HeaderName.traceparent]?.stringValue
        let trace = traceparent ?? header == nil ? context.trace : Self.trace(traceparent ?? header)
        var logger = context.logger
        if let runID { logger[metadataKey: LogKeys.run] = "\(runID)" }
        if let regionID { logger[metadataKey: LogKeys.region] = "\(regionID)" }
        if let eventID { logger[metadataKey: LogKeys.event] = "\(eventID)" }
        logger[metadataKey: LogKeys.trace] = "\(trace.traceID)"
        logger[metadataKey: LogKeys.span] = "\(trace.spanID)"
        context = StageContext(
            stage: context.stage, attempt: context.attempt, priority: context.priority, trace: trace,
            causationID: eventID ?? context.causationID, logger: logger)
    }

    private static func trace(_ traceparent: String?) -> TraceContext {
        traceparent.flatMap(TraceContext.init(traceparent:))?.next() ?? .start()
    }
}
