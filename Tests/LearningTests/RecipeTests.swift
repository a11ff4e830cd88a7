import Contracts
import Datasets
import Foundation
import Learning
import NeuralNetwork
import Testing

/// Keys, defaults and grids.
struct RecipeTests {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    @Test func defaultsForLymphNodesAreThePapers() throws {
        let recipe = try Samples.recipe("task: node-status")
        #expect(recipe.training.optimizer.kind == .sgd)
        #expect(recipe.training.optimizer.learningRate == 1e-4)
        #expect(recipe.training.optimizer.decay == 1e-6)
        #expect(recipe.training.optimizer.momentum == 0.95)
        #expect(recipe.training.batch == 64 && recipe.training.epochs == 200)
        #expect(recipe.data.fractions == [.training: 0.8, .testing: 0.2, .independent: 0])
        #expect(recipe.input.size == [299, 299])
        guard case .inceptionV3(let network) = recipe.architecture else { throw WrongKind() }
        #expect(network.classes == 1)
        #expect(recipe.augmentation.flips == [.x, .y] && recipe.augmentation.rotation == 180)
    }

    @Test func defaultsForBrainMetastasesAreThePapers() throws {
        let recipe = try Samples.recipe("task: sclc-vs-nsclc")
        #expect(recipe.input.sequences == [.dwi] && recipe.input.size == [64, 64, 64])
        #expect(recipe.input.normalization.method == "z-score")
        #expect(recipe.attention.slope == 30 && recipe.attention.threshold == 0.6 && recipe.attention.weight == 0.5)
        #expect(!recipe.attention.isEnabled)
        #expect(recipe.data.splitBy == .patient)
        #expect(abs((recipe.data.fractions[.training] ?? 0) * 449 - 285) < 1e-9)
        guard case .resnet3D(let network) = recipe.architecture else { throw WrongKind() }
        #expect(network.depth == 18 && network.inputChannels == 1)
    }

    struct WrongKind: Error {}

    @Test func unknownKeyIsNamedWithItsLineAndTheNearestKey() throws {
        let text = """
            task: bc-vs-gic
            training:
              optimizer:
                learnigRate: 0.1
            """
        let error = try #require(throws: RecipeError.self) { try Samples.recipe(text) }
        #expect(error.problems.count == 1)
        #expect(error.description.contains("sample:4"))
        #expect(error.description.contains("did you mean 'learningRate'?"))
    }

    @Test func everyProblemIsToldAtOnce() throws {
        let text = """
            task: bc-vs-gic
            inputs: {size: [64, 64, 64]}
            training: {epochs: many, batch: 0}
            augmentation: {rotation: -5}
            """
        let error = try #require(throws: RecipeError.self) { try Samples.recipe(text) }
        #expect(error.problems.map(\.place.line) == [4, 3, 3, 2])
        #expect(error.description.contains("did you mean 'input'?"))
        #expect(error.description.contains("training.epochs: expected a whole number from 1"))
    }

    @Test(arguments: [
        ("task: [", "is no YAML"), ("task: lungs", "lung-vs-non-lung"), ("", "task: expected one of"),
        ("task: node-status\nattention: {enabled: true}", "no mask"),
        ("task: node-status\nnetwork: {kind: resnet3d}", "inception-v3"),
        ("task: bc-vs-gic\ninput: {sequences: [T1, T1]}", "each once"),
        ("task: bc-vs-gic\nattention: {layer: layer9, enabled: true}", "has no layer9"),
        ("task: bc-vs-gic\nattention: {enabled: true, erasure: 1}\nstart: {freeze: 1}", "freeze must be none"),
        ("task: bc-vs-gic\ndata: {fractions: {training: 0.5, testing: 0.2}}", "add up to 1"),
        ("task: bc-vs-gic\ntask: bc-vs-gic", "twice"),
    ])
    func whatCannotBeIsRefusedInWords(text: String, expected: String) throws {
        let error = try #require(throws: RecipeError.self) { try Samples.recipe(text) }
        #expect(error.description.contains(expected), "\(error)")
    }

    @Test func wholeTextReadsBackAsTheSameRecipe() throws {
        let text = """
            task: bc-vs-gic
            name: 'a "name"'
            data: {splitBy: group, seed: 9, missingSequences: skip}
            input:
              sequences: [T1CE, T2, DWI]
              normalization: {measured: otsu, clip: 5, steps: [{name: n4, iterations: [10, 10]}, {name: registration}]}
            network: {widthMultiplier: 0.25, dilation: [1, 1, 2, 4]}
            attention: {enabled: true, layer: layer3, erasure: 0.5}
            training: {classWeights: [1, 2.5], optimizer: {kind: sgd, nesterov: true}, schedule: {kind: step}}
            model: {threshold: 0.25, gradCAMLayer: layer3, weights: float16, intendedUse: "A trial."}
            """
        for text in [text, "task: node-status\nstart: {freeze: 3, checkpoint: ../weights.safetensors, keepHead: true}"]
        {
            let recipe = try Samples.recipe(text)
            #expect(try Samples.recipe(recipe.text) == recipe)
        }
    }

    @Test func digestTellsLearningApartAndNotPlaces() throws {
        let recipe = try Samples.recipe("task: bc-vs-gic")
        #expect(try Samples.recipe("task: bc-vs-gic\nname: other\ndata: {folder: /there}").digest == recipe.digest)
        #expect(try Samples.recipe("task: bc-vs-gic\ntraining: {seed: 2}").digest != recipe.digest)
        #expect(try Samples.recipe("task: bc-vs-gic\nattention: {erasure: 0}").digest == recipe.digest)
        #expect(try Samples.recipe("task: bc-vs-gic\nattention: {erasure: 1}").digest != recipe.digest)
    }

    @Test func gridIsEveryValueWithEveryOther() throws {
        let text = """
            task: bc-vs-gic
            sweep:
              task: [bc-vs-gic, sclc-vs-nsclc]
              input.sequences: [[T1], [T1CE, DWI], [T1CE, T2, DWI]]
            """
        let runs = try RecipeFile(text: text, name: "grid").grid()
        #expect(
            runs.map(\.name) == [
                "bc-vs-gic,T1", "bc-vs-gic,T1CE+DWI", "bc-vs-gic,T1CE+T2+DWI", "sclc-vs-nsclc,T1",
                "sclc-vs-nsclc,T1CE+DWI", "sclc-vs-nsclc,T1CE+T2+DWI",
            ])
        #expect(runs[5].recipe.input.sequences == [.t1ce, .t2, .dwi] && runs[5].recipe.architecture.inputChannels == 3)
    }

    @Test func settingsOfTheCommandLineStandAboveTheFile() throws {
        let folder = "\(Self.repository)/recipes/brain-metastasis"
        let file = try RecipeFile(
            path: "\(folder)/resnet6.yaml", settings: ["training.epochs=5", "input.sequences=[T2, FLAIR]"])
        let recipe = try file.recipe()
        #expect(recipe.training.epochs == 5 && recipe.input.sequences == [.t2, .flair])
        #expect(throws: RecipeError.self) {
            try RecipeFile(path: "\(folder)/resnet6.yaml", settings: ["training.epoch=5"]).recipe()
        }
    }

    @Test func anotherKindTakesNothingOverFromTheBase() throws {
        let folder = "\(Self.repository)/recipes/brain-metastasis"
        let adam = try RecipeFile(
            path: "\(folder)/resnet6.yaml", settings: ["training.optimizer={kind: sgd, momentum: 0.5}"])
        #expect(try adam.recipe().training.optimizer.learningRate == 1e-3)
        let same = try RecipeFile(path: "\(folder)/resnet6.yaml", settings: ["training.optimizer.learningRate=0.5"])
        #expect(try same.recipe().training.optimizer.kind == .adamw)
    }

    @Test func everyRecipeOfTheRepositoryCanBeUsed() throws {
        let files = FileManager.default
        var names: Set<String> = []
        for room in ["brain-metastasis", "lymph-node", "demo"] {
            let folder = "\(Self.repository)/recipes/\(room)"
            for name in try files.contentsOfDirectory(atPath: folder) where name.hasSuffix(".yaml") {
                let file = try RecipeFile(path: "\(folder)/\(name)")
                _ = try file.recipe()
                names.insert(name)
                let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
                if text.contains("\nsweep:") { #expect(try file.grid().count > 1) }
            }
        }
        #expect(
            names.isSuperset(of: ["resnet6.yaml", "resnet18.yaml", "resnet18-attention.yaml", "inception-v3.yaml"]))
    }

    @Test func papersGridsAreWhole() throws {
        let folder = "\(Self.repository)/recipes/brain-metastasis"
        for network in ["resnet6", "resnet18", "resnet18-attention"] {
            let runs = try RecipeFile(path: "\(folder)/\(network).yaml").grid()
            #expect(runs.count == 24)
            #expect(Set(runs.map(\.recipe.task)).count == 3)
            #expect(Set(runs.map(\.recipe.input.sequences)).count == 8)
            #expect(runs.allSatisfy { $0.recipe.attention.isEnabled == (network == "resnet18-attention") })
        }
        let depths = try RecipeFile(path: "\(Self.repository)/recipes/lymph-node/inception-v3.yaml").grid()
        #expect(depths.map(\.recipe.start.frozenConvolutions) == [0, 1, 2, 3, 5, 7, 9])
    }
}
