import Logging
import ServiceRuntime
import TensorStore

/// Deletes the tensors of runs that have ended. While the store is away they wait in the ledger.
struct TensorCleaner {
    private static let longestPause = Duration.seconds(60)

    let ledger: Ledger
    let store: any TensorStore
    let logger: Logger

    /// Works until the task is cancelled.
    func run() async throws {
        while !Task.isCancelled {
            let rows = try await ledger.cleanup.next(64) { try await ledger.refill() }
            guard !rows.isEmpty else { return }
            let keys = rows.flatMap(\.keys)
            var pause = Duration.milliseconds(500)
            while true {
                do {
                    _ = try await store.delete(keys)
                    ledger.markCleaned(rows.map(\.id))
                    break
                } catch {
                    if Task.isCancelled { return }
                    logger.warning(
                        "tensors are not deleted yet: \(error)", metadata: [LogKeys.count: "\(keys.count)"])
                }
                do { try await Task.sleep(for: pause) } catch { return }
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }
}
