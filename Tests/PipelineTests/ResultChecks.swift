import Contracts
import Foundation
import Imaging
import Tensors
import Testing

/// What a complete result holds, by the contract.
struct ResultChecks {
    let ending: RecordedEvent
    let study: StudySubmitted
    let harness: PipelineHarness

    /// Members of a result's `data`, required of every result.
    private static let members: Set<String> = [
        "studyInstanceUID", "runID", "revision", "status", "task", "issuedAt", "subject", "models", "patient",
        "regions",
        "quality", "timing", "errors", "disclaimer",
    ]

    /// Checks everything that holds for every final result.
    func expectComplete(regions names: [String]) throws {
        #expect(ending.event == ResultFinal.event)
        #expect(Set(try ending.object().keys) == Self.members)
        let result = try ending.result()
        #expect(result.studyInstanceUID == study.studyInstanceUID)
        #expect(result.status == .final)
        #expect(result.revision == 1)
        #expect(result.task == study.task)
        #expect(result.subject == ResultSubject(site: study.site, accessionNumber: study.accessionNumber))
        #expect(
            try Date(result.issuedAt, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))
                <= .now)
        #expect(result.errors.isEmpty)
        #expect(result.disclaimer == "Research use only. Not for diagnosis.")
        #expect(result.regions.map(\.id) == names)
        #expect(ending.routingKey == "result.final.\(study.task.rawValue).\(result.patient.label)")
        expectModels(result)
        expectPatient(result)
        expectTiming(result)
        #expect(result.quality.series.map(\.sequence) == study.series.map(\.sequence))
        #expect(result.quality.series.allSatisfy { $0.coverage >= 0 && $0.coverage <= 1 })
        for (index, region) in result.regions.enumerated() {
            expectDecision(region)
            try expectInputs(region, at: index)
            try expectHeatmaps(region, of: result)
        }
    }

    private var roles: Set<String> {
        Set(ClassifierRole.allCases.filter { $0.task == study.task }.map(\.rawValue))
    }

    private var leaves: Set<String> {
        study.task == .brainMetastasis ? ["sclc", "nsclc", "bc", "gic"] : ["positive", "negative"]
    }

    private func expectModels(_ result: StudyResult) {
        #expect(Set(result.models.map(\.role)) == roles)
        #expect(result.models.count == roles.count)
        for model in result.models {
            #expect(model.weightsSHA256.count == 64)
            #expect(model.name.hasSuffix("-untrained"))
            #expect(model.intendedUse.contains("UNTRAINED"))
        }
    }

    private func expectPatient(_ result: StudyResult) {
        let patient = result.patient
        #expect(Set(patient.probabilities.keys) == leaves)
        #expect(abs(patient.probabilities.values.reduce(0, +) - 1) < 1e-6)
        #expect(leaves.contains(patient.label))
        #expect(!patient.rule.isEmpty)
        let agreement = patient.agreement ?? -1
        #expect(agreement >= 0 && agreement <= 1)
        if study.task == .brainMetastasis {
            #expect(patient.status == nil)
            #expect(patient.probability == patient.probabilities[patient.label])
        } else {
            #expect(patient.origin == nil)
            let isPositive = result.regions.contains { $0.label == "positive" }
            #expect(patient.label == (isPositive ? "positive" : "negative"))
        }
    }

    private func expectTiming(_ result: StudyResult) {
        #expect(Set(result.timing.keys) == ["ingestion", "preprocessing", study.task.stage.rawValue, "total"])
        #expect(result.timing.values.allSatisfy { $0.isFinite && $0 >= 0 })
    }

    /// The path leads to the label, and the leaves' probabilities are the products along their paths.
    private func expectDecision(_ region: RegionFinding) {
        #expect(region.abstained == nil)
        #expect(Set(region.probabilities.keys) == leaves)
        #expect(abs(region.probabilities.values.reduce(0, +) - 1) < 1e-6)
        #expect(region.decisionPath.last?.label == region.label)
        for node in region.decisionPath {
            #expect(node.abstained == nil)
            let probability = node.probability ?? -1
            let threshold = node.threshold ?? -1
            #expect(probability >= 0 && probability <= 1 && threshold >= 0 && threshold <= 1)
        }
        guard study.task == .brainMetastasis else {
            #expect(region.decisionPath.map(\.node) == ["node-status"])
            return
        }
        let root = region.decisionPath.first
        #expect(root?.node == "lung-vs-non-lung")
        #expect(root?.label == ((root?.probability ?? 0) >= (root?.threshold ?? 1) ? "lung" : "non-lung"))
        let branch = root?.label == "lung" ? "sclc-vs-nsclc" : "bc-vs-gic"
        #expect(region.decisionPath.map(\.node) == ["lung-vs-non-lung", branch])
        let lung = (region.probabilities["sclc"] ?? 0) + (region.probabilities["nsclc"] ?? 0)
        #expect(abs(lung - (root?.probability ?? 0)) < 1e-6)
    }

    /// The digests are those of the files as they lie on the disk.
    private func expectInputs(_ region: RegionFinding, at index: Int) throws {
        var series = study.series
        if study.regions == nil { series = [series[index]] }
        var expected: [String: String] = [:]
        for one in series where expected[one.sequence.rawValue] == nil {
            expected[one.sequence.rawValue] = try harness.folder.sha256(one.location)
        }
        #expect(region.inputs == expected)
    }

    /// Each decision has its heat map: a NIfTI in the place and of the size of the patch that the network saw.
    private func expectHeatmaps(_ region: RegionFinding, of result: StudyResult) throws {
        let event = try #require(
            harness.journal.events(of: study.studyInstanceUID).last {
                $0.event == RegionPrepared.event
                    && (try? $0.payload(RegionPrepared.self).regionID) == region.id
            })
        let prepared = try event.payload(RegionPrepared.self)
        #expect(region.heatmap == region.decisionPath.last?.heatmap)
        for node in region.decisionPath {
            let heatmap = try #require(node.heatmap)
            #expect(heatmap.label == node.label)
            #expect(heatmap.tensor == nil)
            let patch = try #require(prepared.patches.first { $0.affine == heatmap.affine })
            let file = try #require(heatmap.file)
            #expect(file == "file:\(result.runID)/\(region.id).\(node.node).nii.gz")
            let path = harness.folder.heatmaps + "/" + file.dropFirst("file:".count)
            let loaded = try NIfTIReader().read(path: path)
            #expect(loaded.geometrySource == .sform)
            let volume = loaded.volume
            // The patch's channels apart, in the file's order of axes.
            let extents = Array(patch.tensor.shape.dropFirst().reversed())
            #expect(volume.shape == extents + Array(repeating: 1, count: 3 - extents.count))
            let affine = try #require(Affine(rows: patch.affine))
            #expect(volume.affine.largestDifference(from: affine, over: volume.shape) < 0.01)
            let values = volume.tensor.floats()
            #expect(values.allSatisfy { $0 >= 0 && $0 <= 1 })
            try expectPlace(of: affine, region, extents)
        }
    }

    /// A lesion lies in the middle of its patch.
    private func expectPlace(of affine: Affine, _ region: RegionFinding, _ extents: [Int]) throws {
        guard study.task == .brainMetastasis else { return }
        let middle = affine.apply(Point(extents.map { Double($0 - 1) / 2 }))
        let centroid = Point(region.location.centroidRAS)
        #expect((middle - centroid).length <= ModelSet.patchSpacing)
        #expect(extents == Array(repeating: ModelSet.patchSize, count: 3))
    }
}
