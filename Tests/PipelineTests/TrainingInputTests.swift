import Classifiers
import Contracts
import Datasets
import Foundation
import Learning
import Synchronization
import TensorStore
import Tensors
import Testing

/// What a network learns from is what it will be served.
struct TrainingInputTests {
    /// Patches that the services made, by key.
    private final class Patches: Sendable {
        private let seen = Mutex<[String: Tensor]>([:])
        var all: [String: Tensor] { seen.withLock { $0 } }
        func add(_ tensor: Tensor, _ key: String) { seen.withLock { $0[key] = tensor } }
    }

    @Test func lesionsPatchesOfTrainingAreThoseOfService() async throws {
        let patches = Patches()
        let store = WatchfulStore(beforeGet: { key, store in
            if key.contains(":patch:") { patches.add(try await store.get(key), key) }
        })
        try await PipelineHarness.run(store: store) { harness in
            let study = try harness.folder.brainStudy("1.2.3.1")
            _ = try await harness.ending(of: study)
            let served = try #require(
                patches.all.first { $0.key.contains(":region:label-1:") || $0.key.contains("component-1") })
            func file(_ location: String) -> URL { URL(filePath: harness.folder.root + "/" + location.dropFirst(5)) }
            let series = Dictionary(uniqueKeysWithValues: study.series.map { ($0.sequence, file($0.location)) })
            let mask = try #require(study.regions?.mask?.location)
            let example = Example(
                id: "lesion", patient: "patient", group: "lesion", outcome: .bc,
                source: .lesion(series: series, mask: file(mask), label: 1))
            let sequences: [MRSequence] = [.t1, .t2, .dwi, .t1ce]
            let input = ModelInput(
                sequences: sequences, spacing: Array(repeating: ModelSet.patchSpacing, count: 3),
                size: Array(repeating: ModelSet.patchSize, count: 3),
                normalization: ClassifierRole.bcVersusGIC.defaultInput.normalization)
            let trained = try ExampleTensors(input).tensor(of: example)
            #expect(served.value.shape == trained.shape)
            #expect(served.value == trained)
            // A patch with a margin has the same samples in its middle.
            let wide = try ExampleTensors(input, margin: 3).tensor(of: example)
            let maker = BatchMaker(
                PreparedExamples(items: [.init(example: example, label: 0, tensor: wide, mask: nil)]),
                augmentation: .none, seed: 1, extents: input.size, channels: 4)
            let cut = try maker.make([0], epoch: 0).input.floats()
            #expect(zip(cut, trained.floats()).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    @Test func cutOutsOfTrainingAreThoseOfServiceWithTheMeanImageSubtracted() async throws {
        let patches = Patches()
        let store = WatchfulStore(beforeGet: { key, store in
            if key.contains(":patch:") { patches.add(try await store.get(key), key) }
        })
        let side = ModelSet.cutOutSize
        let mean = try Tensor(
            shape: [1, side, side], floats: (0..<side * side).map { Float($0 % 97) / 97 + Float($0 / side) / 300 })
        try await PipelineHarness.run(models: .subtracting(mean), store: store) { harness in
            var study = try harness.folder.nodeStudy("1.2.3.7")
            let volume = try harness.folder.volume("node/t2.nii.gz")
            let location = try harness.folder.write(
                try volume.crop(columns: 8..<37, rows: 12..<33, slice: 5), harness.folder.fresh("crop.nii.gz"))
            study.series = [SubmittedSeries(sequence: .t2, location: location, plane: .axial)]
            study.regions = nil
            let result = try await harness.ending(of: study).result()
            #expect("\(result.quality)".contains("mean image subtracted"))
            let served = try #require(patches.all.values.first)

            let example = Example(
                id: "node", patient: "patient", group: "node", outcome: .positive,
                source: .cutout(
                    image: URL(filePath: harness.folder.root + "/" + location.dropFirst(5)), plane: .axial))
            let model = try ModelFolder.load(path: "\(harness.folder.models)/node-status")
            let evaluated = try ExampleTensors(model.resolvedInput).tensor(of: example)
            #expect(evaluated == served)
            // In training the mean image is subtracted after augmentation, by the batch maker.
            var plain = model.description.input
            plain.normalization.meanImage = nil
            let stored = try PreparedExamples.prepare([(example, 1)], by: ExampleTensors(plain))
            let recipe = try RecipeFile(
                text: """
                    task: node-status
                    input: {size: [\(side), \(side)], normalization: {mean: image, scale: 1}}
                    network: {widthMultiplier: 0.0625}
                    """, name: "test"
            ).recipe()
            let cohorts = PreparedCohorts(input: plain, training: stored, testing: stored, meanImage: mean)
            let maker = BatchMaker(stored, augmentation: .none, of: recipe, cohorts: cohorts)
            let trained = try maker.make([0], epoch: 0).input.floats()
            #expect(zip(trained, served.floats()).allSatisfy { abs($0 - $1) < 1e-6 })
            #expect(trained.count == 3 * side * side)
        }
    }
}
