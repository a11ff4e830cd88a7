import Classifiers
import Contracts
import Datasets
import Evaluation
import Foundation
import NeuralNetwork
import Testing

/// `sweep:` instead of `models:`
struct SweepEvaluationTests {
    private func open(_ folder: Folder) throws -> [OpenedModel] {
        try OpenedModel.open(
            EvaluationConfiguration.read("{dataset: d, sweep: runs}", path: folder.path("evaluate.yaml")))
    }

    /// A run as 'train --sweep' leaves it.
    private func run(_ name: String, _ labels: [String], in folder: Folder) throws {
        _ = try Balls.model(labels, folder: folder, name: "runs/\(name)/best")
        try Data("epoch,testing_auc\n1,0.5\n".utf8).write(to: URL(filePath: folder.path("runs/\(name)/history.csv")))
    }

    @Test func everyRunOfOneQuestionIsASystemByItsName() async throws {
        let folder = try Folder()
        try run("freeze-3", ["non-lung", "lung"], in: folder)
        try run("freeze-1", ["non-lung", "lung"], in: folder)
        // A run that has not got as far as a model, and the sweep's own table.
        try FileManager.default.createDirectory(
            atPath: folder.path("runs/freeze-9"), withIntermediateDirectories: true)
        try Data("run\n".utf8).write(to: URL(filePath: folder.path("runs/sweep.csv")))
        let models = try open(folder)
        #expect(models.map(\.system) == ["freeze-1", "freeze-3"])
        #expect(models.allSatisfy { $0.history?.hasSuffix("history.csv") == true })

        let (dataset, split) = Balls.dataset()
        let scoring = NetworkScoring(
            dataset: dataset, split: split, inputs: Balls(), settings: ComputeSettings(precision: .float32))
        var material = scoring.material
        material.systems = try await scoring.scores(of: models, cohorts: [.testing, .independent])
        let evaluation = try Evaluation(material, settings: EvaluationSettings(resamples: 0))
        // Two systems with the same weights: no difference, on each cohort.
        let comparisons = evaluation.comparisons.filter { $0.unit == .lesion }
        #expect(comparisons.count == 2 && comparisons.allSatisfy { $0.difference == 0 && $0.p == 1 })
    }

    @Test func runsThatDifferInTheQuestionOnlyAreOneSystem() throws {
        let folder = try Folder()
        try run("lung-vs-non-lung,T1", ["non-lung", "lung"], in: folder)
        try run("sclc-vs-nsclc,T1", ["nsclc", "sclc"], in: folder)
        try run("bc-vs-gic,T1", ["gic", "bc"], in: folder)
        let models = try open(folder)
        #expect(Set(models.map(\.system)) == ["3D ResNet6, width × 0.125, T1"])
        #expect(Set(models.map(\.role)).count == 3)
    }

    @Test func folderWithoutRunsIsRefused() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path("runs"), withIntermediateDirectories: true)
        let error = #expect(throws: EvaluationProblems.self) { try open(folder) }
        #expect(try #require(error).description.contains("expected the runs of a sweep"))
    }

    @Test func runWithADamagedModelIsNamed() throws {
        let folder = try Folder()
        try run("freeze-1", ["non-lung", "lung"], in: folder)
        try run("freeze-2", ["non-lung", "lung"], in: folder)
        try Data("no weights".utf8).write(to: URL(filePath: folder.path("runs/freeze-2/best/weights.safetensors")))
        let error = #expect(throws: EvaluationProblems.self) { try open(folder) }
        #expect(try #require(error).description.contains("freeze-2"))
    }
}
