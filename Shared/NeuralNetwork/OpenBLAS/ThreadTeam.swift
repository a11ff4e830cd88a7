internal import Dispatch
internal import Synchronization

/// Splits a layer's work over the plan's threads.
struct ThreadTeam: Sendable {
    let threads: Int

    /// Below this many floating-point operations waking another thread costs more than it brings.
    static let worthwhileOperations = 4_000_000

    /// The threads that work of this size is worth.
    func threads(forOperations operations: Int) -> Int {
        operations < Self.worthwhileOperations ? 1 : threads
    }

    /// Calls `body(task, worker)` for every task in 0..<tasks; workers, fewer than `workers`, take one after another.
    /// Returns when all are done. A worker runs one task at a time, so what it owns needs no lock.
    func run(tasks: Int, workers: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        let workers = min(workers, tasks)
        guard workers > 1 else {
            for task in 0..<tasks { body(task, 0) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { body in
            // Workers get different tasks, and tasks write to different memory; concurrentPerform returns when all end.
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: workers) { worker in
                while true {
                    let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard task < tasks else { return }
                    body(task, worker)
                }
            }
        }
    }
}
