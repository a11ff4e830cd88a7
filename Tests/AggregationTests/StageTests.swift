import Contracts
import Foundation
import Imaging
import Messaging
import ServiceRuntime
import Synchronization
import TensorStore
import Tensors
import Testing

@testable import Aggregation

/// The stage as its owner sees it: deliveries in, publications out, nothing left behind in the store.
struct StageTests {
    private let folder: TemporaryFolder
    private let store = InMemoryTensorStore()
    private let publisher = RecordingPublisher()

    init() throws { folder = try TemporaryFolder() }

    private func makeStage(
        progress: Bool = false, heatmaps: Bool = true, inMemory: Bool = false,
        now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) -> AggregationStage {
        AggregationStage(
            settings: AggregationSettings(
                ledgerPath: inMemory ? nil : folder.file("ledger.sqlite"),
                heatmapFolder: heatmaps ? folder.file("heatmaps") : nil, progress: progress),
            store: store, publisher: publisher, now: now)
    }

    /// Runs a stage beside some work, and closes it.
    private func running(_ stage: AggregationStage, _ work: () async throws -> Void) async throws {
        try await stage.prepare()
        let running = Task { try await stage.run() }
        do { try await work() } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        try await running.value
        await stage.close()
    }

    private func deliver<Payload: EventPayload>(
        _ payload: Payload, run: String, region: String? = nil, to stage: AggregationStage, attempt: Int = 1
    ) async throws {
        let input = try stage.decode(try Sample.delivery(payload, run: run, region: region))
        let out = try await stage.process(input, in: Sample.context(attempt: attempt, causation: input.eventID))
        #expect(out.isEmpty)
    }

    private func put(_ key: String, shape: [Int] = [2, 2, 2]) async throws -> TensorReference {
        let floats = (0..<shape.reduce(1, *)).map { Float($0) / 10 }
        return try await store.deposit(try Tensor(shape: shape, floats: floats), key: key, lifetime: .seconds(600))
    }

    /// Waits until the store holds nothing of a run.
    private func waitUntilStoreIsEmpty() async throws {
        while try await !store.keys(prefix: "").isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func aStudyGoesThroughAndLeavesNothingInTheStore() async throws {
        let stage = makeStage(progress: true)
        var study = Sample.ingested("run")
        study.series[0].tensor = try await put("run:series:0")
        study.regions.mask?.tensor = try await put("run:mask")
        for region in ["a", "b"] { _ = try await put("run:\(region):patch") }
        try await running(stage) {
            try await deliver(study, run: "run", to: stage)
            try await deliver(Sample.planned("run", ["a", "b"]), run: "run", to: stage)
            for region in ["a", "b"] {
                let heatmap = Heatmap(
                    label: "lung", layer: "layer3", tensor: try await put("run:\(region):heatmap"), file: nil,
                    affine: [2, 0, 0, 5, 0, 2, 0, 6, 0, 0, 2, 7, 0, 0, 0, 1])
                try await deliver(
                    Sample.classified("run", region, heatmap: heatmap), run: "run", region: region, to: stage)
            }
            await publisher.wait(for: "result.final")
            try await waitUntilStoreIsEmpty()
        }
        let event = try EventCoding.decodeEvent(
            ResultFinal.self, from: try #require(publisher.bodies("result.final").first))
        #expect(event.correlationid == "run")
        #expect(event.traceparent == Sample.context().trace.traceparent)
        #expect(event.source == "urn:oncorelay:aggregation")
        let heatmap = try #require(event.data.result.regions[1].heatmap)
        #expect(heatmap.file == "file:run/b.lung-vs-non-lung.nii.gz")
        #expect(heatmap.tensor == nil)
        let volume = try NIfTIReader().read(path: folder.file("heatmaps/run/b.lung-vs-non-lung.nii.gz")).volume
        #expect(volume.shape == [2, 2, 2])
        #expect(volume.affine.rows == [2, 0, 0, 5, 0, 2, 0, 6, 0, 0, 2, 7, 0, 0, 0, 1])
        #expect(volume.value(1, 0, 0).map { abs($0 - 0.1) < 1e-6 } == true)
        let stages = publisher.confirmed.map(\.routingKey).filter { $0.hasPrefix("result.progress") }
        #expect(
            Set(stages).isSubset(
                of: ["ingestion", "preprocessing", "brain-metastasis"].map { "result.progress." + $0 }))
        #expect(try LedgerStatus.read(path: folder.file("ledger.sqlite")).studies == LedgerStatus.Studies(final: 1))
    }

    @Test func submittedThreeTimesAStudyIsComputedOnceAndAnnouncedWithTheSameBytes() async throws {
        let stage = makeStage()
        try await running(stage) {
            try await deliver(Sample.ingested("run"), run: "run", to: stage)
            try await deliver(Sample.ingested("run"), run: "run", to: stage)
            try await deliver(Sample.planned("run", ["a"]), run: "run", to: stage)
            try await deliver(Sample.classified("run", "a"), run: "run", region: "a", to: stage)
            var study = Sample.ingested("run")
            study.series[0].tensor = try await put("run:series:0")
            study.regions.mask?.tensor = try await put("run:mask")
            try await deliver(study, run: "run", to: stage)
            await publisher.wait(for: "result.final", count: 2)
            try await waitUntilStoreIsEmpty()
        }
        #expect(publisher.bodies("study.admitted").count == 1)
        #expect(Set(publisher.ids("result.accepted")).count == 1)
        #expect(Set(publisher.ids("result.final")).count == 1)
        #expect(Set(publisher.bodies("result.final")).count == 1)
    }

    @Test func theDeadlineIsKeptOverARestart() async throws {
        let clock = Mutex(1000.0)
        let now: @Sendable () -> Double = { clock.withLock { $0 } }
        let first = makeStage(now: now)
        try await running(first) {
            try await deliver(Sample.ingested("run", deadline: 60), run: "run", to: first)
            try await deliver(Sample.planned("run", ["a", "b"]), run: "run", to: first)
            try await deliver(Sample.classified("run", "a"), run: "run", region: "a", to: first)
            await publisher.wait(for: "result.accepted")
        }
        clock.withLock { $0 = 1061 }
        let second = makeStage(now: now)
        try await running(second) {
            await publisher.wait(for: "result.partial")
            try await deliver(Sample.classified("run", "b"), run: "run", region: "b", to: second)
            await publisher.wait(for: "result.amended")
        }
        let partial = try EventCoding.decodeEvent(
            ResultPartial.self, from: try #require(publisher.bodies("result.partial").first))
        #expect(partial.data.result.errors.map(\.code) == [.deadlineExceeded])
        #expect(partial.data.result.timing["total"] == 61_000)
        let amended = try EventCoding.decodeEvent(
            ResultAmended.self, from: try #require(publisher.bodies("result.amended").first))
        #expect(amended.data.result.status == .final)
    }

    @Test func aMissingHeatMapDoesNotHoldTheResultUp() async throws {
        let stage = makeStage(inMemory: true)
        let lost = Heatmap(
            label: "lung", layer: "layer3", tensor: Sample.reference("gone"), file: nil,
            affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
        try await running(stage) {
            try await deliver(Sample.ingested("run"), run: "run", to: stage)
            try await deliver(Sample.planned("run", ["a"]), run: "run", to: stage)
            try await deliver(Sample.classified("run", "a", heatmap: lost), run: "run", region: "a", to: stage)
            await publisher.wait(for: "result.final")
        }
        let result = try EventCoding.decodeEvent(
            ResultFinal.self, from: try #require(publisher.bodies("result.final").first)
        ).data.result
        #expect(result.status == .final)
        #expect(result.regions[0].heatmap == nil)
        #expect(result.errors.map(\.code) == [.tensorMissing])
        #expect(result.errors[0].message.contains("no heat map"))
    }

    @Test func whileTheStoreIsAwayAHeatMapIsWaitedForOnce() async throws {
        let stage = makeStage(inMemory: true)
        let heatmap = Heatmap(
            label: "lung", layer: "layer3", tensor: Sample.reference("h"), file: nil,
            affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
        await store.close()
        try await stage.prepare()
        try await deliver(Sample.ingested("run"), run: "run", to: stage)
        let part = Sample.classified("run", "a", heatmap: heatmap)
        let failure = await #expect(throws: Failure.self) {
            try await deliver(part, run: "run", region: "a", to: stage)
        }
        #expect(failure?.failureClass == .transient)
        try await deliver(part, run: "run", region: "a", to: stage, attempt: 2)
        await stage.close()
    }

    @Test func withoutAFolderHeatMapsAreLeftOutAndDeleted() async throws {
        let stage = makeStage(heatmaps: false, inMemory: true)
        let heatmap = Heatmap(
            label: "lung", layer: "layer3", tensor: try await put("run:a:heatmap"), file: nil,
            affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
        try await running(stage) {
            try await deliver(Sample.ingested("run"), run: "run", to: stage)
            try await deliver(Sample.planned("run", ["a"]), run: "run", to: stage)
            try await deliver(Sample.classified("run", "a", heatmap: heatmap), run: "run", region: "a", to: stage)
            await publisher.wait(for: "result.final")
            try await waitUntilStoreIsEmpty()
        }
        let result = try EventCoding.decodeEvent(
            ResultFinal.self, from: try #require(publisher.bodies("result.final").first)
        ).data.result
        #expect(result.regions[0].heatmap == nil)
        #expect(result.errors.isEmpty)
    }

    @Test func aPlaneOfALymphNodeBecomesASingleSlice() async throws {
        let stage = makeStage(inMemory: true)
        let heatmap = Heatmap(
            label: "positive", layer: "Mixed_7c", tensor: try await put("run:a:heatmap", shape: [3, 4]), file: nil,
            affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
        try await running(stage) {
            try await deliver(Sample.ingested("run", task: .lymphNode), run: "run", to: stage)
            try await deliver(
                Sample.classified(
                    "run", "a", probabilities: ["positive": 0.9, "negative": 0.1], label: "positive", heatmap: heatmap,
                    task: .lymphNode), run: "run", region: "a", to: stage)
            try await deliver(Sample.planned("run", ["a"], task: .lymphNode), run: "run", to: stage)
            await publisher.wait(for: "result.final")
        }
        #expect(
            publisher.confirmed.last { $0.routingKey.hasPrefix("result.final") }?.routingKey
                == "result.final.lymph-node.positive")
        #expect(
            try NIfTIReader().read(path: folder.file("heatmaps/run/a.node-status.nii.gz")).volume.shape == [4, 3, 1])
    }

    @Test func partsOfAnUnknownRunAreTriedAgain() async throws {
        let stage = makeStage(inMemory: true)
        try await stage.prepare()
        let failure = await #expect(throws: Failure.self) {
            try await deliver(Sample.planned("run", ["a"]), run: "run", to: stage)
        }
        #expect(failure?.failureClass == .transient)
        #expect(failure?.code == .internalError)
        await stage.close()
    }

    @Test func whatIsNoneOfItsEventsIsPoison() throws {
        let stage = makeStage(inMemory: true)
        let delivery = try Sample.delivery(
            ResultAccepted(
                studyInstanceUID: "1.2", runID: "run", revision: 1, task: .lymphNode,
                subject: ResultSubject(site: nil, accessionNumber: nil)), run: "run")
        let failure = #expect(throws: Failure.self) { try stage.decode(delivery) }
        #expect(failure?.failureClass == .poison)
    }

    @Test func aSecondProcessWaitsForTheLedgerAndSaysSo() async throws {
        let first = makeStage()
        #expect(await first.missingDependencies()["ledger"] != nil)
        try await first.prepare()
        #expect(await first.missingDependencies().isEmpty)
        let second = makeStage()
        let opening = Task { try await second.prepare() }
        while await second.missingDependencies()["ledger"]?.contains("another aggregation process") != true {
            try await Task.sleep(for: .milliseconds(5))
        }
        await first.close()
        try await opening.value
        #expect(await second.missingDependencies().isEmpty)
        await second.close()
    }

    @Test func cancelledWhileItWaitsForTheLedgerAStageCanBeOpenedLater() async throws {
        let first = makeStage()
        try await first.prepare()
        let second = makeStage()
        let opening = Task { try await second.prepare() }
        while await second.missingDependencies()["ledger"]?.contains("another") != true {
            try await Task.sleep(for: .milliseconds(5))
        }
        opening.cancel()
        await #expect(throws: CancellationError.self) { try await opening.value }
        await first.close()
        try await second.prepare()
        await second.close()
    }
}
