import Contracts
import Foundation
import Imaging
import Messaging
import ServiceRuntime
import Testing

/// Studies through all five stages in memory, from the message to the whole result.
struct StudyTests {
    /// A kind of study that goes through, and the regions that come out.
    struct Kind: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let regions: [String]
        let make: @Sendable (StudyFolder) throws -> StudySubmitted
    }

    static let kinds: [Kind] = [
        Kind(testDescription: "brain, a mask with labels", regions: ["label-1"]) { try $0.brainStudy("1.2.3.1") },
        Kind(testDescription: "brain, urgent", regions: ["label-1"]) { folder in
            var study = try folder.brainStudy("1.2.3.2")
            study.priority = .urgent
            return study
        },
        Kind(
            testDescription: "brain, two components of a mask without labels", regions: ["component-1", "component-2"]
        ) {
            folder in
            var study = try folder.brainStudy("1.2.3.3")
            let mask = try folder.volume("brain/t1.nii.gz").labelMap { i, j, k in
                if 6...7 ~= i, 8...9 ~= j, 8...9 ~= k { return 3 }
                return 14...16 ~= i && 15...17 ~= j && 12...13 ~= k ? 1 : 0
            }
            study.regions = SubmittedRegions(mask: RegionMask(location: try folder.write(mask, "brain/two.nii.gz")))
            return study
        },
        Kind(testDescription: "brain, voxel boxes", regions: ["left", "box-2"]) { folder in
            var study = try folder.brainStudy("1.2.3.4")
            study.regions = SubmittedRegions(boxes: [
                RegionBox(id: "left", frame: .voxel, series: 1, minimum: [8, 8, 8], maximum: [11, 12, 11]),
                RegionBox(frame: .voxel, series: 4, minimum: [14, 14, 12], maximum: [14, 14, 12]),
            ])
            return study
        },
        Kind(testDescription: "brain, a world box", regions: ["lesion"]) { folder in
            var study = try folder.brainStudy("1.2.3.5")
            study.regions = SubmittedRegions(boxes: [
                RegionBox(id: "lesion", frame: .world, minimum: [-40, -8, 0], maximum: [-20, 20, 16])
            ])
            return study
        },
        Kind(testDescription: "lymph nodes, a mask", regions: ["label-1", "label-2"]) { try $0.nodeStudy("1.2.3.6") },
        Kind(testDescription: "lymph nodes, a voxel box, urgent", regions: ["node"]) { folder in
            var study = try folder.nodeStudy("1.2.3.7")
            study.priority = .urgent
            study.regions = SubmittedRegions(boxes: [
                RegionBox(id: "node", frame: .voxel, series: 0, minimum: [20, 24, 5], maximum: [26, 31, 7])
            ])
            return study
        },
        Kind(testDescription: "lymph nodes, a world box", regions: ["box-1"]) { folder in
            var study = try folder.nodeStudy("1.2.3.8")
            study.regions = SubmittedRegions(boxes: [
                RegionBox(frame: .world, minimum: [-20, -10, -6], maximum: [0, 5, 6])
            ])
            return study
        },
        Kind(testDescription: "lymph nodes, single images", regions: ["image-1", "image-2", "image-3"]) { folder in
            var study = try folder.nodeStudy("1.2.3.9")
            let volume = try folder.volume("node/t2.nii.gz")
            study.regions = nil
            study.series = try (0..<3).map { index in
                let crop = try volume.crop(columns: 10 + index..<40, rows: 12..<30 + 4 * index, slice: 4 + index)
                let name = "crops/\(index).nii" + (index == 1 ? "" : ".gz")
                return SubmittedSeries(sequence: .t2, location: try folder.write(crop, name), plane: .axial)
            }
            return study
        },
        Kind(testDescription: "links that stay beneath the root", regions: ["label-1"]) { folder in
            var study = try folder.brainStudy("1.2.3.10")
            try FileManager.default.createSymbolicLink(
                atPath: folder.root + "/brain/link.nii.gz", withDestinationPath: "../brain/t1.nii.gz")
            study.series[0].location = "file:brain/../brain/link.nii.gz"
            study.series[1].location = "file://\(folder.root)/brain/t2.nii.gz"
            study.series[2].location = "brain/flair.nii.gz"
            study.series[3].sha256 = try folder.sha256("file:brain/dwi.nii.gz").uppercased()
            return study
        },
    ]

    @Test(arguments: kinds)
    func aStudyComesOutWhole(_ kind: Kind) async throws {
        try await PipelineHarness.run { harness in
            let study = try kind.make(harness.folder)
            let trace = TraceContext.start()
            let ending = try await harness.ending(of: study, trace: trace)
            try ResultChecks(ending: ending, study: study, harness: harness).expectComplete(regions: kind.regions)
            try await harness.expectAnEmptyStore()
            let events = harness.journal.events
            Self.expectTheWholeWay(of: study, in: events, regions: kind.regions.count)
            // One trace, a span for each hop, from the publisher's own to the result.
            let traces = events.compactMap { $0.traceparent.flatMap(TraceContext.init(traceparent:)) }
            #expect(traces.count == events.count)
            #expect(Set(traces.map(\.traceID)) == [trace.traceID])
            #expect(Set(traces.map(\.spanID)).count >= 4)
            #expect(traces.allSatisfy { $0.spanID != trace.spanID })
            #expect(try await harness.parked().isEmpty)
            try EventSchemas.expectValid(events)
        }
    }

    /// What each event of a study's way is, how often it comes, and that its urgency is kept.
    private static func expectTheWholeWay(of study: StudySubmitted, in events: [RecordedEvent], regions: Int) {
        let counts = Dictionary(events.map { ($0.event, 1) }, uniquingKeysWith: +)
        for name in [
            StudyIngested.event, StudyAdmitted.event, StudyPlanned.event, ResultAccepted.event, ResultFinal.event,
        ] {
            #expect(counts[name] == 1, "\(name)")
        }
        #expect(counts[RegionPrepared.event] == regions)
        #expect(counts[RegionClassified.event] == regions)
        #expect((counts[ResultProgress.event] ?? 0) >= 2)
        #expect(Set(events.map(\.id)).count == events.count)
        let priority = (study.priority ?? .routine).rawValue
        for event in events where event.exchange == Exchange.pipeline {
            #expect(event.routingKey.hasSuffix("." + priority))
        }
        // Patient data stays with the publisher; a run's id names the study between the stages.
        for event in events {
            #expect(!String(decoding: event.body, as: UTF8.self).contains("patientID"))
        }
    }

    @Test func regionsAreMeasuredWhereTheyAre() async throws {
        try await PipelineHarness.run { harness in
            let study = try #require(
                try StudyTests.kinds.first { $0.regions.contains("component-2") }?.make(harness.folder))
            let affine = try harness.folder.volume("brain/t1.nii.gz").affine
            let regions = try await harness.ending(of: study).result().regions
            // 3×3×2 voxels and 2×2×2 voxels of 8 mm: the larger first.
            let expected = [(18.0, Point(15, 16, 12.5)), (8.0, Point(6.5, 8.5, 8.5))]
            for (region, (count, middle)) in zip(regions, expected) {
                #expect(abs(region.location.volumeMM3 - count * 512) < 1e-6 * 512)
                let centroid = Point(region.location.centroidRAS)
                #expect((centroid - affine.apply(middle)).length < 1e-3)
                #expect(region.location.longestDiameterMM >= region.location.shortAxisMM)
                #expect(region.location.shortAxisMM > 0)
            }
        }
    }

    @Test func theSameStudyTwiceIsAnnouncedUnderTheSameEventAndComputedOnce() async throws {
        try await PipelineHarness.run { harness in
            var study = try harness.folder.brainStudy("1.2.3.1")
            let first = try await harness.ending(of: study)
            // The same content: who asks and how urgently does not matter.
            study.accessionNumber = "ANOTHER"
            study.patientID = "PSEUDONYM"
            try await harness.publish(study)
            #expect(await harness.journal.wait { $0.endings(of: study.studyInstanceUID).count == 2 })
            let again = try #require(harness.journal.endings(of: study.studyInstanceUID).last)
            #expect(again.id == first.id)
            #expect(again.body == first.body)
            #expect(harness.journal.events.filter { $0.event == RegionClassified.event }.count == 1)
            try await harness.expectAnEmptyStore()
        }
    }

    @Test func threeSubmissionsOfAStudyAtOnceAreOneRun() async throws {
        try await PipelineHarness.run { harness in
            let study = try harness.folder.nodeStudy("1.2.3.1")
            for _ in 0..<3 { try await harness.publish(study) }
            let ending = try await harness.ending(of: study.studyInstanceUID)
            #expect(ending.event == ResultFinal.event)
            try await harness.expectAGoodStudyGoesThrough()
            try await harness.expectAnEmptyStore()
            #expect(Set(harness.journal.endings(of: study.studyInstanceUID).map(\.id)) == [ending.id])
            #expect(
                harness.journal.events(of: study.studyInstanceUID).filter { $0.event == StudyAdmitted.event }.count == 1
            )
        }
    }

    @Test func otherContentOfAStudyIsItsNextRevision() async throws {
        try await PipelineHarness.run { harness in
            var study = try harness.folder.brainStudy("1.2.3.1")
            let first = try await harness.ending(of: study)
            study.regions = SubmittedRegions(boxes: [
                RegionBox(id: "more", frame: .voxel, series: 0, minimum: [9, 9, 9], maximum: [12, 12, 12])
            ])
            try await harness.publish(study)
            #expect(await harness.journal.wait { $0.endings(of: study.studyInstanceUID).count == 2 })
            let second = try #require(harness.journal.endings(of: study.studyInstanceUID).last)
            #expect(second.event == ResultAmended.event)
            #expect(second.id != first.id)
            let result = try second.result()
            #expect(result.revision == 2)
            #expect(result.regions.map(\.id) == ["more"])
            #expect(try first.result().runID != result.runID)
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    @Test func manyStudiesAtOnceComeOutOnceEach() async throws {
        try await PipelineHarness.run { harness in
            var studies: [StudySubmitted] = []
            for number in 1...24 {
                var study =
                    number % 3 == 0
                    ? try harness.folder.nodeStudy("1.2.3.\(number)") : try harness.folder.brainStudy("1.2.3.\(number)")
                study.priority = number % 5 == 0 ? .urgent : .routine
                studies.append(study)
            }
            try await withThrowingTaskGroup { group in
                for study in studies { group.addTask { try await harness.publish(study) } }
                try await group.waitForAll()
            }
            for study in studies {
                let ending = try await harness.ending(of: study.studyInstanceUID)
                try ResultChecks(ending: ending, study: study, harness: harness)
                    .expectComplete(regions: study.task == .brainMetastasis ? ["label-1"] : ["label-1", "label-2"])
                #expect(harness.journal.endings(of: study.studyInstanceUID).count == 1)
                // No study's events run in another's trace.
                let traces = harness.journal.events(of: study.studyInstanceUID)
                    .compactMap { $0.traceparent.flatMap(TraceContext.init(traceparent:))?.traceID }
                #expect(Set(traces).count == 1)
            }
            try await harness.expectAnEmptyStore()
            #expect(try await harness.parked().isEmpty)
        }
    }

    /// Phantoms of their full size, with several lesions or nodes.
    @Test(arguments: ClinicalTask.allCases)
    func aFullPhantomComesOutWhole(task: ClinicalTask) async throws {
        try await PipelineHarness.run { harness in
            let study = try PhantomStudy(task: task, seed: 3, size: .full, regionCount: 2)
                .write(to: harness.folder.root, name: "full")
            let ending = try await harness.ending(of: study)
            try ResultChecks(ending: ending, study: study, harness: harness)
                .expectComplete(regions: ["label-1", "label-2"])
            let result = try ending.result()
            #expect(result.regions.allSatisfy { $0.location.volumeMM3 > 30 && $0.location.volumeMM3 < 60_000 })
            #expect(
                result.quality.series.allSatisfy { $0.code == .ok && $0.coverage > 0.9 } || task == .brainMetastasis)
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(harness.journal.events)
        }
    }
}
