import Classifiers
import Contracts
import Datasets
import Evaluation
import Foundation
import NeuralNetwork
import Tensors
import Testing

/// What an evaluation says of models that say themselves what may be trusted.
struct CalibratedModelTests {
    private static let settings = ComputeSettings(precision: .float32)

    /// A model of which every answer is taken as too sure: its logits are divided by four.
    private func calibrated(_ folder: Folder, abstain: [ReasonCode] = []) async throws -> String {
        let path = try Balls.model(["non-lung", "lung"], folder: folder, name: "a")
        let model = try ModelFolder.load(path: path)
        let (dataset, _) = Balls.dataset()
        let inputs = try Balls().inputs(of: dataset.examples, for: model.description, wantsMasks: false)
        let classifier = try Classifier(model: model, settings: Self.settings)
        var (logits, features) = ([[Float]](), [[Float]]())
        for input in inputs {
            let seen = try await classifier.observe(input.tensor.reshaped(to: [1] + input.tensor.shape))
            logits += seen.logits
            features += seen.features
        }
        // The network knows nothing: labels of its own answers, every third of them wrong.
        let median = logits.map { $0[1] - $0[0] }.sorted()[20]
        let labels = logits.enumerated().map { ($1[1] - $1[0] > median) != ($0 % 3 == 0) ? 1 : 0 }
        var fitter = TrustFitter()
        fitter.method = .platt
        fitter.coverage = 0.8
        fitter.policy = .init(abstain: abstain, margin: 0.5)
        try fitter.fit(
            logits: logits.map { [0, 20 * ($0[1] - $0[0] - median)] }, labels: labels,
            features: .init(rows: features, labels: labels)
        ).write(to: path)
        return path
    }

    private func evaluation(
        _ folder: Folder, _ text: String = "{dataset: d, models: [{folders: [a]}]}"
    ) async throws -> (evaluation: Evaluation, material: EvaluationMaterial, models: [OpenedModel]) {
        let models = try OpenedModel.open(EvaluationConfiguration.read(text, path: folder.path("evaluate.yaml")))
        let (dataset, split) = Balls.dataset()
        let scoring = NetworkScoring(dataset: dataset, split: split, inputs: Balls(), settings: Self.settings)
        var material = scoring.material
        material.systems = try await scoring.scores(of: models, cohorts: [.testing, .independent])
        return (try Evaluation(material, settings: EvaluationSettings(resamples: 20)), material, models)
    }

    @Test func scoresAreCalibratedAsInServiceAndStandBesideThoseBefore() async throws {
        let folder = try Folder()
        _ = try await calibrated(folder)
        let (evaluation, material, models) = try await evaluation(folder)
        let system = try #require(material.systems.first)
        let calibration = try #require(models[0].folder.description.calibration)
        let classifier = try Classifier(model: models[0].folder, settings: Self.settings)
        let (dataset, _) = Balls.dataset()
        for example in dataset.examples.prefix(4) {
            let input = try Balls().inputs(of: [example], for: models[0].folder.description, wantsMasks: false)[0]
                .tensor
            let own = try await classifier.read(input.reshaped(to: [1] + input.shape))[0]
            let score = try #require(system.scores[example.id])
            #expect(abs(Double(own.probabilities[1]) - score) < 1e-6)
            let before = try #require(system.uncalibrated[example.id])
            let logit = Float(Foundation.log(before / (1 - before)))
            #expect(abs(Double(calibration.probabilities(logits: [logit])[1]) - score) < 1e-4)
            let distance = try #require(own.distance)
            let found = try #require(system.judgements[example.id]?.outOfDistribution?.distance)
            #expect(abs(found - distance) < 1e-3 * distance)
        }
        for figure in evaluation.figures {
            let before = try #require(figure.uncalibrated)
            #expect(before.brier != figure.calibration.brier)
        }
        let page = EvaluationReport(evaluation).html()
        #expect(page.contains("before calibration: ECE") && page.contains("True label in set"))
    }

    @Test func trustIsHeldAgainstTheTruth() async throws {
        let folder = try Folder()
        // A margin of a half: services are sure of nothing.
        _ = try await calibrated(folder, abstain: [.lowConfidence])
        let (evaluation, material, _) = try await evaluation(folder)
        let figure = try #require(evaluation.trust.first { $0.cohort == .independent })
        #expect(figure.cases == 20 && figure.calibration == "platt" && figure.coverage == 0.8)
        let system = material.systems[0]
        let members = material.cases.filter { $0.cohort == .independent }
        let sets = members.compactMap { item in
            system.judgements[item.id]?.labelSet.map { (item, $0.labels) }
        }
        let covered = sets.count { item, labels in
            labels.contains([.sclc, .nsclc].contains(item.outcome) ? "lung" : "non-lung")
        }
        #expect(figure.covered?.trials == sets.count && figure.covered?.successes == covered)
        #expect(figure.single?.successes == sets.count { $0.1.count == 1 })
        let abstained = members.count { system.judgements[$0.id]?.abstention != nil }
        #expect(abstained > 0 && figure.abstained?.successes == abstained && figure.abstained?.trials == 20)
        #expect((figure.right?.trials ?? 0) == 20 - abstained)
    }

    @Test func modelWithoutTrustHasNeither() async throws {
        let folder = try Folder()
        _ = try Balls.model(["non-lung", "lung"], folder: folder, name: "a")
        let (evaluation, material, _) = try await evaluation(folder)
        #expect(evaluation.trust.isEmpty && evaluation.figures.allSatisfy { $0.uncalibrated == nil })
        #expect(material.systems[0].uncalibrated.isEmpty)
        #expect(!EvaluationReport(evaluation).html().contains("before calibration"))
    }

    @Test func tableOfScoresKeepsThoseBeforeCalibration() async throws {
        let folder = try Folder()
        _ = try await calibrated(folder)
        let (_, material, _) = try await evaluation(folder)
        let read = try ScoreTable.read(ScoreTable.text(material), task: nil, path: "scores.csv")
        #expect(read.systems[0].uncalibrated == material.systems[0].uncalibrated)
    }

    @Test func heatMapsOfACalibratedModelAreThoseOfItsNetwork() async throws {
        let folder = try Folder()
        _ = try await calibrated(folder)
        let (_, material, models) = try await evaluation(folder)
        let (dataset, split) = Balls.dataset()
        let analysis = HeatMapAnalysis(
            dataset: dataset, split: split, inputs: Balls(), settings: Self.settings,
            wanted: EvaluationConfiguration.HeatMaps(pictures: 1, cases: 2, randomized: 2))
        let found = try await analysis.figures(of: models, scores: material.systems, cohort: .independent)
        #expect(found.figures.first?.count == 2 && found.figures.first?.randomization.count == 4)
    }

    @Test(arguments: [["non-lung", "lung"], ["lung", "non-lung"]])
    func trustIsFittedOnWhatTheModelSaysOfACohort(labels: [String]) async throws {
        let folder = try Folder()
        let model = try ModelFolder.load(path: try Balls.model(labels, folder: folder, name: "a"))
        var (dataset, split) = Balls.dataset()
        split.assignment = split.assignment.mapValues { $0 == .independent ? .training : $0 }
        let cohort = TrustCohort(dataset: dataset, split: split, inputs: Balls(), settings: Self.settings)
        let found = try await cohort.material(of: model, cohort: .testing, wantsDistance: true)
        #expect(found.logits.count == 20 && found.labels.count == 20 && found.features?.rows.count == 20)
        let testing = dataset.examples.filter { split.assignment[$0.id] == .testing }
        #expect(
            found.labels
                == testing.map { labels.firstIndex(of: [.sclc, .nsclc].contains($0.outcome) ? "lung" : "non-lung") })
        #expect(Set(found.features?.groups ?? []).count == 10)
        let input = try Balls().inputs(of: [testing[5]], for: model.description, wantsMasks: false)[0].tensor
        let classifier = try Classifier(model: model, settings: Self.settings)
        let own = try await classifier.observe(input.reshaped(to: [1] + input.shape)).logits[0]
        #expect(zip(own, found.logits[5]).allSatisfy { abs($0 - $1) < 1e-4 })
        let none = await #expect(throws: EvaluationProblems.self) {
            try await cohort.material(of: model, cohort: .independent, wantsDistance: false)
        }
        #expect(try #require(none).description.contains("nothing into independent"))
    }
}
