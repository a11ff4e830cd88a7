import Contracts
import Foundation
import Imaging
import Tensors
import Testing

/// Real studies, where they are: a folder named by ONCORELAY_DATA, or `shared/data` beside the repository.
struct RealDataTests {
    static let folder: String? = {
        let beside = EventSchemas.repository.deletingLastPathComponent().appending(path: "shared/data").path
        let chosen = ProcessInfo.processInfo.environment["ONCORELAY_DATA"] ?? beside
        return FileManager.default.fileExists(atPath: chosen + "/studies") ? chosen : nil
    }()
    static let reason: Comment = "no real studies here; set ONCORELAY_DATA to the folder that holds them"

    private static func study(_ name: String) throws -> (study: StudySubmitted, root: String) {
        let root = try #require(folder)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/studies/\(name).json")))
        return (try EventCoding.decode(StudySubmitted.self, from: bytes), root)
    }

    /// Four sequences, without DWI: what can be said is said.
    @Test(.enabled(if: folder != nil, reason), arguments: ["aurora", "tcga-native"])
    func aRealBrainStudyWithoutDiffusionEndsPartial(name: String) async throws {
        let (study, root) = try Self.study(name)
        try await PipelineHarness.run(roots: [root]) { harness in
            let ending = try await harness.ending(of: study)
            #expect(ending.event == ResultPartial.event)
            let result = try ending.result()
            #expect(result.status == .partial)
            let region = try #require(result.regions.first)
            #expect(result.regions.map(\.id) == ["lesion-1"])
            try Self.expectPlace(of: region, in: study, root)

            // The first network has its T1; those of both branches want DWI.
            #expect(region.decisionPath.map(\.abstained?.code) == [nil, .missingSequence])
            #expect(region.abstained?.code == .missingSequence)
            #expect(region.abstained?.reason.contains("DWI") == true)
            #expect(region.label == "indeterminate")
            #expect(Set(region.probabilities.keys) == ["lung", "non-lung"])
            #expect(abs(region.probabilities.values.reduce(0, +) - 1) < 1e-6)
            #expect(Set(region.inputs.keys) == ["T1", "T2", "FLAIR", "T1CE"])
            #expect(result.quality.series.allSatisfy { $0.coverage > 0.5 })

            let heatmap = try #require(region.heatmap)
            let file = try #require(heatmap.file)
            let map = try NIfTIReader().read(path: harness.folder.heatmaps + "/" + file.dropFirst("file:".count)).volume
            #expect(map.shape == Array(repeating: ModelSet.patchSize, count: 3))
            let values = map.tensor.floats()
            #expect(values.allSatisfy { $0 >= 0 && $0 <= 1 })
            let middle = map.affine.apply(Point(map.shape.map { Double($0 - 1) / 2 }))
            #expect((middle - Point(region.location.centroidRAS)).length <= ModelSet.patchSpacing)
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    /// The box's own middle and edges, in world coordinates.
    private static func expectPlace(of region: RegionFinding, in study: StudySubmitted, _ root: String) throws {
        let box = try #require(study.regions?.boxes?.first)
        var affine = Affine.identity
        var grown = 0.0
        if box.frame == .voxel {
            let location = study.series[try #require(box.series)].location
            affine = try NIfTIReader().read(path: root + "/" + location.dropFirst("file:".count)).volume.affine
            grown = 1
        }
        let middle = affine.apply((Point(box.minimum) + Point(box.maximum)) * 0.5)
        #expect((Point(region.location.centroidRAS) - middle).length < 0.01)
        let spacing = affine.spacing
        let edges = (0..<3).map { (box.maximum[$0] - box.minimum[$0] + grown) * spacing[$0] }
        #expect(abs(region.location.volumeMM3 - edges.reduce(1, *)) < 1)
        #expect(abs(region.location.longestDiameterMM - (edges.max() ?? 0)) < 0.01)
        // It lies inside every series, wherever the scanner has put its origin.
        for series in study.series {
            let volume = try NIfTIReader().read(path: root + "/" + series.location.dropFirst("file:".count)).volume
            let voxel = try volume.affine.inverted().apply(Point(region.location.centroidRAS))
            #expect((0..<3).allSatisfy { voxel[$0] > 0 && voxel[$0] < Double(volume.shape[$0] - 1) })
        }
    }

    /// A DICOM folder of which the scanner's other half is absent, and two contours drawn in ImageJ.
    @Test(.enabled(if: folder != nil && DICOMReader.isAvailable, reason))
    func halfADICOMSeriesWithContoursIsClassifiedAndSaysWhatIsMissing() async throws {
        let (study, root) = try Self.study("rectal-roi")
        try await PipelineHarness.run(roots: [root]) { harness in
            let ending = try await harness.ending(of: study)
            #expect(ending.event == ResultFinal.event)
            let result = try ending.result()
            #expect(result.regions.map(\.id) == ["roi-0008", "roi-0012"])
            // The contours' own middles in DICOM's words: slice 8 lies 21 mm below slice 1, slice 12 four further on.
            let centroids = result.regions.map { Point($0.location.centroidRAS) }
            let distance = (centroids[0] - centroids[1]).length
            #expect(distance > 11 && distance < 16)
            let series = try #require(result.quality.series.first)
            #expect(series.notes?.map(\.code) == [.missingSlices, .stepApplied, .stepApplied])
            #expect(series.code == .degraded)
            #expect(series.reasons.contains { $0.hasPrefix("missing-slices: ") })
            #expect(series.recognized?.sequence == .t2)
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(harness.journal.events)
        }
    }
}
