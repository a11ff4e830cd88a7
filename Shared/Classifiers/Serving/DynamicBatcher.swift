/// Lets requests that come from several studies at about the same time be computed as one batch.
///
/// A request that finds the worker idle starts at once. Requests that come while it is busy gather; when it is free
/// they start together, at the latest when the oldest has waited for the gathering time, at once when the batch is
/// full or an urgent one is among them. Urgent requests go first, then in the order of arrival.
package actor DynamicBatcher<Input: Sendable, Output: Sendable> {
    package struct Configuration: Sendable {
        /// Requests of one batch, at least 1.
        package var maximumBatch: Int
        /// How long a request that found the worker busy may wait for company.
        package var gatheringTime: Duration

        package init(maximumBatch: Int = 8, gatheringTime: Duration = .milliseconds(3)) {
            self.maximumBatch = max(1, maximumBatch)
            self.gatheringTime = gatheringTime
        }
    }

    /// What the batcher has done so far.
    package struct Statistics: Sendable, Equatable {
        package var batches = 0
        package var requests = 0
        package var largestBatch = 0

        package init(batches: Int = 0, requests: Int = 0, largestBatch: Int = 0) {
            self.batches = batches
            self.requests = requests
            self.largestBatch = largestBatch
        }
    }

    /// Computes a batch: one output per input, in their order. Runs outside of the batcher.
    package typealias Process = @concurrent @Sendable ([Input]) async throws -> [Output]

    private struct Request {
        let id: Int
        let input: Input
        let isUrgent: Bool
        /// When it must not wait for company any longer.
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Output, any Error>
    }

    package private(set) var statistics = Statistics()

    private let configuration: Configuration
    private let isCompatible: @Sendable (Input, Input) -> Bool
    private let process: Process
    private let clock = ContinuousClock()
    private var pending: [Request] = []
    private var inFlight: [Int: CheckedContinuation<Output, any Error>] = [:]
    private var isBusy = false
    private var nextID = 0
    private var alarm: Task<Void, Never>?

    /// - Parameters:
    ///   - configuration: how large batches grow, and how long requests wait for company.
    ///   - isCompatible: whether two inputs can be in one batch (such as tensors of one shape).
    ///   - process: computes a batch. When it throws for several inputs, each is tried by itself, so that one bad
    ///     input fails alone.
    package init(
        configuration: Configuration = Configuration(),
        isCompatible: @escaping @Sendable (Input, Input) -> Bool = { _, _ in true }, process: @escaping Process
    ) {
        self.configuration = configuration
        self.isCompatible = isCompatible
        self.process = process
    }

    /// Computes one input, together with others if they come.
    ///
    /// - Throws: what the process throws for this input; `CancellationError` as soon as the task is cancelled.
    package func submit(_ input: Input, isUrgent: Bool = false) async throws -> Output {
        try Task.checkCancellation()
        let id = nextID
        nextID += 1
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let now = clock.now
                pending.append(
                    Request(
                        id: id, input: input, isUrgent: isUrgent,
                        deadline: isBusy ? now + configuration.gatheringTime : now, continuation: continuation))
                startIfDue()
            }
        } onCancel: {
            Task { await self.cancel(id) }
        }
    }

    /// Requests that wait to be computed.
    package var pendingCount: Int { pending.count }

    private func cancel(_ id: Int) {
        if let index = pending.firstIndex(where: { $0.id == id }) {
            pending.remove(at: index).continuation.resume(throwing: CancellationError())
        } else if let continuation = inFlight.removeValue(forKey: id) {
            // The batch goes on for the others; this one's output is dropped.
            continuation.resume(throwing: CancellationError())
        }
    }

    private func startIfDue() {
        alarm?.cancel()
        alarm = nil
        guard !isBusy, let deadline = pending.map(\.deadline).min() else { return }
        let isFull = pending.count >= configuration.maximumBatch
        guard isFull || pending.contains(where: \.isUrgent) || deadline <= clock.now else {
            alarm = Task {
                guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
                startIfDue()
            }
            return
        }
        start(takeBatch())
    }

    /// Takes out the first request in order, and those that can be computed with it.
    private func takeBatch() -> [Request] {
        let ordered = pending.sorted { ($0.isUrgent ? 0 : 1, $0.id) < ($1.isUrgent ? 0 : 1, $1.id) }
        var batch = [ordered[0]]
        for request in ordered.dropFirst() where batch.count < configuration.maximumBatch {
            if isCompatible(batch[0].input, request.input) { batch.append(request) }
        }
        let taken = Set(batch.map(\.id))
        pending.removeAll { taken.contains($0.id) }
        return batch
    }

    private func start(_ batch: [Request]) {
        isBusy = true
        statistics.batches += 1
        statistics.requests += batch.count
        statistics.largestBatch = max(statistics.largestBatch, batch.count)
        for request in batch { inFlight[request.id] = request.continuation }
        let ids = batch.map(\.id)
        let inputs = batch.map(\.input)
        let process = process
        Task {
            let results = await Self.run(inputs, process)
            finish(ids, results)
        }
    }

    private func finish(_ ids: [Int], _ results: [Result<Output, any Error>]) {
        isBusy = false
        for (id, result) in zip(ids, results) { inFlight.removeValue(forKey: id)?.resume(with: result) }
        startIfDue()
    }

    /// Computes a batch, and where that fails its inputs one by one.
    @concurrent
    private static func run(_ inputs: [Input], _ process: Process) async -> [Result<Output, any Error>] {
        do {
            let outputs = try await process(inputs)
            guard outputs.count == inputs.count else {
                throw DynamicBatcherError.outputCountMismatch(expected: inputs.count, got: outputs.count)
            }
            return outputs.map { .success($0) }
        } catch {
            guard inputs.count > 1 else { return [.failure(error)] }
            var results: [Result<Output, any Error>] = []
            for input in inputs { results += await run([input], process) }
            return results
        }
    }
}

/// A process that does not do what batching needs.
package enum DynamicBatcherError: Error, Equatable, CustomStringConvertible {
    case outputCountMismatch(expected: Int, got: Int)

    package var description: String {
        switch self {
        case .outputCountMismatch(let expected, let got):
            "the batch's process must give one output per input: expected \(expected), got \(got)"
        }
    }
}
