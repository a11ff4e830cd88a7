import Classifiers
import Foundation
import Learning
import NeuralNetwork
import Tensors
import Testing

/// The loop: what it learns, keeps, repeats and refuses.
struct TrainingRunTests {
    private func cohorts(
        _ recipe: Recipe, training: Int = 10, testing: Int = 6, brightness: Float = 0.25
    ) throws -> PreparedCohorts {
        PreparedCohorts(
            input: recipe.input,
            training: try Samples.examples(training, shape: [1, 16, 16, 16], brightness: brightness),
            testing: try Samples.examples(testing, shape: [1, 16, 16, 16], brightness: brightness))
    }

    private func run(_ recipe: Recipe, _ cohorts: PreparedCohorts, in folder: RunFolder) -> TrainingRun {
        TrainingRun(recipe, cohorts: cohorts, split: Samples.split, folder: folder, checkpoint: nil, threads: 1)
    }

    /// Lets a run take some steps; false where it came to its end.
    private func isStopped(_ run: TrainingRun, after limit: Int) throws -> Bool {
        var steps = 0
        func count(_ event: TrainingEvent) {
            if case .step = event { steps += 1 }
        }
        do {
            _ = try run.run(tell: count, shouldStop: { steps >= limit })
            return false
        } catch {
            guard case .interrupted = error else { throw error }
            return true
        }
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }

    @Test func bestAndLastFoldersAreReadyToServe() throws {
        let recipe = try Samples.tiny(training: "optimizer: {learningRate: 0.01}")
        let folder = Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let result = try run(recipe, try cohorts(recipe, brightness: 1), in: folder).run()
        for path in [folder.best, folder.last] {
            let model = try ModelFolder.load(path: path)
            #expect(model.description.labels == ["non-lung", "lung"])
            #expect(model.description.training?["recipeSHA256"]?.text == recipe.digest)
            #expect(model.description.intendedUse.contains("Not for diagnosis"))
        }
        #expect(try ModelFolder.load(path: folder.best).weightsSHA256 == result.weightsSHA256)
        #expect(result.epochs == 3 && result.trainingExamples == 10 && result.testingExamples == 6)
        let history = try String(contentsOfFile: folder.history, encoding: .utf8).split(separator: "\n")
        #expect(history.count == 4 && history[0].hasPrefix("epoch,learning_rate,training_loss"))
        #expect(!folder.exists(folder.state) && folder.exists(folder.split) && folder.exists(folder.recipe))
        #expect(try Samples.recipe(String(contentsOfFile: folder.recipe, encoding: .utf8)) == recipe)
    }

    @Test func whatCanBeLearnedIsLearned() throws {
        let recipe = try Samples.tiny(training: "optimizer: {learningRate: 0.01}\n  classWeights: balanced")
        let folder = Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let result = try run(recipe, try cohorts(recipe, training: 24, brightness: 1), in: folder).run()
        #expect(try #require(result.testingAUC).value == 1)
    }

    @Test func sameSeedGivesTheSameWeightsAndAnotherSeedOthers() throws {
        let settings = "augmentation: {enabled: true}"
        func train(_ seed: Int) throws -> Data {
            let recipe = try Samples.recipe(
                """
                task: lung-vs-non-lung
                input: {sequences: [T1], size: [16, 16, 16]}
                network: {depth: 6, widthMultiplier: 0.0625}
                \(settings)
                training: {epochs: 2, batch: 4, seed: \(seed)}
                """)
            let folder = Samples.folder()
            defer { try? FileManager.default.removeItem(atPath: folder.path) }
            _ = try run(recipe, try cohorts(recipe), in: folder).run()
            return try bytes(folder.last + "/weights.safetensors")
        }
        let first = try train(1)
        #expect(try train(1) == first)
        #expect(try train(2) != first)
    }

    @Test(arguments: ["kind: sgd, momentum: 0.9, learningRate: 0.01, decay: 0.01", "kind: adamw"])
    func interruptedRunEndsInTheSameWeights(optimizer: String) throws {
        let recipe = try Samples.tiny(training: "optimizer: {\(optimizer)}")
        let examples = try cohorts(recipe)
        let (whole, parted) = (Samples.folder(), Samples.folder())
        defer {
            for folder in [whole, parted] { try? FileManager.default.removeItem(atPath: folder.path) }
        }
        _ = try run(recipe, examples, in: whole).run()
        // Stopped after every second step, in the middle of epochs and at their ends.
        var stops = 0
        while !parted.exists(parted.result) {
            if try isStopped(run(recipe, examples, in: parted), after: 2) {
                stops += 1
                #expect(parted.exists(parted.state))
            }
        }
        #expect(stops == 4)
        for file in ["/best/weights.safetensors", "/last/weights.safetensors", "/best/model.json", "/last/model.json"] {
            #expect(try bytes(whole.path + file) == bytes(parted.path + file))
        }
        func losses(_ folder: RunFolder) throws -> [[Substring]] {
            try String(contentsOfFile: folder.history, encoding: .utf8).split(separator: "\n")
                .map { $0.split(separator: ",").dropLast() }
        }
        #expect(try losses(whole) == losses(parted))
    }

    @Test func finishedRunIsNotRepeated() throws {
        let recipe = try Samples.tiny()
        let examples = try cohorts(recipe)
        let folder = Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let result = try run(recipe, examples, in: folder).run()
        var steps = 0
        let again = try run(recipe, examples, in: folder).run { if case .step = $0 { steps += 1 } }
        #expect(again == result && steps == 0)
    }

    @Test func otherRecipeOrDataInTheFolderIsRefused() throws {
        let recipe = try Samples.tiny()
        let folder = Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        #expect(throws: LearningError.self) {
            try run(recipe, try cohorts(recipe), in: folder).run { _ in
            } shouldStop: {
                true
            }
        }
        let other = try Samples.tiny(training: "seed: 5")
        let error = try #require(throws: LearningError.self) { try run(other, try cohorts(other), in: folder).run() }
        #expect(error.description.contains("another recipe") && error.description.contains("--fresh"))
        let moreData = try #require(throws: LearningError.self) {
            try run(recipe, try cohorts(recipe, training: 12), in: folder).run()
        }
        #expect(moreData.description.contains("other examples"))
    }

    @Test func numbersThatRunAwayStopWithTheReason() throws {
        let recipe = try Samples.tiny(training: "optimizer: {kind: sgd, learningRate: 0.1}")
        let folder = Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        var examples = try cohorts(recipe)
        // A voxel that is no number.
        var items = examples.training.items
        var values = items[3].tensor.floats()
        values[77] = .nan
        items[3] = PreparedExamples.Item(
            example: items[3].example, label: items[3].label,
            tensor: try Tensor(shape: [1, 16, 16, 16], floats: values),
            mask: nil)
        examples = PreparedCohorts(
            input: recipe.input, training: PreparedExamples(items: items), testing: examples.testing)
        let error = try #require(throws: LearningError.self) { try run(recipe, examples, in: folder).run() }
        guard case .diverged(let text) = error else { throw error }
        #expect(text.contains("epoch 1, step") && text.contains("learningRate"))
        #expect(!folder.exists(folder.result) && !folder.exists(folder.last) && !folder.exists(folder.state))
    }

    @Test func trainingEndsEarlyWhenNothingBecomesBetter() throws {
        let recipe = try Samples.recipe(
            """
            task: lung-vs-non-lung
            input: {sequences: [T1], size: [16, 16, 16]}
            network: {depth: 6, widthMultiplier: 0.0625}
            augmentation: {enabled: false}
            training:
              epochs: 30
              batch: 4
              optimizer: {learningRate: 0.0}
              statisticsMomentum: 0
              earlyStopping: {patience: 2}
            """)
        let folder = Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let result = try run(recipe, try cohorts(recipe), in: folder).run()
        #expect(result.stoppedEarly && result.epochs == 3 && result.bestEpoch == 1)
    }

    @Test func frozenConvolutionsStayAndTheHeadIsNew() throws {
        let first = Samples.folder()
        let second = Samples.folder()
        defer {
            for folder in [first, second] { try? FileManager.default.removeItem(atPath: folder.path) }
        }
        let recipe = try Samples.tiny()
        _ = try run(recipe, try cohorts(recipe), in: first).run()
        let transfer = try Samples.tiny(
            "start: {freeze: 2}", training: "seed: 3\n  optimizer: {learningRate: 0.01}", task: "bc-vs-gic")
        let examples = try cohorts(transfer)
        _ = try TrainingRun(
            transfer, cohorts: examples, split: Samples.split, folder: second, checkpoint: first.last, threads: 1
        ).run()
        let before = try ModelFolder.load(path: first.last).parameters
        let after = try ModelFolder.load(path: second.last)
        for name in ["conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight", "layer1.0.bn1.weight"] {
            #expect(try after.parameters.parameter(named: name) == before.parameter(named: name), "\(name)")
        }
        for name in ["layer1.0.conv2.weight", "layer1.0.bn2.running_var", "layer2.0.conv1.weight", "fc.weight"] {
            #expect(try after.parameters.parameter(named: name) != before.parameter(named: name), "\(name)")
        }
        let provenance = after.description.training?["startedFrom"]
        #expect(provenance?["weightsSHA256"]?.text == (try ModelFolder.load(path: first.last).weightsSHA256))
        #expect(after.description.labels == ["gic", "bc"])
    }

    @Test func checkpointOfAnotherNetworkIsRefusedInWords() throws {
        let folder = Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let recipe = try Samples.tiny()
        _ = try run(recipe, try cohorts(recipe), in: folder).run()
        let wider = try Samples.recipe(recipe.text.replacing("widthMultiplier: 0.0625", with: "widthMultiplier: 0.125"))
        let refused = Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: refused.path) }
        let error = try #require(throws: LearningError.self) {
            try TrainingRun(
                wider, cohorts: try cohorts(wider), split: Samples.split, folder: refused,
                checkpoint: folder.best, threads: 1
            ).run()
        }
        #expect(error.description.contains("start.checkpoint") && error.description.contains("conv1.weight"))
    }

    @Test func folderThatCannotBeWrittenIsToldAndNothingStaysHalfWritten() throws {
        let recipe = try Samples.tiny()
        let file = FileManager.default.temporaryDirectory.path + "/learning-\(UUID().uuidString)"
        try Data().write(to: URL(filePath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let error = try #require(throws: LearningError.self) {
            try run(recipe, try cohorts(recipe), in: RunFolder(path: file + "/run")).run()
        }
        guard case .file = error else { throw error }
    }
}
