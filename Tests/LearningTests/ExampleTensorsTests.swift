import Contracts
import Datasets
import Foundation
import Imaging
import Learning
import Tensors
import Testing

/// Examples on disk become tensors, or a message.
struct ExampleTensorsTests {
    /// A tiny brain study's files, and an example of its first lesion.
    private struct Study {
        let folder: String
        let series: [MRSequence: URL]
        let mask: URL

        init() throws {
            folder = FileManager.default.temporaryDirectory.path + "/learning-\(UUID().uuidString)"
            let study = try PhantomStudy(task: .brainMetastasis, seed: 3, size: .tiny, regionCount: 1)
                .write(to: folder, name: "brain")
            var series: [MRSequence: URL] = [:]
            for one in study.series { series[one.sequence] = URL(filePath: "\(folder)/\(one.location.dropFirst(5))") }
            self.series = series
            mask = URL(filePath: "\(folder)/brain/mask.nii.gz")
        }

        func example(_ series: [MRSequence: URL]? = nil, label: Int = 1, id: String = "sub-01 lesion 1") -> Example {
            Example(
                id: id, patient: "sub-01", group: id, outcome: .sclc,
                source: .lesion(series: series ?? self.series, mask: mask, label: label))
        }
    }

    private let input = ModelInput(
        sequences: [.t1ce, .t1], spacing: [2, 2, 2], size: [16, 14, 12],
        normalization: ModelNormalization(method: "z-score", measured: "head"))

    @Test func channelsComeInTheOrderOfTheInputAndTheMaskLiesInTheMiddle() throws {
        let study = try Study()
        defer { try? FileManager.default.removeItem(atPath: study.folder) }
        let prepared = try ExampleTensors(input).prepare(study.example(), wantsMask: true)
        #expect(prepared.tensor.shape == [2, 12, 14, 16] && prepared.mask?.shape == [12, 14, 16])
        var swapped = input
        swapped.sequences = [.t1, .t1ce]
        let other = try ExampleTensors(swapped).tensor(of: study.example()).floats()
        let half = other.count / 2
        #expect(Array(prepared.tensor.floats()[..<half]) == Array(other[half...]))
        let mask = try #require(prepared.mask).floats()
        #expect(mask[(6 * 14 + 7) * 16 + 8] == 1 && mask[0] == 0)
    }

    @Test func everyExampleThatCannotBeUsedIsNamed() throws {
        let study = try Study()
        defer { try? FileManager.default.removeItem(atPath: study.folder) }
        var withoutT1 = study.series
        withoutT1[.t1] = nil
        var broken = study.series
        let file = URL(filePath: study.folder + "/broken.nii.gz")
        try Data("no image".utf8).write(to: file)
        broken[.t1ce] = file
        let examples = [
            study.example(id: "whole"), study.example(withoutT1, id: "lacks"), study.example(broken, id: "damaged"),
            study.example(label: 9, id: "elsewhere"),
        ]
        let error = try #require(throws: LearningError.self) {
            try PreparedExamples.prepare(examples.map { ($0, 1) }, by: ExampleTensors(input))
        }
        guard case .examples(let problems) = error else { throw error }
        #expect(problems.count == 3)
        #expect(problems.contains { $0.hasPrefix("lacks:") && $0.contains("T1") })
        #expect(problems.contains { $0.hasPrefix("damaged:") && $0.contains("broken.nii.gz") })
        #expect(problems.contains { $0.hasPrefix("elsewhere:") && $0.contains("label 9") })
        let skipped = try PreparedExamples.prepare(
            examples.prefix(2).map { ($0, 1) }, by: ExampleTensors(input), skipsIncomplete: true)
        #expect(skipped.items.map(\.example.id) == ["whole"] && skipped.leftOut == ["lacks"])
    }

    @Test func oneClassOnlyIsRefusedBeforeAnythingIsTrained() throws {
        let study = try Study()
        defer { try? FileManager.default.removeItem(atPath: study.folder) }
        let dataset = Dataset(
            kind: .brainMetastasis, root: URL(filePath: study.folder),
            examples: [study.example(), study.example(id: "b")])
        let split = Split(
            unit: .image, seed: 1, fractions: [.training: 1],
            assignment: ["sub-01 lesion 1": .training, "b": .training])
        let recipe = try Samples.recipe("task: lung-vs-non-lung\ninput: {size: [16, 16, 16]}")
        let error = try #require(throws: LearningError.self) {
            try PreparedCohorts(recipe, dataset: dataset, split: split)
        }
        #expect(error.description.contains("0 examples of non-lung and 2 of lung"))
    }
}
