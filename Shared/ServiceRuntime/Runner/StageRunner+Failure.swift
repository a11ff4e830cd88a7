import Contracts
import Logging
import Messaging

extension StageRunner {
    /// Sends a failed delivery where its class says: a reject event, the retry ladder, or parking.
    func route(
        _ failure: Failure, _ work: DeliveryWork, input: StageInput<Work.Payload>?, _ publisher: any MessagePublisher
    ) async -> DeliveryOutcome {
        var failure = failure
        failure.stage = failure.stage ?? Work.name.rawValue
        failure.attempts = max(failure.attempts, work.attempt)
        metrics.increment(MetricNames.failures, [("code", failure.code.rawValue)])
        work.logger.warning(
            "\(failure.message)",
            metadata: [
                LogKeys.code: "\(failure.code.rawValue)", LogKeys.failureClass: "\(failure.failureClass.rawValue)",
                LogKeys.attempt: "\(work.attempt)",
            ])
        switch failure.failureClass {
        case .invalid:
            guard
                let events = try? stage.rejection(
                    of: failure, input: input, delivery: work.delivery, in: work.context)
            else { return await park(failure, work, telling: [], publisher) }
            return (try? await publish(events.map(\.publication), publisher, work.logger)) == true
                ? .rejected : .returned
        case .transient:
            if let rung = RetryLadder.rung(afterAttempt: work.attempt) {
                return await delay(work, on: rung, publisher)
            }
            return await park(failure, work, telling: parkedEvents(failure, work, input), publisher)
        case .permanent, .poison:
            return await park(failure, work, telling: parkedEvents(failure, work, input), publisher)
        }
    }

    /// What the others are told of a delivery that is given up. A delivery that is not of any run yet (a submission that
    /// could not be read, or could not be taken in) has nobody who waits for it but its publisher: it is rejected, with
    /// the failure's own class, and replayed it may still become a run.
    private func parkedEvents(
        _ failure: Failure, _ work: DeliveryWork, _ input: StageInput<Work.Payload>?
    ) -> [OutgoingEvent] {
        guard let runID = work.runID else {
            let events = try? stage.rejection(of: failure, input: input, delivery: work.delivery, in: work.context)
            return events ?? []
        }
        let payload = DeliveryParked(runID: runID, regionID: work.regionID, stage: Work.name, error: failure)
        // Parked again after a replay is a new fact; the same parking published twice is not.
        let event = try? work.context.pipelineEvent(
            payload, run: runID, region: work.regionID,
            discriminator:
                "\(Work.name.rawValue)-\(work.delivery.properties.headers[HeaderName.replayedAt]?.intValue ?? 0)")
        return event.map { [$0] } ?? []
    }

    private func delay(
        _ work: DeliveryWork, on rung: RetryLadder.Rung, _ publisher: any MessagePublisher
    ) async -> DeliveryOutcome {
        var publication = Self.again(work.delivery)
        publication.exchange = Exchange.retry
        publication.routingKey = RetryLadder.routingKey(rung, backTo: work.delivery.queue)
        publication.properties.headers[HeaderName.attempt] = .int(Int64(work.attempt))
        return (try? await publish([publication], publisher, work.logger)) == true ? .retried : .returned
    }

    private func park(
        _ failure: Failure, _ work: DeliveryWork, telling events: [OutgoingEvent], _ publisher: any MessagePublisher
    ) async -> DeliveryOutcome {
        var publication = Self.again(work.delivery)
        publication.exchange = Exchange.dead
        publication.routingKey = QueueName.parking(Work.name)
        publication.properties.headers[HeaderName.attempt] = .int(Int64(failure.attempts))
        publication.properties.headers[HeaderName.parkedAt] = .int(EventTime.secondsSince1970())
        publication.properties.headers[HeaderName.originalQueue] = .string(work.delivery.queue)
        publication.properties.headers[HeaderName.failureCode] = .string(failure.code.rawValue)
        publication.properties.headers[HeaderName.failureClass] = .string(failure.failureClass.rawValue)
        publication.properties.headers[HeaderName.failureStage] = .string(Work.name.rawValue)
        publication.properties.headers[HeaderName.failureMessage] = .string(failure.message)
        // Told first: whoever finds a parked message may be sure that its publisher knows.
        let isTold = try? await publish(events.map(\.publication), publisher, work.logger)
        guard isTold ?? true else { return .returned }
        do throws(Failure) {
            return try await publish([publication], publisher, work.logger) ? .parked : .returned
        } catch {
            // A body that was too large to be read is too large to be published again.
            return .refused
        }
    }

    /// The same message once more. Without the broker's own headers: a dead-letter cycle that they seem to show
    /// would be dropped or kept back (RabbitMQ 3.10, `detect_cycles`).
    private static func again(_ delivery: Delivery) -> Publication {
        Publication(
            exchange: delivery.exchange, routingKey: delivery.routingKey, body: delivery.body,
            properties: delivery.properties.withoutBrokerHeaders)
    }
}
