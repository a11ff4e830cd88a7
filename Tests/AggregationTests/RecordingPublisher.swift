import Contracts
import Synchronization

@testable import Messaging

/// A broker's publishing side that remembers what it confirmed and fails as it is told.
final class RecordingPublisher: MessagePublisher {
    private struct State {
        var confirmed: [Publication] = []
        var refusals = 0
        var isAway = false
        var returnedKey: String?
        var waiters: [(test: @Sendable ([Publication]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    struct Away: Error {}

    /// What was confirmed, in order.
    var confirmed: [Publication] { state.withLock { $0.confirmed } }

    /// Publications without progress, which is on a best-effort basis.
    var said: [Publication] { confirmed.filter { !$0.routingKey.hasPrefix("result.progress") } }

    /// While away, every publication fails without a confirmation.
    func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    /// The next publications fail one by one: each call has its first message refused.
    func refuseNext(_ count: Int) { state.withLock { $0.refusals = count } }

    /// Nothing is bound for this routing key.
    func setReturned(_ key: String?) { state.withLock { $0.returnedKey = key } }

    func publish(_ publications: [Publication]) async throws {
        let (failures, ready) = try state.withLock { state in
            if state.isAway { throw Away() }
            var failures: [PublishError.Item] = []
            for (index, one) in publications.enumerated() {
                var reason: PublishError.Reason?
                if one.routingKey == state.returnedKey { reason = .returned(code: 312, text: "NO_ROUTE") }
                if index == 0, state.refusals > 0 {
                    state.refusals -= 1
                    reason = .refused("the queue is full")
                }
                if let reason {
                    failures.append(
                        PublishError.Item(
                            index: index, exchange: one.exchange, routingKey: one.routingKey,
                            messageID: one.properties.messageID, reason: reason))
                } else {
                    state.confirmed.append(one)
                }
            }
            let ready = state.waiters.filter { $0.test(state.confirmed) }
            state.waiters.removeAll { $0.test(state.confirmed) }
            return (failures, ready)
        }
        for waiter in ready { waiter.continuation.resume() }
        if !failures.isEmpty { throw PublishError(failures: failures, total: publications.count) }
    }

    func close() async {}

    /// Waits until what was confirmed passes a test; the test run's own time limit is the only one.
    func wait(until test: @escaping @Sendable ([Publication]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                guard !test(state.confirmed) else { return true }
                state.waiters.append((test, continuation))
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    /// Waits for a number of events of a kind, for example `result.final`.
    func wait(for word: String, count: Int = 1) async {
        let type = EventType.prefix + word + EventType.version
        await wait { $0.count { $0.properties.type == type } >= count }
    }

    func bodies(_ word: String) -> [[UInt8]] {
        confirmed.filter { $0.properties.type == EventType.prefix + word + EventType.version }.map(\.body)
    }

    func ids(_ word: String) -> [String?] {
        confirmed.filter { $0.properties.type == EventType.prefix + word + EventType.version }.map(
            \.properties.messageID)
    }
}
