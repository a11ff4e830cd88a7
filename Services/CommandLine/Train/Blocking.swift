import ServiceRuntime
import Synchronization

/// Long work that blocks its thread, off the cooperative pool, and told when it should stop.
enum Blocking {
    /// Set once, by a signal.
    final class StopFlag: Sendable {
        private let isSet = Atomic(false)
        func set() { isSet.store(true, ordering: .relaxed) }
        var isRaised: Bool { isSet.load(ordering: .relaxed) }
    }

    /// Runs `body` on a thread of its own until it ends; the first SIGINT or SIGTERM raises the flag.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable (StopFlag) throws -> Value
    ) async throws -> Value {
        let flag = StopFlag()
        let work = BlockingWork(label: "training", width: 1)
        return try await Interruption.cancels {
            try await withTaskCancellationHandler {
                try await work.run { try body(flag) }
            } onCancel: {
                flag.set()
            }
        }
    }
}
