import Classifiers
import Contracts
import Datasets
import Foundation
import Imaging
import Learning
import NeuralNetwork
import Tensors
import Testing

/// The training cohort's mean image: computed, kept, subtracted.
struct MeanImageTests {
    private static let side = 75

    /// Pictures that are larger from one to the next; a volume of one slice each.
    private struct Pictures {
        let folder: String
        let examples: [Example]

        init(_ count: Int) throws {
            folder = FileManager.default.temporaryDirectory.path + "/learning-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            var examples: [Example] = []
            for number in 0..<count {
                let (width, height) = (9 + 2 * number, 11 + 2 * number)
                let values = (0..<width * height).map { Float(($0 * 37 + 11 * number) % 101) }
                let tensor = try Tensor(shape: [1, height, width], floats: values)
                let path = "\(folder)/\(number).nii"
                try NIfTIWriter.write(try Volume(tensor: tensor, affine: .identity), to: path)
                examples.append(
                    Example(
                        id: "image-\(number)", patient: "p\(number)", group: "g\(number)",
                        outcome: number % 2 == 0 ? .negative : .positive,
                        source: .cutout(image: URL(filePath: path), plane: .axial)))
            }
            self.examples = examples
        }

        var dataset: Dataset { Dataset(kind: .lymphNode, root: URL(filePath: folder), examples: examples) }

        /// The last two test.
        var split: Split {
            let pairs = examples.enumerated().map {
                ($1.id, $0 < examples.count - 2 ? Cohort.training : .testing)
            }
            return Split(
                unit: .patient, seed: 1, fractions: [:], assignment: Dictionary(uniqueKeysWithValues: pairs))
        }
    }

    private func recipe(_ mean: String, _ more: String = "") throws -> Recipe {
        try Samples.recipe(
            """
            task: node-status
            input: {size: [\(Self.side), \(Self.side)], normalization: {mean: \(mean), scale: 2}}
            network: {widthMultiplier: 0.0625}
            augmentation: {enabled: false}
            training: {epochs: 1, batch: 4, precision: float32}
            \(more)
            """)
    }

    private func withPictures(_ count: Int, _ body: (Pictures) throws -> Void) throws {
        let pictures = try Pictures(count)
        defer { try? FileManager.default.removeItem(atPath: pictures.folder) }
        try body(pictures)
    }

    @Test func meanImageIsThatOfThePaddedTrainingPictures() throws {
        try withPictures(6) { pictures in
            let cohorts = try PreparedCohorts(recipe("image"), dataset: pictures.dataset, split: pictures.split)
            let mean = try #require(cohorts.meanImage)
            #expect(mean.shape == [1, Self.side, Self.side] && cohorts.input.normalization.mean == nil)
            let values = mean.floats()
            let middle = Self.side / 2
            func value(_ row: Int, _ column: Int) -> Float { values[row * Self.side + column] }
            // In the middle all four training pictures count, at the rim none, between them the larger ones.
            #expect(value(0, 0) == 0 && value(Self.side - 1, middle) == 0)
            let own = try (0..<4).map { number in
                try ExampleTensors(cohorts.input).tensor(of: pictures.examples[number]).floats()[
                    middle * Self.side + middle] / 2
            }
            #expect(abs(value(middle, middle) - own.reduce(0, +) / 4) < 1e-6)
            let edge = middle + 8 - 1
            let there = try (0..<4).map { number in
                try ExampleTensors(cohorts.input).tensor(of: pictures.examples[number]).floats()[
                    edge * Self.side + middle] / 2
            }
            #expect(there[0] == 0 && abs(value(edge, middle) - there.reduce(0, +) / 4) < 1e-6)
        }
    }

    @Test func modelFolderCarriesItAndInputsOfServiceAreThoseOfTraining() throws {
        try withPictures(8) { pictures in
            let recipe = try recipe("image")
            let cohorts = try PreparedCohorts(recipe, dataset: pictures.dataset, split: pictures.split)
            let folder = Samples.folder()
            defer { try? FileManager.default.removeItem(atPath: folder.path) }
            _ = try TrainingRun(
                recipe, cohorts: cohorts, split: pictures.split, folder: folder, checkpoint: nil, threads: 1
            ).run()
            let model = try ModelFolder.load(path: folder.best)
            #expect(model.meanImage == cohorts.meanImage)
            let image = try #require(model.description.input.normalization.meanImage)
            #expect(image.file == "mean.safetensors" && image.sha256.count == 64)
            #expect(model.description.input.specification.contains(image.sha256.prefix(16)))
            let served = try ExampleTensors(model.resolvedInput).tensor(of: pictures.examples[7])
            let maker = BatchMaker(cohorts.testing, augmentation: .none, of: recipe, cohorts: cohorts)
            let batch = try maker.make([1], epoch: 0).input.floats()
            #expect(zip(batch, served.floats()).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    @Test func augmentedPictureLosesTheMeanImageThatItLosesInService() throws {
        try withPictures(6) { pictures in
            let recipe = try recipe("image")
            let cohorts = try PreparedCohorts(recipe, dataset: pictures.dataset, split: pictures.split)
            var flips = AugmentationSettings.none
            flips.isEnabled = true
            flips.flips = [.x]
            let plain = PreparedCohorts(
                input: cohorts.input, training: cohorts.training, testing: cohorts.testing)
            let scaled = try #require(cohorts.meanImage).floats().map { 2 * $0 }
            for epoch in 0..<4 {
                let with = try BatchMaker(
                    cohorts.training, augmentation: flips, of: recipe, cohorts: cohorts
                ).make([2], epoch: epoch).input.floats()
                let without = try BatchMaker(
                    cohorts.training, augmentation: flips, of: recipe, cohorts: plain
                ).make([2], epoch: epoch).input.floats()
                #expect(with.indices.allSatisfy { abs(with[$0] - (without[$0] - scaled[$0 % scaled.count])) < 1e-6 })
            }
        }
    }

    @Test func foldersWithAMeanImageOfAnotherShapeOrFileAreRefused() throws {
        let folder = Samples.folder().path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var description = SeededModel.defaultDescription(.nodeStatus)
        var network = InceptionV3(classes: 1)
        network.widthMultiplier = 0.0625
        description.architecture = .inceptionV3(network)
        description.input.size = [Self.side, Self.side]
        let parameters = try SeededParameters.make(for: try description.architecture.graph(), seed: 1)
        func tensor(_ shape: [Int], _ value: Float = 0.5) throws -> Tensor {
            try Tensor(shape: shape, floats: [Float](repeating: value, count: shape.reduce(1, *)))
        }
        let wrong = try #require(throws: ClassifierError.self) {
            try ModelFolder(description: description, parameters: parameters, meanImage: tensor([1, 10, 10]))
        }
        #expect("\(wrong)".contains("expected shape [1 or 3, 75, 75]") && "\(wrong)".contains("[1, 10, 10]"))
        try ModelFolder(
            description: description, parameters: parameters, meanImage: tensor([1, Self.side, Self.side])
        ).write(to: folder)
        #expect(try ModelFolder.load(path: folder).meanImage != nil)
        let input = try ModelFolder.load(path: folder).resolvedInput

        // Another file of the same name, then none.
        try SafetensorsFile.write(
            [(name: "mean", tensor: tensor([1, Self.side, Self.side], 0.25))], to: folder + "/mean.safetensors")
        let other = try #require(throws: ClassifierError.self) { try ModelFolder.load(path: folder) }
        #expect("\(other)".contains("mean.safetensors: expected SHA-256"))
        let inPreparation = try #require(throws: LearningError.self) { try ExampleTensors(input) }
        #expect("\(inPreparation)".contains("expected SHA-256"))
        try FileManager.default.removeItem(atPath: folder + "/mean.safetensors")
        #expect(throws: ClassifierError.self) { try ModelFolder.load(path: folder) }
    }

    @Test func meanIsOneNumberUnlessTheRecipeSaysOtherwise() throws {
        let folder = RecipeTests.repository + "/recipes"
        #expect(try Samples.recipe("task: node-status").mean == .pixel)
        #expect(try RecipeFile(path: folder + "/lymph-node/freeze-3.yaml").recipe().mean == .image)
        #expect(try RecipeFile(path: folder + "/demo/lymph-node.yaml").recipe().mean == .pixel)
        let recipe = try recipe("image")
        #expect(try Samples.recipe(recipe.text) == recipe && recipe.digest != (try self.recipe("pixel")).digest)
        let error = try #require(throws: RecipeError.self) { try self.recipe("picture") }
        #expect(error.description.contains("one of pixel, image"))
    }
}
