import Contracts
import Imaging
import Tensors
import Testing

/// What is done about an image that is not good enough is the publisher's word.
struct QualityPolicyTests {
    /// A brain study whose DWI has the same value everywhere.
    private static func study(_ policy: UnusableImagesPolicy?, in harness: PipelineHarness) throws -> StudySubmitted {
        var study = try harness.folder.brainStudy("1.2.3.1")
        let index = try #require(study.series.firstIndex { $0.sequence == .dwi })
        let blank = try harness.folder.volume("brain/dwi.nii.gz").labelMap { _, _, _ in 7 }
        study.series[index].location = try harness.folder.write(blank, harness.folder.fresh("dwi.nii"))
        study.policy = SubmissionPolicy(missingSequences: .reject, unusableImages: policy)
        return study
    }

    private static func expectUnusable(_ result: StudyResult) throws {
        for series in result.quality.series where series.sequence != .dwi { #expect(series.code != .unusable) }
        let quality = try #require(result.quality.series.first { $0.sequence == .dwi })
        #expect(quality.code == .unusable)
        #expect(quality.reasons.contains("every voxel has the same value"))
    }

    @Test func rejectRefusesTheStudyAndNamesTheSeries() async throws {
        try await PipelineHarness.run { harness in
            let ending = try await harness.ending(of: try Self.study(.reject, in: harness))
            #expect(ending.event == ResultRejected.event)
            let error = try ending.payload(ResultRejected.self).error
            #expect(error.code == .imageUnusable)
            #expect(error.failureClass == .invalid)
            #expect(error.message.contains("(DWI): every voxel has the same value"))
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    /// The default: the networks that do without the bad series answer.
    @Test(arguments: [UnusableImagesPolicy.partial, nil])
    func partialAsksTheNetworksThatDoWithoutIt(policy: UnusableImagesPolicy?) async throws {
        try await PipelineHarness.run { harness in
            let ending = try await harness.ending(of: try Self.study(policy, in: harness))
            #expect(ending.event == ResultPartial.event)
            let result = try ending.result()
            try Self.expectUnusable(result)
            let region = try #require(result.regions.first)
            #expect(region.decisionPath.map(\.abstained?.code) == [nil, .imageUnusable])
            #expect(Set(region.probabilities.keys) == ["lung", "non-lung"])
            #expect(region.label == "indeterminate")
            #expect(region.abstained?.reason.contains("DWI, which cannot be used: every voxel") == true)
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    @Test func abstainAsksNoNetwork() async throws {
        try await PipelineHarness.run { harness in
            let ending = try await harness.ending(of: try Self.study(.abstain, in: harness))
            let result = try ending.result()
            try Self.expectUnusable(result)
            #expect(result.patient.label == "indeterminate")
            #expect(result.patient.probability == nil)
            let region = try #require(result.regions.first)
            #expect(region.abstained?.code == .imageUnusable)
            #expect(region.probabilities.isEmpty)
            #expect(region.decisionPath.allSatisfy { $0.probability == nil })
            #expect(region.heatmap == nil)
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    @Test func useAsksAllNetworksAndTheResultStillSaysWhatIsWrong() async throws {
        try await PipelineHarness.run { harness in
            let study = try Self.study(.use, in: harness)
            let ending = try await harness.ending(of: study)
            try ResultChecks(ending: ending, study: study, harness: harness).expectComplete(regions: ["label-1"])
            try Self.expectUnusable(try ending.result())
        }
    }

    /// A bad series that no network wants has no consequences but its code.
    @Test func aBadSeriesThatNobodyWantsIsOnlyReported() async throws {
        try await PipelineHarness.run { harness in
            var study = try harness.folder.brainStudy("1.2.3.1")
            let index = try #require(study.series.firstIndex { $0.sequence == .flair })
            let blank = try harness.folder.volume("brain/flair.nii.gz").labelMap { _, _, _ in 7 }
            study.series[index].location = try harness.folder.write(blank, harness.folder.fresh("flair.nii"))
            study.policy = SubmissionPolicy(unusableImages: .reject)
            let ending = try await harness.ending(of: study)
            #expect(ending.event == ResultFinal.event)
            let quality = try ending.result().quality.series[index]
            #expect(quality.code == .unusable)
        }
    }
}
