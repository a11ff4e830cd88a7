import Classifiers
import Contracts
import Datasets
import Evaluation
import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Networks on inputs that are made here: a bright ball in the middle for class 1, a dark one for class 0.
struct NetworkTests {
    private func dataset() -> (Dataset, Split) { Balls.dataset() }

    private func model(_ labels: [String], folder: Folder, name: String) throws -> String {
        try Balls.model(labels, folder: folder, name: name)
    }

    private func configuration(_ text: String, _ folder: Folder) throws -> EvaluationConfiguration {
        try EvaluationConfiguration.read(text, path: folder.path("evaluate.yaml"))
    }

    @Test func scoresAreTheClassifiersOwnWhateverTheOrderOfItsLabels() async throws {
        let folder = try Folder()
        _ = try model(["non-lung", "lung"], folder: folder, name: "a")
        _ = try model(["lung", "non-lung"], folder: folder, name: "b")
        let models = try OpenedModel.open(
            configuration("{dataset: d, models: [{folders: [a]}, {folders: [b]}]}", folder))
        #expect(models.map(\.system) == ["a", "b"] && models.map(\.positive) == [1, 0])
        let (dataset, split) = dataset()
        let scoring = NetworkScoring(
            dataset: dataset, split: split, inputs: Balls(), settings: ComputeSettings(precision: .float32))
        let scores = try await scoring.scores(of: models, cohorts: [.testing])
        #expect(scores[0].scores.count == 20)
        let classifier = try Classifier(model: models[0].folder, settings: ComputeSettings(precision: .float32))
        let example = dataset.examples[3]
        let input = try Balls().inputs(of: [example], for: models[0].folder.description, wantsMasks: false)[0].tensor
        let own = try await classifier.classify(try input.reshaped(to: [1] + input.shape))
        #expect(abs(Double(own[0][1]) - (scores[0].scores[example.id] ?? -1)) < 1e-5)
        // The same weights with the labels the other way round: the other class's probability.
        #expect(abs((scores[0].scores[example.id] ?? 0) + (scores[1].scores[example.id] ?? 0) - 1) < 1e-5)
        #expect(scores[0].model?.architecture == "3D ResNet6, width × 0.125" && scores[0].model?.input == "T1")
    }

    @Test func examplesThatCannotBeUsedAreAllNamed() async throws {
        let folder = try Folder()
        _ = try model(["non-lung", "lung"], folder: folder, name: "a")
        let models = try OpenedModel.open(configuration("{dataset: d, models: [{folders: a}]}", folder))
        let (dataset, split) = dataset()
        let scoring = NetworkScoring(
            dataset: dataset, split: split, inputs: Balls(broken: ["sub-1_0", "sub-18_1"]), settings: ComputeSettings())
        let error = await #expect(throws: EvaluationProblems.self) {
            try await scoring.scores(of: models, cohorts: [.testing, .independent])
        }
        #expect(try #require(error).problems.count == 2)
    }

    @Test func heatIsMeasuredAndWeightsAreDrawnAnew() async throws {
        let folder = try Folder()
        _ = try model(["non-lung", "lung"], folder: folder, name: "a")
        let models = try OpenedModel.open(configuration("{dataset: d, models: [{folders: a}]}", folder))
        let (dataset, split) = dataset()
        let settings = ComputeSettings(precision: .float32)
        let scoring = NetworkScoring(dataset: dataset, split: split, inputs: Balls(), settings: settings)
        let scores = try await scoring.scores(of: models, cohorts: [.independent])
        let wanted = EvaluationConfiguration.HeatMaps(pictures: 1, cases: 6, randomized: 2)
        let analysis = HeatMapAnalysis(
            dataset: dataset, split: split, inputs: Balls(), settings: settings, wanted: wanted)
        let found = try await analysis.figures(of: models, scores: scores, cohort: .independent)
        let figure = try #require(found.figures.first)
        #expect(figure.count == 6 && figure.layer == "layer2")
        let chance = try #require(figure.chance)
        // The ball has 485 of the cube's samples.
        #expect(abs(chance.mean - 485.0 / 13824) < 1e-12 && chance.minimum == chance.maximum)
        #expect(try #require(figure.inside).minimum >= 0 && figure.inside?.maximum ?? 2 <= 1)
        #expect(figure.pointing?.trials == 6)
        #expect(figure.randomization.map(\.layer) == ["fc", "layer2", "layer1", "stem"])
        // The whole network is another by then.
        #expect(try #require(figure.randomization.last).structuralSimilarity < 0.9)
        #expect(found.pictures.count <= 2 && !found.pictures.isEmpty)
        #expect(found.pictures.allSatisfy { Array($0.png.prefix(4)) == [0x89, 0x50, 0x4e, 0x47] })
    }

    @Test func foldersThatAreNoModelsAreNamedTogether() throws {
        let folder = try Folder()
        _ = try model(["non-lung", "lung"], folder: folder, name: "a")
        _ = try model(["non-lung", "lung"], folder: folder, name: "b")
        _ = try model(["negative", "positive"], folder: folder, name: "c")
        let text = "{dataset: d, models: [{name: x, folders: [a, b]}, {folders: c}, {folders: [absent]}], sweep: none}"
        let error = #expect(throws: EvaluationProblems.self) { try OpenedModel.open(configuration(text, folder)) }
        let problems = try #require(error).problems
        #expect(problems.count == 4)
        for word in ["two models for lung-vs-non-lung", "both clinical questions", "absent", "runs of a sweep"] {
            #expect(problems.contains { $0.contains(word) }, "\(word)")
        }
    }
}
