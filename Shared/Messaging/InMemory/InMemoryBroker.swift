internal import Synchronization

/// A broker within this process, for running all stages in one process and for tests: topic, direct and fanout
/// exchanges, alternate exchanges, quorum-like queues with delivery limit, time-to-live, maximum length, dead letters
/// with `x-death`, mandatory publishing and prefetch, as RabbitMQ 3.10 does them. Nothing survives the process.
package final class InMemoryBroker: Broker {
    private let contents = Mutex(InMemoryState())
    private let maximumPublicationBytes: Int

    package init(maximumPublicationBytes: Int = 1 << 20) { self.maximumPublicationBytes = maximumPublicationBytes }

    package var state: BrokerState { .connected }

    package func makePublisher() async throws -> any MessagePublisher {
        InMemoryPublisher(broker: self, maximumBytes: maximumPublicationBytes)
    }

    package func makeConsumer(queues: [String], prefetch: Int) async throws -> any MessageConsumer {
        guard !queues.isEmpty, Set(queues).count == queues.count else {
            throw BrokerError.invalidConfiguration("a consumer needs at least one queue, and each only once")
        }
        guard prefetch >= 1 else { throw BrokerError.invalidConfiguration("prefetch \(prefetch) is not positive") }
        return try withState { state in
            for queue in queues where state.queues[queue] == nil {
                throw BrokerError.missing("queue '\(queue)' does not exist")
            }
            let identifier = state.makeNumber()
            state.consumers[identifier] = InMemoryState.Consumer(queues: queues, prefetch: prefetch)
            for queue in queues { state.queues[queue]?.consumers.append(identifier) }
            return InMemoryConsumer(broker: self, identifier: identifier)
        }
    }

    package func makeAdministrator() async throws -> any TopologyAdministrator {
        InMemoryAdministrator(broker: self, identifier: withState { $0.makeNumber() })
    }

    /// Runs `body` under the lock, and what it brought about after it.
    func withState<Answer: Sendable>(_ body: (inout InMemoryState) throws -> Answer) rethrows -> Answer {
        let (answer, effects) = try contents.withLock { state in
            let answer = try body(&state)
            defer { state.effects = InMemoryState.Effects() }
            return (answer, state.effects)
        }
        for (continuation, delivery) in effects.resumptions { continuation.resume(returning: delivery) }
        for timer in effects.timers { setTimer(timer.queue, timer.at) }
        return answer
    }

    private func setTimer(_ queue: String, _ instant: Instant) {
        let wait = Duration.milliseconds(Int64(instant.pollTimeout))
        Task.detached { [weak self] in
            try? await Task.sleep(for: wait)
            self?.withState { $0.timerFired(queue) }
        }
    }
}
