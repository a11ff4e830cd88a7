import Classifiers
import Contracts
import Foundation
import Learning
import NeuralNetwork
import Tensors
import Testing

/// What is fitted once training has ended.
struct TrustAfterTrainingTests {
    private func recipe(_ trust: String) throws -> Recipe {
        try Samples.tiny(trust, training: "optimizer: {learningRate: 0.01}")
    }

    private func cohorts(_ recipe: Recipe, testing: [Int]? = nil) throws -> PreparedCohorts {
        let shape = [1, 16, 16, 16]
        let all = try Samples.examples(40, shape: shape, brightness: 0.3).items
        return PreparedCohorts(
            input: recipe.input, training: PreparedExamples(items: Array(all.prefix(24))),
            testing: PreparedExamples(items: (testing ?? Array(24..<40)).map { all[$0] }))
    }

    private func run(
        _ recipe: Recipe, _ cohorts: PreparedCohorts, in folder: RunFolder, tell: (TrainingEvent) -> Void = { _ in },
        shouldStop: () -> Bool = { false }
    ) throws -> TrainingResult {
        try TrainingRun(
            recipe, cohorts: cohorts, split: Samples.split, folder: folder, checkpoint: nil, threads: 1
        ).run(tell: tell, shouldStop: shouldStop)
    }

    private func withFolder(_ body: (RunFolder) throws -> Void) throws {
        let folder = Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        try body(folder)
    }

    /// Logits of the best model, computed as the fit does.
    private func logits(_ folder: RunFolder, _ examples: PreparedExamples) throws -> [[Float]] {
        let model = try ModelFolder.load(path: folder.best)
        let plan = try InferencePlan(
            graph: model.graph, parameters: model.parameters,
            settings: ComputeSettings(precision: .float32, rounding: .least))
        let floats = examples.items.flatMap { $0.tensor.floats() }
        let batch = try Tensor(shape: [examples.items.count] + examples.items[0].tensor.shape, floats: floats)
        let values = try plan.run(batch).floats()
        return stride(from: 0, to: values.count, by: 2).map { Array(values[$0..<$0 + 2]) }
    }

    @Test func bestModelGoesIntoServiceCalibrated() throws {
        try withFolder { folder in
            let recipe = try recipe(
                "trust: {coverage: 0.8, abstain: [out-of-distribution, low-confidence], margin: 0.1}")
            let cohorts = try cohorts(recipe)
            let result = try run(recipe, cohorts, in: folder)
            let model = try ModelFolder.load(path: folder.best)
            let trust = try #require(model.description.trust)
            #expect(trust.weightsSHA256 == result.weightsSHA256 && trust.conformal?.coverage == 0.8)
            #expect(trust.policy?.abstain == [.outOfDistribution, .lowConfidence] && trust.policy?.margin == 0.1)
            #expect(model.detector?.featureCount == model.graph.featureCount)
            #expect(trust.figures?["note"]?.text?.contains("chose the epoch") == true)

            // The fit is the one of 'model calibrate' on the same cases.
            let logits = try logits(folder, cohorts.testing)
            var fitter = TrustFitter()
            fitter.coverage = 0.8
            let own = try fitter.fit(logits: logits, labels: cohorts.testing.labels)
            guard case .temperature(let expected) = own.calibration,
                case .temperature(let found)? = model.description.calibration
            else { throw Missing() }
            #expect(abs(found - expected) < 1e-6 * expected)
            // Each case keeps its label.
            let before = logits.map { Double(Calibration.none.probabilities(logits: $0)[1]) >= result.threshold }
            let after = logits.map {
                Double(Calibration.temperature(found).probabilities(logits: $0)[1]) >= model.description.threshold
            }
            #expect(before == after)
            #expect(result.trust?.calibration == "temperature" && result.trust?.problem == nil)
            let change = try #require(result.trust?.logLoss)
            #expect(change.after <= change.before)
            #expect(try #require(result.trust?.testingOutside) <= 1)
            #expect(try ModelFolder.load(path: folder.last).description.calibration == nil)
            #expect(TrainingResult(json: Array(try Data(contentsOf: URL(filePath: folder.result)))) == result)
        }
    }

    struct Missing: Error {}

    @Test func recipeWithoutTrustLeavesTheModelAsItWas() throws {
        try withFolder { folder in
            let recipe = try recipe("trust: {enabled: false}")
            let result = try run(recipe, try cohorts(recipe), in: folder)
            let model = try ModelFolder.load(path: folder.best)
            #expect(result.trust == nil && model.description.trust == nil && model.description.calibration == nil)
        }
    }

    @Test func runThatIsStoppedBeforeTheFitEndsInTheSameFolder() throws {
        try withFolder { whole in
            try withFolder { parted in
                let recipe = try recipe("trust: {method: platt}")
                let cohorts = try cohorts(recipe)
                let result = try run(recipe, cohorts, in: whole)
                var epochs = 0
                let error = try #require(throws: LearningError.self) {
                    try run(
                        recipe, cohorts, in: parted, tell: { if case .epoch = $0 { epochs += 1 } },
                        shouldStop: { epochs == 3 })
                }
                guard case .interrupted(let text) = error else { throw error }
                #expect(text.contains("after the last epoch"))
                #expect(parted.exists(parted.state) && !parted.exists(parted.result))
                var steps = 0
                let again = try run(recipe, cohorts, in: parted) { if case .step = $0 { steps += 1 } }
                #expect(steps == 0 && again.trust == result.trust)
                for file in ["/best/model.json", "/best/trust.safetensors", "/last/model.json"] {
                    let (one, other) = (
                        try Data(contentsOf: URL(filePath: whole.path + file)),
                        try Data(contentsOf: URL(filePath: parted.path + file))
                    )
                    #expect(one == other, "\(file)")
                }
            }
        }
    }

    @Test func finishedRunIsCalibratedAnewWithoutLearningAgain() throws {
        try withFolder { folder in
            let first = try recipe("trust: {method: temperature}")
            let cohorts = try cohorts(first)
            let result = try run(first, cohorts, in: folder)
            var steps = 0
            let other = try recipe("trust: {method: platt, inside: none, abstain: [conformal-set-ambiguous]}")
            let again = try run(other, cohorts, in: folder) { if case .step = $0 { steps += 1 } }
            #expect(steps == 0 && again.weightsSHA256 == result.weightsSHA256)
            let model = try ModelFolder.load(path: folder.best).description
            #expect(model.calibration?.name == "platt" && model.trust?.policy?.abstain == [.conformalSetAmbiguous])
            #expect(model.trust?.outOfDistribution == nil)
        }
    }

    @Test func whatCannotBeFittedIsToldAndTheModelStays() throws {
        try withFolder { folder in
            let recipe = try recipe("trust: {}")
            // Lesions of one class only.
            let result = try run(recipe, try cohorts(recipe, testing: [25, 27, 29]), in: folder)
            #expect(try #require(result.trust?.problem).contains("both classes are needed"))
            #expect(try ModelFolder.load(path: folder.best).description.trust == nil)
        }
    }

    @Test func networkThatSaysNothingStillKnowsWhatItWasTrainedOn() throws {
        try withFolder { folder in
            let recipe = try recipe("trust: {}")
            let shape = [1, 16, 16, 16]
            // The testing cohort's classes look the other way round.
            let items = try Samples.examples(40, shape: shape, brightness: 1).items
            let testing = items[24...].map {
                PreparedExamples.Item(example: $0.example, label: 1 - $0.label, tensor: $0.tensor, mask: nil)
            }
            let cohorts = PreparedCohorts(
                input: recipe.input, training: PreparedExamples(items: Array(items.prefix(24))),
                testing: PreparedExamples(items: testing))
            let result = try run(recipe, cohorts, in: folder)
            #expect(try #require(result.trust?.problem).contains("speak against the labels"))
            let model = try ModelFolder.load(path: folder.best)
            #expect(model.description.calibration == Calibration.none && model.detector != nil)
            #expect(model.description.threshold == result.threshold && model.description.trust?.conformal != nil)
        }
    }

    @Test(arguments: [
        ("trust: {metod: platt}", "did you mean 'method'?"), ("trust: {coverage: 1.5}", "a share between 0 and 1"),
        ("trust: {abstain: [file-missing]}", "a list of out-of-distribution"),
        ("trust: {inside: none, abstain: [out-of-distribution]}", "needs trust.inside"),
        ("trust: {coverage: none, abstain: [conformal-set-ambiguous]}", "needs trust.coverage"),
        ("trust: {abstain: [low-confidence]}", "needs trust.margin"),
    ])
    func wrongWordsAreRefusedWithTheirKey(text: String, expected: String) throws {
        let error = try #require(throws: RecipeError.self) { try Samples.recipe("task: bc-vs-gic\n\(text)") }
        #expect(error.description.contains(expected), "\(error)")
    }

    @Test func trustIsReadBackAndDoesNotChangeWhatIsLearned() throws {
        let plain = try Samples.recipe("task: bc-vs-gic")
        for text in [
            "{}", "{method: none, coverage: none}", "{sets: class-conditional, abstain: [low-confidence], margin: 0.2}",
        ] {
            let recipe = try Samples.recipe("task: bc-vs-gic\ntrust: \(text)")
            #expect(recipe.trust.isEnabled && recipe.digest == plain.digest)
            #expect(try Samples.recipe(recipe.text) == recipe)
        }
        #expect(!plain.trust.isEnabled)
    }
}
