import Synchronization

/// Work took longer than it may.
struct TimeoutError: Error {}

/// Cancels work that takes too long: one look a second at everything that runs, instead of a timer for each piece.
final class Watchdog: Sendable {
    private struct Watched {
        let due: ContinuousClock.Instant
        let cancel: @Sendable () -> Void
        var isOverdue = false
    }

    private struct State {
        var next = 0
        var watched: [Int: Watched] = [:]
    }

    private let limit: Duration
    private let state = Mutex(State())

    init(limit: Duration) { self.limit = limit }

    /// Runs `work`, and cancels it after the limit.
    ///
    /// - Throws: ``TimeoutError`` where it ended after it was cancelled for that, or what `work` throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task { try await work() }
        let number = state.withLock { state in
            state.next += 1
            state.watched[state.next] = Watched(due: .now + limit, cancel: { task.cancel() })
            return state.next
        }
        let result = await task.result
        let isOverdue = state.withLock { $0.watched.removeValue(forKey: number)?.isOverdue ?? false }
        if isOverdue, case .failure = result { throw TimeoutError() }
        return try result.get()
    }

    /// Looks after the work until cancelled.
    func watch() async {
        while !Task.isCancelled {
            let now = ContinuousClock.now
            let overdue = state.withLock { state in
                state.watched.filter { $0.value.due <= now && !$0.value.isOverdue }.map { number, watched in
                    state.watched[number]?.isOverdue = true
                    return watched.cancel
                }
            }
            for cancel in overdue { cancel() }
            try? await Task.sleep(for: min(limit, .seconds(1)))
        }
    }
}

extension Duration {
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
    package var milliseconds: Double { (seconds * 1e5).rounded() / 100 }
}
