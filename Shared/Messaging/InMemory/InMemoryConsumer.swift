/// Takes messages only when it is asked for the next one, so there is no buffer that could hold a routine message
/// before an urgent one.
final class InMemoryConsumer: MessageConsumer {
    private let broker: InMemoryBroker
    private let identifier: UInt64

    init(broker: InMemoryBroker, identifier: UInt64) {
        self.broker = broker
        self.identifier = identifier
    }

    deinit { Self.close(broker, identifier) }

    func next() async throws -> Delivery? {
        if let delivery = broker.withState({ $0.take(for: identifier) }) { return delivery }
        let waiter = broker.withState { $0.makeNumber() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer = broker.withState { state -> Result<Delivery?, any Error>? in
                    guard let consumer = state.consumers[identifier], !consumer.isStopped else { return .success(nil) }
                    if state.consumers[identifier]?.cancelled.remove(waiter) != nil {
                        return .failure(CancellationError())
                    }
                    if let delivery = state.take(for: identifier) { return .success(delivery) }
                    state.consumers[identifier]?.waiters.append((waiter, continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let continuation = broker.withState { state -> CheckedContinuation<Delivery?, any Error>? in
                guard let index = state.consumers[identifier]?.waiters.firstIndex(where: { $0.identifier == waiter })
                else {
                    state.consumers[identifier]?.cancelled.insert(waiter)
                    return nil
                }
                return state.consumers[identifier]?.waiters.remove(at: index).continuation
            }
            continuation?.resume(throwing: CancellationError())
        }
    }

    func acknowledge(_ delivery: Delivery) async {
        broker.withState { state in
            guard let (queue, _) = state.settle(delivery.tag) else { return }
            state.serve(queue)
        }
    }

    func reject(_ delivery: Delivery, requeue: Bool) async {
        broker.withState { state in
            guard let (queue, message) = state.settle(delivery.tag) else { return }
            if requeue { state.putBack(message, to: queue) } else { state.die(message, in: queue, .rejected) }
            state.serve(queue)
        }
    }

    func setPrefetch(_ count: Int) async throws {
        guard count >= 1 else { throw BrokerError.invalidConfiguration("prefetch \(count) is not positive") }
        broker.withState { state in
            state.consumers[identifier]?.prefetch = count
            for queue in state.consumers[identifier]?.queues ?? [] { state.serve(queue) }
        }
    }

    func stop() async { broker.withState { $0.stop(identifier) } }

    func close() async { Self.close(broker, identifier) }

    private static func close(_ broker: InMemoryBroker, _ identifier: UInt64) {
        broker.withState { state in
            state.stop(identifier)
            state.putBackAll(of: identifier)
            state.consumers[identifier] = nil
        }
    }
}
