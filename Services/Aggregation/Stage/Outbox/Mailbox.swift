import Synchronization

/// Things to do, handed from one task to another, many at a time; what comes when it is full is refused.
///
/// Any task may append, one at a time may take and wait.
final class Mailbox<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        /// Items before this index were taken.
        var head = 0
        /// Something came that nobody has waited for yet.
        var isSignaled = false
        var waiter: CheckedContinuation<Void, Never>?
        var count: Int { items.count - head }
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { state.withLock { $0.count } }

    /// - Returns: How many of them found room; the first ones do.
    @discardableResult
    func append(_ items: [Item]) -> Int {
        guard !items.isEmpty else { return 0 }
        let (accepted, waiter) = state.withLock { state in
            let accepted = min(items.count, max(0, limit - state.count))
            state.items.append(contentsOf: items.prefix(accepted))
            defer { state.waiter = nil }
            state.isSignaled = state.isSignaled || state.waiter == nil
            return (accepted, state.waiter)
        }
        waiter?.resume()
        return accepted
    }

    func take(_ most: Int) -> [Item] {
        state.withLock { state in
            let taken = Array(state.items[state.head...].prefix(most))
            state.head += taken.count
            if state.head == state.items.count {
                state.items.removeAll(keepingCapacity: state.head <= 1024)
                state.head = 0
            } else if state.head > 4096 {
                state.items.removeFirst(state.head)
                state.head = 0
            }
            return taken
        }
    }

    /// Waits until something may have come; at once if something came since the last wait.
    ///
    /// - Returns: Whether to go on; false once the task is cancelled.
    func wait() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard !state.isSignaled, !Task.isCancelled else {
                        state.isSignaled = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
        return !Task.isCancelled
    }
}
