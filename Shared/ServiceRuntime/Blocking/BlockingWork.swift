import Dispatch

/// A few threads for work that blocks or computes long, so that it never sits on the cooperative pool.
package struct BlockingWork: Sendable {
    private let queue: DispatchQueue
    private let places: Slots

    /// Runs at most `width` pieces of work at once; `label` names their threads.
    package init(label: String, width: Int) {
        queue = DispatchQueue(label: "org.oncorelay.\(label)", attributes: .concurrent)
        places = Slots(limit: max(1, width))
    }

    /// Runs `body` on one of the threads.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        await places.take()
        defer { places.give() }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
