internal import Synchronization

/// Where a consumer's thread puts deliveries and tasks take them, those of earlier queues first.
final class DeliveryBuffer: Sendable {
    private typealias Waiter = (identifier: UInt64, continuation: CheckedContinuation<Delivery?, any Error>)

    private struct State {
        var deliveries: [FIFO<Delivery>]
        var waiters: [Waiter] = []
        var cancelled: Set<UInt64> = []
        var lastWaiter: UInt64 = 0
        var isStopped = false

        mutating func popFirst() -> Delivery? {
            for index in deliveries.indices {
                if let delivery = deliveries[index].popFirst() { return delivery }
            }
            return nil
        }
    }

    private let state: Mutex<State>

    init(queueCount: Int) {
        state = Mutex(State(deliveries: Array(repeating: FIFO(), count: queueCount)))
    }

    /// Takes what came in, in the order of arrival, and hands it to those who wait.
    ///
    /// - Returns: Deliveries that nobody will take, because the consumer is stopped.
    func append(_ incoming: [(queue: Int, delivery: Delivery)]) -> [Delivery] {
        if incoming.isEmpty { return [] }
        let (served, refused) = state.withLock { state -> ([(Waiter, Delivery)], [Delivery]) in
            if state.isStopped { return ([], incoming.map(\.delivery)) }
            for (queue, delivery) in incoming { state.deliveries[queue].append(delivery) }
            var served: [(Waiter, Delivery)] = []
            while served.count < state.waiters.count, let delivery = state.popFirst() {
                served.append((state.waiters[served.count], delivery))
            }
            state.waiters.removeFirst(served.count)
            return (served, [])
        }
        for (waiter, delivery) in served { waiter.continuation.resume(returning: delivery) }
        return refused
    }

    func next() async throws -> Delivery? {
        let identifier = state.withLock { state -> UInt64 in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer = state.withLock { state -> Result<Delivery?, any Error>? in
                    if state.cancelled.remove(identifier) != nil { return .failure(CancellationError()) }
                    if state.isStopped { return .success(nil) }
                    if let delivery = state.popFirst() { return .success(delivery) }
                    state.waiters.append((identifier, continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiters.firstIndex(where: { $0.identifier == identifier }) else {
                    state.cancelled.insert(identifier)
                    return nil
                }
                return state.waiters.remove(at: index)
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// A delivery that is here already, without waiting.
    func takeFirst() -> Delivery? { state.withLock { $0.isStopped ? nil : $0.popFirst() } }

    /// Ends the handing out; whoever waits gets nil.
    ///
    /// - Returns: The deliveries that were not handed out.
    func stop() -> [Delivery] {
        let (waiters, rest) = state.withLock { state -> ([Waiter], [Delivery]) in
            state.isStopped = true
            defer { state.waiters = [] }
            return (state.waiters, Self.takeAll(&state))
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
        return rest
    }

    /// Drops what was not handed out, since the connection that it came over is gone.
    func removeAll() { state.withLock { _ = Self.takeAll(&$0) } }

    private static func takeAll(_ state: inout State) -> [Delivery] {
        var all: [Delivery] = []
        for index in state.deliveries.indices { all += state.deliveries[index].removeAll() }
        return all
    }
}
