import Synchronization

/// Lends connections, each to one borrower at a time, in the order of asking.
final class RedisConnectionPool: Sendable {
    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<RedisConnection, any Error>
    }

    private struct State {
        /// Taken from the end: the one used last is connected most likely.
        var idle: [RedisConnection]
        var waiters: [Waiter] = []
        var nextNumber = 0
        var isClosed = false
    }

    private let connections: [RedisConnection]
    private let state: Mutex<State>

    init(_ configuration: RedisConfiguration) {
        let connections = (0..<configuration.connectionCount).map { _ in RedisConnection(configuration) }
        self.connections = connections
        state = Mutex(State(idle: connections))
    }

    /// Lends a connection for the duration of `body`.
    ///
    /// - Throws: `closed`, `CancellationError` while waiting, and what `body` throws.
    func withConnection<Result>(_ body: (RedisConnection) async throws -> Result) async throws -> Result {
        let connection = try await borrow()
        defer { giveBack(connection) }
        return try await body(connection)
    }

    /// Refuses borrowers from now on, and ends the connections when they are given back.
    func close() async {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(throwing: TensorStoreError.closed) }
        // A connection in use finishes its command first: it does one call at a time.
        for connection in connections { await connection.close() }
    }

    private func borrow() async throws -> RedisConnection {
        try Task.checkCancellation()
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<RedisConnection, any Error>? = state.withLock { state in
                    if state.isClosed { return .failure(TensorStoreError.closed) }
                    // The handler may have run already, and found nobody.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if let connection = state.idle.popLast() { return .success(connection) }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    private func giveBack(_ connection: RedisConnection) {
        let waiter: Waiter? = state.withLock { state in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.idle.append(connection)
            return nil
        }
        waiter?.continuation.resume(returning: connection)
    }
}
