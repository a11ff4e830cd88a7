import Contracts
import Imaging
import Tensors
import Testing

/// What a model folder wants done to its volumes is done, and stands in the result with the version of each step.
struct PreparationTests {
    private static let gentle = PreparationStep(name: "n4", shrinkFactor: 2, iterations: [4, 4])

    /// What the result says was done to a series.
    private static func notes(_ result: StudyResult, _ sequence: MRSequence) throws -> [SeriesNote] {
        try #require(result.quality.series.first { $0.sequence == sequence }).notes ?? []
    }

    @Test func everyNamedStepIsCarriedOutInItsOrderAndRecorded() async throws {
        let normalization = ModelNormalization(method: "z-score", measured: "otsu", clip: 4, steps: [Self.gentle])
        try await PipelineHarness.run(models: .preparing(normalization, interpolation: "cubic")) { harness in
            let study = try harness.folder.brainStudy("1.2.3.1")
            let ending = try await harness.ending(of: study)
            try ResultChecks(ending: ending, study: study, harness: harness).expectComplete(regions: ["label-1"])
            let result = try ending.result()
            for sequence in [MRSequence.t1, .t2, .dwi, .t1ce] {
                let notes = try Self.notes(result, sequence)
                #expect(notes.map(\.code) == [.stepApplied, .stepApplied, .stepApplied])
                let texts = notes.map(\.message)
                #expect(texts[0].hasPrefix("n4 (version \(BiasFieldCorrection.version)): bias field taken out"))
                #expect(texts[0].contains("shrink factor 2, iterations "))
                #expect(texts[1].hasPrefix("z-score (version \(IntensityNormalization.version)): mean "))
                #expect(texts[1].hasSuffix("above Otsu's threshold; clipped at 4 standard deviations"))
                #expect(
                    texts[2]
                        == "resampling (version \(PatchSampler.version)): cubic, 16×16×16 samples of 4×4×4 mm")
            }
            // No network wants it, so nothing was done to it.
            #expect(try Self.notes(result, .flair).isEmpty)
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    @Test func theRobustRangeIsThatOfTheVolume() async throws {
        let normalization = ModelNormalization(
            method: "min-max", measured: "all", lowerPercentile: 0, upperPercentile: 100)
        try await PipelineHarness.run(models: .preparing(normalization, interpolation: "nearest")) { harness in
            var study = try harness.folder.brainStudy("1.2.3.1")
            let shape = try harness.folder.volume("brain/t1.nii.gz")
            // 11 along the first columns, 91 elsewhere.
            let steps = try shape.labelMap { i, _, _ in i < 3 ? 11 : 91 }
            study.series[0].location = try harness.folder.write(steps, harness.folder.fresh("steps.nii"))
            let result = try await harness.ending(of: study).result()
            let sequence = study.series[0].sequence
            let texts = try Self.notes(result, sequence).map(\.message)
            #expect(
                texts.first
                    == "min-max (version 1): robust range 11 to 91 (percentiles 0 and 100 of all voxels)")
            #expect(texts.last?.contains("nearest") == true)
        }
    }

    /// The T2 was acquired after the patient had moved by 25 mm.
    @Test func aSeriesThatMovedIsRegisteredAndTheResultSaysByHowMuch() async throws {
        let moved = Point(18, -14, 10)
        let normalization = ModelNormalization(
            method: "z-score", measured: "head", steps: [PreparationStep(name: "registration")])
        try await PipelineHarness.run(models: .preparing(normalization, interpolation: nil)) { harness in
            var study = try harness.folder.brainStudy("1.2.3.1")
            study.series.removeAll { ![.t1, .t2].contains($0.sequence) }
            study.policy = SubmissionPolicy(missingSequences: .partial)
            let index = try #require(study.series.firstIndex { $0.sequence == .t2 })
            let volume = try harness.folder.volume("brain/t2.nii.gz")
            var affine = volume.affine
            affine.translation = affine.translation + moved
            study.series[index].location = try harness.folder.write(
                try Volume(tensor: volume.tensor, affine: affine, slope: volume.slope, intercept: volume.intercept),
                harness.folder.fresh("t2.nii"))
            let result = try await harness.ending(of: study).result()
            let note = try #require(try Self.notes(result, .t2).first)
            #expect(note.code == .registered)
            let found = try #require(
                note.message.wholeMatch(
                    of: /registration \(version 2\): moved by ([0-9.]+) mm \((.*?)\), ([0-9.]+) degrees .*/))
            // Voxels are 8 mm wide.
            #expect(abs((Double(found.1) ?? 0) - moved.length) < 2)
            let parts = found.2.split(separator: ", ").compactMap { Double($0) }
            #expect(parts.count == 3 && (Point(parts) - moved).length < 3)
            #expect((Double(found.3) ?? 90) < 4)
            // The series in whose world the lesion lies stays where it is, without a word of it.
            #expect(try Self.notes(result, .t1).map(\.code) == [.stepApplied, .stepApplied])
        }
    }

    @Test func aCutOutSaysHowItWasMade() async throws {
        try await PipelineHarness.run { harness in
            let result = try await harness.ending(of: try harness.folder.nodeStudy("1.2.3.1")).result()
            let texts = try Self.notes(result, .t2).map(\.message)
            #expect(texts.count == 2)
            #expect(texts.first?.hasPrefix("min-max (version 1): robust range ") == true)
            #expect(texts.last == "cut-out (version 1): smallest rectangle, padded to 75×75")
        }
    }
}
