/// Work took longer than it may.
struct TimeoutError: Error {}

/// Runs `work`, and gives it up after `limit`.
///
/// - Throws: ``TimeoutError``, or what `work` throws.
func withTimeout<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw TimeoutError()
        }
        guard let value = try await group.next() else { throw CancellationError() }
        group.cancelAll()
        return value
    }
}

extension Duration {
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
    package var milliseconds: Double { (seconds * 1e5).rounded() / 100 }
}
