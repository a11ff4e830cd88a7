import Classifiers
import Synchronization
import Testing

/// How requests gather, in what order they go, and what each gets.
struct DynamicBatcherTests {
    private struct Refusal: Error, Equatable { var input: Int }

    /// A process that waits until it is let go, and notes its batches.
    private actor Gate {
        private(set) var batches: [[Int]] = []
        private var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []
        private var observers: [(Int, CheckedContinuation<Void, Never>)] = []

        func enter(_ batch: [Int]) async {
            batches.append(batch)
            for (count, observer) in observers where count <= batches.count { observer.resume() }
            observers.removeAll { $0.0 <= batches.count }
            if !isOpen { await withCheckedContinuation { waiting.append($0) } }
        }

        func open() {
            isOpen = true
            for continuation in waiting { continuation.resume() }
            waiting = []
        }

        /// Until so many batches have begun.
        func reached(_ count: Int) async {
            guard batches.count < count else { return }
            await withCheckedContinuation { observers.append((count, $0)) }
        }
    }

    private func makeBatcher(
        _ gate: Gate, maximumBatch: Int = 8, isCompatible: @escaping @Sendable (Int, Int) -> Bool = { _, _ in true }
    ) -> DynamicBatcher<Int, Int> {
        DynamicBatcher(
            configuration: .init(maximumBatch: maximumBatch), isCompatible: isCompatible
        ) { inputs in
            await gate.enter(inputs)
            if let refused = inputs.first(where: { $0 < 0 }) { throw Refusal(input: refused) }
            return inputs.map { $0 * 10 }
        }
    }

    /// Submits in order: each request is in the batcher before the next one is made.
    private func submit(
        _ inputs: [Int], to batcher: DynamicBatcher<Int, Int>, urgent: Set<Int> = []
    ) async -> [Task<Int, any Error>] {
        var tasks: [Task<Int, any Error>] = []
        for input in inputs {
            let before = await batcher.pendingCount
            tasks.append(Task { try await batcher.submit(input, isUrgent: urgent.contains(input)) })
            while await batcher.pendingCount == before { await Task.yield() }
        }
        return tasks
    }

    /// Puts one request to work, so that those that follow gather.
    private func occupy(_ batcher: DynamicBatcher<Int, Int>, _ gate: Gate) async -> Task<Int, any Error> {
        let task = Task { try await batcher.submit(0) }
        await gate.reached(1)
        return task
    }

    @Test func requestToAnIdleWorkerIsComputedAlone() async throws {
        let gate = Gate()
        await gate.open()
        let batcher = makeBatcher(gate)
        #expect(try await batcher.submit(4) == 40)
        #expect(try await batcher.submit(5) == 50)
        #expect(await gate.batches == [[4], [5]])
    }

    @Test func requestsGatherWhileTheWorkerIsBusyAndEachGetsItsOwnResult() async throws {
        let gate = Gate()
        let batcher = makeBatcher(gate)
        let first = await occupy(batcher, gate)
        let others = await submit([1, 2, 3], to: batcher)
        await gate.open()
        #expect(try await first.value == 0)
        for (task, expected) in zip(others, [10, 20, 30]) { #expect(try await task.value == expected) }
        #expect(await gate.batches == [[0], [1, 2, 3]])
        #expect(await batcher.statistics == .init(batches: 2, requests: 4, largestBatch: 3))
    }

    @Test func batchesAreNotLargerThanTheirMaximumAndUrgentRequestsGoFirst() async throws {
        let gate = Gate()
        let batcher = makeBatcher(gate, maximumBatch: 2)
        let first = await occupy(batcher, gate)
        let others = await submit([1, 2, 3, 4], to: batcher, urgent: [4])
        await gate.open()
        _ = try await first.value
        for task in others { _ = try await task.value }
        #expect(await gate.batches == [[0], [4, 1], [2, 3]])
    }

    @Test func onlyCompatibleRequestsShareABatch() async throws {
        let gate = Gate()
        let batcher = makeBatcher(gate) { $0 % 2 == $1 % 2 }
        let first = await occupy(batcher, gate)
        let others = await submit([1, 2, 3, 4], to: batcher)
        await gate.open()
        _ = try await first.value
        for task in others { _ = try await task.value }
        #expect(await gate.batches == [[0], [1, 3], [2, 4]])
    }

    @Test func oneBadInputFailsAlone() async throws {
        let gate = Gate()
        let batcher = makeBatcher(gate)
        let first = await occupy(batcher, gate)
        let others = await submit([1, -2, 3], to: batcher)
        await gate.open()
        _ = try await first.value
        #expect(try await others[0].value == 10)
        await #expect(throws: Refusal(input: -2)) { try await others[1].value }
        #expect(try await others[2].value == 30)
    }

    @Test func cancelledRequestLeavesTheQueueAtOnceAndTheOthersGoOn() async throws {
        let gate = Gate()
        let batcher = makeBatcher(gate)
        let first = await occupy(batcher, gate)
        let others = await submit([1, 2], to: batcher)
        others[0].cancel()
        await #expect(throws: CancellationError.self) { try await others[0].value }
        await gate.open()
        #expect(try await first.value == 0)
        #expect(try await others[1].value == 20)
        #expect(await gate.batches == [[0], [2]])
    }

    @Test func cancelledRequestIsAnsweredWhileItsBatchIsStillRunning() async throws {
        let gate = Gate()
        let batcher = makeBatcher(gate)
        let first = await occupy(batcher, gate)
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        let next = await submit([7], to: batcher)
        await gate.open()
        #expect(try await next[0].value == 70)
    }

    @Test func processThatLosesOutputsIsAnErrorOfItsRequests() async throws {
        let batcher = DynamicBatcher<Int, Int> { _ in [] }
        await #expect(throws: DynamicBatcherError.outputCountMismatch(expected: 1, got: 0)) {
            try await batcher.submit(1)
        }
    }

    @Test func manyRequestsFromManyTasksAreAllAnswered() async throws {
        let largest = Mutex(0)
        let batcher = DynamicBatcher<Int, Int>(configuration: .init(maximumBatch: 5)) { inputs in
            largest.withLock { $0 = max($0, inputs.count) }
            await Task.yield()
            return inputs.map { $0 + 1 }
        }
        try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for input in 0..<200 { group.addTask { (input, try await batcher.submit(input)) } }
            for try await (input, output) in group { #expect(output == input + 1) }
        }
        #expect(largest.withLock { $0 } <= 5)
        #expect(await batcher.statistics.requests == 200)
    }
}
