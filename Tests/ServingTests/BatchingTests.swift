import Classifiers
import Contracts
import Serving
import ServiceRuntime
import Tensors
import Testing

/// How regions of several studies share a network: what is computed together, who goes first, and what each gets.
struct BatchingTests {
    /// Lets batches through one by one, and notes them.
    private actor Gate {
        private(set) var batches: [Int] = []
        private var passes = 0
        private var waiting: [CheckedContinuation<Void, Never>] = []
        private var observers: [(Int, CheckedContinuation<Void, Never>)] = []

        func enter(_ batch: ServedBatch) async {
            batches.append(batch.regions)
            for (count, observer) in observers where count <= batches.count { observer.resume() }
            observers.removeAll { $0.0 <= batches.count }
            if passes > 0 {
                passes -= 1
            } else {
                await withCheckedContinuation { waiting.append($0) }
            }
        }

        func letThrough(_ count: Int) {
            for _ in 0..<count {
                if waiting.isEmpty { passes += 1 } else { waiting.removeFirst().resume() }
            }
        }

        /// Until so many batches stand before the network or went through.
        func reached(_ count: Int) async {
            guard batches.count < count else { return }
            await withCheckedContinuation { observers.append((count, $0)) }
        }
    }

    private static let role = ClassifierRole.lungVersusNonLung

    /// One region's patch: smooth, and different for each seed.
    private static func region(_ seed: Int) throws -> Tensor {
        let input = role.defaultInput
        let shape = [input.sequences.count] + input.size.reversed()
        let values = (0..<shape.reduce(1, *)).map { index in
            Float(seed) * 0.5 + Float((index &* (2 * seed + 3)) % 251) / 125 - 1
        }
        return try Tensor(shape: shape, floats: values)
    }

    @Test(.timeLimit(.minutes(1))) func regionsOfSeveralStudiesAreComputedTogetherAndUrgentOnesFirst() async throws {
        let gate = Gate()
        let server = ModelServer(
            directory: nil, threads: 1, precision: .float32, maximumBatch: 2, observe: { await gate.enter($0) })
        func ask(_ seed: Int, isUrgent: Bool = false) throws -> Task<NodeFinding, any Error> {
            let input = try Self.region(seed)
            return Task { try await server.answer(Self.role, input, wantsHeatmap: false, isUrgent: isUrgent) }
        }
        // The first region keeps the network busy; those of three other studies gather behind it.
        let first = try ask(0)
        await gate.reached(1)
        let ordinary = [try ask(1), try ask(2), try ask(3)]
        while await server.waitingRegions(of: Self.role) < 3 { await Task.yield() }
        let urgent = try ask(4, isUrgent: true)
        while await server.waitingRegions(of: Self.role) < 4 { await Task.yield() }
        await gate.letThrough(2)
        _ = try await first.value
        let urgentFinding = try await urgent.value
        // The urgent region is answered, with an ordinary one beside it, while two ordinary ones still wait.
        await gate.reached(3)
        #expect(await gate.batches == [1, 2, 2])
        await gate.letThrough(1)
        var findings: [NodeFinding] = []
        for task in ordinary { findings.append(try await task.value) }
        findings.append(urgentFinding)

        // Each got its own: what it gets when nobody else is there.
        let alone = ModelServer(directory: nil, threads: 1, precision: .float32, maximumBatch: 1)
        let tolerance = 1e-5
        var seen: [Double] = []
        for (seed, finding) in zip([1, 2, 3, 4], findings) {
            let expected = try await alone.answer(
                Self.role, try Self.region(seed), wantsHeatmap: false, isUrgent: false
            ).evidence.probabilities[1]
            #expect(abs(finding.evidence.probabilities[1] - expected) < tolerance)
            #expect(
                seen.allSatisfy { abs($0 - expected) > 10 * tolerance }, "the regions must differ: \(seen), \(expected)"
            )
            seen.append(expected)
        }
    }

    @Test func batchesAreCountedByRole() async throws {
        let metrics = MetricsRegistry()
        let server = ModelServer(
            directory: nil, threads: 1, observe: ServingMetrics.observer(in: metrics))
        for seed in 0..<3 {
            _ = try await server.answer(Self.role, try Self.region(seed), wantsHeatmap: false, isUrgent: false)
        }
        let labels = [("role", Self.role.rawValue)]
        #expect(metrics.counter(ServingMetrics.batches, labels) == 3)
        #expect(metrics.counter(ServingMetrics.regions, labels) == 3)
        #expect(metrics.text().contains("# TYPE \(ServingMetrics.batches) counter"))
    }
}
