internal import Dispatch
internal import Synchronization

/// Makes batches on other threads while the network learns from those before. Batches come in order, whatever the
/// threads do.
package final class BatchPipeline: Sendable {
    /// A batch that is being made.
    private final class Promise: Sendable {
        private let result = Mutex<Result<Batch, any Error>?>(nil)
        private let isReady = DispatchSemaphore(value: 0)

        func fulfil(_ value: Result<Batch, any Error>) {
            result.withLock { $0 = value }
            isReady.signal()
        }

        func wait() throws -> Batch? {
            isReady.wait()
            return try result.withLock { try $0?.get() }
        }
    }

    private struct State {
        var next = 0
        var promises: [Int: Promise] = [:]
        var scheduled = 0
    }

    private let batches: [[Int]]
    private let epoch: Int
    private let maker: BatchMaker
    private let depth: Int
    private let queue: DispatchQueue
    private let state = Mutex(State())

    /// - Parameters:
    ///   - batches: places of each batch.
    ///   - epoch: see ``BatchMaker/make(_:epoch:)``.
    ///   - maker: makes them.
    ///   - threads: batches that are made at once.
    package init(_ batches: [[Int]], epoch: Int, maker: BatchMaker, threads: Int = 1) {
        self.batches = batches
        self.epoch = epoch
        self.maker = maker
        depth = threads + 1
        queue =
            threads > 1
            ? DispatchQueue(label: "batches", qos: .userInitiated, attributes: .concurrent)
            : DispatchQueue(label: "batches", qos: .userInitiated)
        for _ in 0..<depth { schedule() }
    }

    /// The next batch; nil after the last.
    package func next() throws -> Batch? {
        let promise: Promise? = state.withLock { state in
            defer { state.next += 1 }
            return state.promises.removeValue(forKey: state.next)
        }
        guard let promise else { return nil }
        defer { schedule() }
        return try promise.wait()
    }

    private func schedule() {
        let work: (number: Int, promise: Promise)? = state.withLock { state in
            guard state.scheduled < batches.count else { return nil }
            let promise = Promise()
            state.promises[state.scheduled] = promise
            defer { state.scheduled += 1 }
            return (state.scheduled, promise)
        }
        guard let work else { return }
        queue.async { [maker, batches, epoch] in
            work.promise.fulfil(Result { try maker.make(batches[work.number], epoch: epoch) })
        }
    }
}
