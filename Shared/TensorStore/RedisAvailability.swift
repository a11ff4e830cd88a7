import Synchronization

/// What is known of the server: whether the last contact went well, and when to try again.
final class RedisAvailability: Sendable {
    private struct Knowledge {
        var state = TensorStoreState.disconnected(reason: "not connected yet")
        var failures = 0
        var nextAttempt = ContinuousClock.now
    }

    private let knowledge = Mutex(Knowledge())
    private let backOff: ClosedRange<Duration>

    init(backOff: ClosedRange<Duration>) {
        self.backOff = backOff
    }

    var state: TensorStoreState { knowledge.withLock(\.state) }

    /// The time to wait before the server may be tried, or nil when there is none.
    var pause: Duration? {
        let remaining = ContinuousClock.now.duration(to: knowledge.withLock(\.nextAttempt))
        return remaining > .zero ? remaining : nil
    }

    /// Contact was made.
    func noteSuccess() {
        knowledge.withLock { knowledge in
            knowledge.state = .connected
            guard knowledge.failures > 0 else { return }
            knowledge.failures = 0
            knowledge.nextAttempt = .now
        }
    }

    /// Contact failed. Chance shortens the pause by up to a half, so that many services do not come back at once.
    ///
    /// - Returns: whether the server was reachable before.
    func noteFailure(_ reason: String) -> Bool {
        knowledge.withLock { knowledge in
            let wasReachable = knowledge.failures == 0
            knowledge.state = .disconnected(reason: reason)
            let doubled = backOff.lowerBound * (1 << min(knowledge.failures, 20))
            knowledge.failures += 1
            knowledge.nextAttempt = .now + min(doubled, backOff.upperBound) * Double.random(in: 0.5...1)
            return wasReachable
        }
    }

    /// The store is closed for good.
    func noteClosed() {
        knowledge.withLock { $0.state = .disconnected(reason: "it is closed") }
    }
}
