import Contracts
import Foundation
import Messaging
import ServiceRuntime
import TensorStore
import Tensors
import Testing

/// Tensors that are lost, expired or damaged between the stages, and a store that is full or away.
struct TensorTroubleTests {
    /// What lies under a key is gone when somebody first asks for it, or is another tensor.
    enum Loss: String, Sendable, CaseIterable {
        case deleted
        case replaced
    }

    @Test(arguments: Loss.allCases)
    func aLostPatchIsMadeAgainFromTheStudysFiles(loss: Loss) async throws {
        let once = Once()
        let store = WatchfulStore(beforeGet: { key, store in
            guard key.contains(":patch:"), once.isFirst(key) else { return }
            try await Self.lose(key, in: store, by: loss)
        })
        try await PipelineHarness.run(store: store) { harness in
            let study = try harness.folder.nodeStudy("1.2.3.1")
            let ending = try await harness.ending(of: study)
            try ResultChecks(ending: ending, study: study, harness: harness)
                .expectComplete(regions: ["label-1", "label-2"])
            #expect(once.count == 2)
            let events = harness.journal.events
            let losses = try events.filter { $0.event == RegionLost.event }.map { try $0.payload(RegionLost.self) }
            #expect(Set(losses.map(\.regionID)) == ["label-1", "label-2"])
            #expect(losses.allSatisfy { $0.error.code == (loss == .deleted ? .tensorMissing : .tensorCorrupt) })
            // Both losses of one round ask for one recovery.
            let recoveries = try events.filter { $0.event == StudyAdmitted.event }
                .map { try $0.payload(StudyAdmitted.self).recovery }
            #expect(recoveries == [0, 1])
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(events)
        }
    }

    @Test(arguments: Loss.allCases)
    func lostSeriesAreReadAgainWithoutANewRound(loss: Loss) async throws {
        let once = Once()
        let store = WatchfulStore(beforeGet: { key, store in
            guard key.contains(":series:") || key.hasSuffix(":mask"), once.isFirst(key) else { return }
            try await Self.lose(key, in: store, by: loss)
        })
        try await PipelineHarness.run(store: store) { harness in
            let study = try harness.folder.brainStudy("1.2.3.1")
            let ending = try await harness.ending(of: study)
            try ResultChecks(ending: ending, study: study, harness: harness).expectComplete(regions: ["label-1"])
            #expect(once.count == 6)
            #expect(!harness.journal.events.contains { $0.event == RegionLost.event })
            try await harness.expectAnEmptyStore()
        }
    }

    /// The voxels are gone, and the file is no longer the one that was taken in.
    @Test(arguments: [true, false])
    func lostSeriesWhoseFileIsGoneOrChangedRejectTheStudy(isRemoved: Bool) async throws {
        let folder = TestPath()
        let store = WatchfulStore(beforeGet: { key, store in
            guard key.hasSuffix(":series:1") else { return }
            let file = folder.root + "/brain/t2.nii.gz"
            if isRemoved {
                try? FileManager.default.removeItem(atPath: file)
            } else {
                try Data(contentsOf: URL(fileURLWithPath: folder.root + "/brain/t1.nii.gz"))
                    .write(to: URL(fileURLWithPath: file))
            }
            _ = try await store.delete([key])
        })
        try await PipelineHarness.run(store: store) { harness in
            folder.root = harness.folder.root
            let ending = try await harness.ending(of: try harness.folder.brainStudy("1.2.3.1"))
            #expect(ending.event == ResultRejected.event)
            let failure = try ending.failure()
            #expect(failure.code == (isRemoved ? .fileMissing : .checksumMismatch))
            #expect(failure.message.contains("series[1] (T2)"))
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    /// Tensors whose life is too short for the queues: a run is made again a few times, then it fails and says why.
    @Test func tensorsThatAlwaysExpireEndTheRun() async throws {
        // Whoever asks comes too late.
        let store = WatchfulStore(
            lifetime: .milliseconds(1),
            beforeGet: { _, _ in try await Task.sleep(for: .milliseconds(20)) })
        try await PipelineHarness.run(store: store) { harness in
            let study = try harness.folder.brainStudy("1.2.3.1")
            let ending = try await harness.ending(of: study)
            #expect(ending.event == ResultFailed.event)
            let failure = try ending.failure()
            #expect(failure.code == .tensorExpired)
            #expect(failure.message.contains("label-1"))
            let events = harness.journal.events(of: study.studyInstanceUID)
            #expect(events.filter { $0.event == StudyAdmitted.event }.count == 4)
            let losses = try events.filter { $0.event == RegionLost.event }.map { try $0.payload(RegionLost.self) }
            #expect(losses.count == 4)
            #expect(losses.allSatisfy { $0.error.code == .tensorExpired })
            #expect(Set(events.map(\.id)).count == events.count)
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    /// A heat map never holds a result up: what is lost is left out, and named.
    @Test func aLostHeatMapIsLeftOutAndNamed() async throws {
        let store = WatchfulStore(beforeGet: { key, store in
            if key.contains(":heatmap:") { _ = try await store.delete([key]) }
        })
        try await PipelineHarness.run(store: store) { harness in
            let ending = try await harness.ending(of: try harness.folder.brainStudy("1.2.3.1"))
            #expect(ending.event == ResultFinal.event)
            let result = try ending.result()
            #expect(result.regions.allSatisfy { $0.heatmap == nil && $0.label != "indeterminate" })
            #expect(result.errors.map(\.code) == [.tensorMissing, .tensorMissing])
            #expect(result.errors.allSatisfy { $0.message.contains("heat map") })
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    // MARK: - A store that is full or away

    /// The last of a stage's tensors, for which the store has no room.
    struct Shortage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let stage: StageName
        var task = ClinicalTask.brainMetastasis
        let concerns: @Sendable (_ key: String) -> Bool

        func study(_ folder: StudyFolder) throws -> StudySubmitted {
            task == .lymphNode ? try folder.nodeStudy("1.2.3.1") : try folder.brainStudy("1.2.3.1")
        }

        var regions: [String] { task == .lymphNode ? ["label-1", "label-2"] : ["label-1"] }
    }

    static let shortages = [
        Shortage(testDescription: "the fifth series", stage: .ingestion) { $0.hasSuffix(":series:4") },
        Shortage(testDescription: "the second region", stage: .preprocessing, task: .lymphNode) {
            $0.contains(":region:label-2:patch:")
        },
        Shortage(testDescription: "the second heat map", stage: .brainMetastasis) {
            $0.contains(":heatmap:") && !$0.hasSuffix("lung-vs-non-lung")
        },
    ]

    @Test(arguments: shortages)
    func aStudyWaitsForRoomInTheStore(_ shortage: Shortage) async throws {
        let once = Once()
        let store = WatchfulStore(beforePut: { key, _ in
            guard shortage.concerns(key), once.isFirst(key) else { return }
            throw TensorStoreError.outOfMemory(key: "key", byteCount: 1, reason: "it is full")
        })
        try await PipelineHarness.run(store: store) { harness in
            let study = try shortage.study(harness.folder)
            let hand = try await RetryLadderHand(harness)
            try await harness.publish(study)
            let waiting = try #require(try await hand.next())
            #expect(waiting.routingKey.hasSuffix(QueueName.work(shortage.stage, .routine)))
            try await hand.sendBack(waiting)
            let ending = try await hand.hurrying { try await harness.ending(of: study.studyInstanceUID) }
            try ResultChecks(ending: ending, study: study, harness: harness).expectComplete(regions: shortage.regions)
            try await harness.expectAnEmptyStore()
        }
    }

    @Test(arguments: shortages)
    func aStudyThatNeverFitsIsParkedAndLeavesNothingInTheStore(_ shortage: Shortage) async throws {
        let store = WatchfulStore(beforePut: { key, _ in
            guard shortage.concerns(key) else { return }
            throw TensorStoreError.outOfMemory(key: "key", byteCount: 1, reason: "it is full")
        })
        try await PipelineHarness.run(store: store) { harness in
            let study = try shortage.study(harness.folder)
            let hand = try await RetryLadderHand(harness)
            try await hand.hurrying {
                try await harness.publish(study)
                #expect(try await harness.journal.wait { _ in try await !harness.parked().isEmpty })
            }
            let parked = try await harness.parked()
            #expect(parked.map(\.queue) == [QueueName.parking(shortage.stage)])
            #expect(parked.allSatisfy { $0.parkingCode == ReasonCode.storeOutOfMemory.rawValue })
            let ending = try await harness.ending(of: study.studyInstanceUID)
            #expect(ending.event == (shortage.stage == .ingestion ? ResultRejected.event : ResultFailed.event))
            #expect(try ending.failure().code == .storeOutOfMemory)
            // Half of a study would only keep others out.
            try await harness.expectAnEmptyStore()
        }
    }

    /// What ingestion gives up, its publisher hears; brought back when the store is there again, it ends as any study.
    @Test func aSubmissionThatIngestionParksIsRejectedAsRetryableAndItsReplayIsAnnounced() async throws {
        let store = WatchfulStore(beforePut: { key, store in
            // A mark in the store itself says that it is there again.
            if try await !store.exists("mended") { throw TensorStoreError.unavailable(reason: "away") }
        })
        try await PipelineHarness.run(store: store) { harness in
            let study = try harness.folder.brainStudy("1.2.3.1")
            let submission = try await harness.publish(study)
            try await Self.expectParking(harness)
            let ending = try await harness.ending(of: study.studyInstanceUID)
            let rejected = try ending.payload(ResultRejected.self)
            #expect(rejected.submissionID == submission)
            #expect(rejected.task == study.task && rejected.subject.site == study.site)
            #expect(rejected.error.code == .storeUnavailable && rejected.error.failureClass == .transient)
            #expect(rejected.error.retryable && rejected.error.attempts == RetryLadder.rungs.count + 1)
            #expect(rejected.error.stage == StageName.ingestion.rawValue)

            // Replayed too early, it is the same rejection again.
            try await Self.replay(harness)
            try await Self.expectParking(harness)
            let isToldAgain = await harness.journal.wait {
                $0.events(of: study.studyInstanceUID).count { $0.event == ResultRejected.event } == 2
            }
            #expect(isToldAgain)
            let rejections = harness.journal.events(of: study.studyInstanceUID).filter {
                $0.event == ResultRejected.event
            }
            #expect(Set(rejections.map(\.id)) == [ending.id])

            let mark = try Tensor(shape: [1], floats: [1])
            _ = try await store.inner.put(mark, key: "mended", lifetime: .seconds(600))
            try await Self.replay(harness)
            #expect(
                await harness.journal.wait { journal in
                    journal.endings(of: study.studyInstanceUID).contains { $0.event == ResultFinal.event }
                })
            let final = try #require(harness.journal.endings(of: study.studyInstanceUID).last)
            try ResultChecks(ending: final, study: study, harness: harness).expectComplete(regions: ["label-1"])
            #expect(try await harness.parked().isEmpty)
            try EventSchemas.expectValid(harness.journal.events)
            _ = try await store.inner.delete(["mended"])
            try await harness.expectAnEmptyStore()
        }
    }

    /// Hurries everything up the retry ladder until a message is parked.
    private static func expectParking(_ harness: PipelineHarness) async throws {
        let hand = try await RetryLadderHand(harness)
        let isParked = try await hand.hurrying {
            try await harness.journal.wait { _ in try await !harness.parked().isEmpty }
        }
        #expect(isParked)
    }

    /// Brings the one parked message back, as `oncorelay dead-letters replay` does.
    private static func replay(_ harness: PipelineHarness) async throws {
        let administrator = try await harness.broker.makeAdministrator()
        let parked = try #require(try await administrator.fetch(from: QueueName.parking(.ingestion), limit: 2).first)
        let queue = try #require(parked.properties.headers[HeaderName.originalQueue]?.stringValue)
        var properties = parked.properties.withoutBrokerHeaders
        properties.headers = properties.headers.filter { !$0.key.hasPrefix("x-oncorelay-") }
        properties.headers[HeaderName.replayedAt] = .int(EventTime.secondsSince1970())
        try await harness.publish(
            Publication(exchange: "", routingKey: queue, body: parked.body, properties: properties))
        try await administrator.acknowledge(parked)
        await administrator.close()
    }

    /// More studies than the store has room for, each of which fits alone.
    @Test func aSmallStoreServesOneStudyAfterTheOther() async throws {
        let bytes = try await Self.bytesOfAStudy()
        let store = WatchfulStore(maximumByteCount: bytes * 3 / 2)
        try await PipelineHarness.run(store: store) { harness in
            let hand = try await RetryLadderHand(harness)
            let first = try harness.folder.brainStudy("1.2.3.1")
            let ballast = try Tensor(
                shape: [bytes], elementType: .uint8, buffer: TensorBuffer(copying: [UInt8](repeating: 1, count: bytes)))
            _ = try await store.inner.put(ballast, key: "ballast", lifetime: .seconds(600))
            try await harness.publish(first)
            let waiting = try #require(try await hand.next())
            _ = try await store.inner.delete(["ballast"])
            try await hand.sendBack(waiting)
            try await hand.hurrying {
                let ending = try await harness.ending(of: first.studyInstanceUID)
                try ResultChecks(ending: ending, study: first, harness: harness).expectComplete(regions: ["label-1"])
                try await harness.expectAGoodStudyGoesThrough()
            }
            try await harness.expectAnEmptyStore()
        }
    }

    /// What a brain study's tensors take at once, at most.
    private static func bytesOfAStudy() async throws -> Int {
        let peak = Peak()
        let store = WatchfulStore(beforeGet: { _, _ in })
        try await PipelineHarness.run(store: store) { harness in
            let study = try harness.folder.brainStudy("1.2.3.1")
            _ = try await harness.ending(of: study)
            let events = harness.journal.events
            for event in events where event.event == StudyIngested.event {
                let ingested = try event.payload(StudyIngested.self)
                peak.add(
                    ingested.series.reduce(0) { $0 + $1.tensor.byteCount }
                        + (ingested.regions.mask?.tensor.byteCount ?? 0))
            }
            for event in events where event.event == RegionPrepared.event {
                peak.add(try event.payload(RegionPrepared.self).patches.reduce(0) { $0 + $1.tensor.byteCount })
            }
            for event in events where event.event == RegionClassified.event {
                let maps = try event.payload(RegionClassified.self).decisionPath.compactMap(\.heatmap?.tensor)
                peak.add(maps.reduce(0) { $0 + $1.byteCount })
            }
        }
        return peak.value
    }

    @Test func aStudyWaitsForAStoreThatIsAway() async throws {
        let once = Once()
        let store = WatchfulStore(
            beforePut: { key, _ in
                if once.isFirst("put " + Self.kind(of: key)) { throw TensorStoreError.unavailable(reason: "away") }
            },
            beforeGet: { key, _ in
                if once.isFirst("get " + Self.kind(of: key)) {
                    throw TensorStoreError.timedOut(operation: "GET", after: .seconds(1))
                }
            })
        try await PipelineHarness.run(store: store) { harness in
            let study = try harness.folder.brainStudy("1.2.3.1")
            let hand = try await RetryLadderHand(harness)
            let ending = try await hand.hurrying { try await harness.ending(of: study) }
            try ResultChecks(ending: ending, study: study, harness: harness).expectComplete(regions: ["label-1"])
            #expect(once.count == 8)
            #expect(try await harness.parked().isEmpty)
            try await harness.expectAnEmptyStore()
        }
    }

    private static func kind(of key: String) -> String {
        ["series", "mask", "patch", "heatmap"].first { key.contains(":\($0)") } ?? key
    }

    private static func lose(_ key: String, in store: InMemoryTensorStore, by loss: Loss) async throws {
        switch loss {
        case .deleted: _ = try await store.delete([key])
        case .replaced:
            _ = try await store.put(try Tensor(shape: [1], floats: [7]), key: key, lifetime: .seconds(60))
        }
    }
}
