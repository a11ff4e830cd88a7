import Synchronization

/// Places for work: at most `limit` are taken at once, and the limit may be raised while work runs.
final class Slots: Sendable {
    private struct State {
        var limit: Int
        var taken = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(limit: Int) { state = Mutex(State(limit: limit)) }

    var taken: Int { state.withLock { $0.taken } }

    func take() async {
        await withCheckedContinuation { continuation in
            let resumesNow = state.withLock { state in
                if state.taken < state.limit {
                    state.taken += 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if resumesNow { continuation.resume() }
        }
    }

    func give() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.taken <= state.limit, !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.taken -= 1
            return nil
        }
        next?.resume()
    }

    func raise(to limit: Int) {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.limit = max(limit, state.limit)
            let count = min(state.waiting.count, max(0, state.limit - state.taken))
            state.taken += count
            let woken = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return woken
        }
        for continuation in woken { continuation.resume() }
    }
}
