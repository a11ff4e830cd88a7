internal import Classifiers
internal import Contracts
internal import Datasets
package import NeuralNetwork

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension EvaluationRun {
    /// What an evaluation came to.
    package struct Completed: Sendable {
        package let evaluation: Evaluation
        package let material: EvaluationMaterial
        package let histories: [TrainingHistory]
        package let pictures: [CasePicture]

        /// The files that are written: scores and figures into one folder, the page into another where it is wanted.
        ///
        /// - Throws: what the encoder throws.
        package func files(in folder: String, report: String?, date: String?) throws -> EvaluationFiles {
            var files = EvaluationFiles()
            files.add(ScoreTable.text(material), at: "\(folder)/\(EvaluationFiles.scores)")
            if let report {
                let page = EvaluationReport(evaluation, histories: histories, pictures: pictures, date: date)
                files.add(page.html(), at: "\(report)/\(EvaluationFiles.page)")
            }
            // Last: where it is, all is there.
            files.add(try EvaluationFiles.json(evaluation), at: "\(folder)/\(EvaluationFiles.figures)")
            return files
        }
    }

    /// Scores what has to be scored, and computes all figures.
    ///
    /// - Parameters:
    ///   - inputs: makes networks' inputs.
    ///   - compute: threads and precision.
    ///   - wantsHeatMaps: whether heat maps are made, which only the page shows in full.
    ///   - progress: told what is done.
    /// - Returns: figures, cases and scores.
    /// - Throws: ``EvaluationProblems``, and what a network's computation throws.
    package func evaluate(
        inputs: some ExampleInputs = LearningInputs(), compute: ComputeSettings, wantsHeatMaps: Bool,
        progress: @Sendable @escaping (String) -> Void = { _ in }
    ) async throws -> Completed {
        guard configuration.scores == nil else {
            let (material, histories) = try tables()
            let evaluation = try Evaluation(material, settings: configuration.settings)
            return Completed(evaluation: evaluation, material: material, histories: histories, pictures: [])
        }
        let models = try OpenedModel.open(configuration)
        let (dataset, split) = try data(for: models)
        let scoring = NetworkScoring(dataset: dataset, split: split, inputs: inputs, settings: compute)
        var (material, histories) = try tables(scored: scoring.material)
        for model in models {
            guard let path = model.history, let text = try? Self.text(path, "a training's history"),
                let history = try? TrainingHistory(name: Self.name(of: model, among: models), text: text)
            else { continue }
            histories.append(history)
        }
        // What can be known to be wrong is told before the networks run.
        var settings = configuration.settings
        settings.cohorts = try cohorts(material)
        material.systems = try await scoring.scores(of: models, cohorts: settings.cohorts) { done, total in
            progress("scoring: \(done) of \(total) inputs")
        }
        progress("figures")
        var evaluation = try Evaluation(material, settings: settings)
        var pictures: [CasePicture] = []
        if wantsHeatMaps, let cohort = settings.cohorts.last {
            let analysis = HeatMapAnalysis(
                dataset: dataset, split: split, inputs: inputs, settings: compute, wanted: configuration.heatMaps)
            let found = try await analysis.figures(of: models, scores: material.systems, cohort: cohort) {
                progress("heat maps: \($0)")
            }
            evaluation.explanations = found.figures
            pictures = found.pictures
            let count = material.systemNames.count
            if count > HeatMapAnalysis.mostSystems {
                evaluation.warnings.append(
                    "Heat maps are those of the first \(HeatMapAnalysis.mostSystems) of \(count) systems.")
            }
        }
        return Completed(evaluation: evaluation, material: material, histories: histories, pictures: pictures)
    }

    private static func name(of model: OpenedModel, among models: [OpenedModel]) -> String {
        let isAlone = models.count { $0.system == model.system } == 1
        return isAlone ? model.system : "\(model.system), \(ReportWords.question(model.role))"
    }

    /// The dataset and its split; sequences that no network takes need not be there.
    private func data(for models: [OpenedModel]) throws(EvaluationProblems) -> (Dataset, Split) {
        guard let path = configuration.dataset else { throw EvaluationProblems(["'dataset' is missing"]) }
        let sequences = Set(models.flatMap(\.folder.description.input.sequences))
        let dataset: Dataset
        do {
            dataset = try DatasetReader(sequences: sequences, depth: .tables).read(URL(filePath: path))
        } catch {
            throw EvaluationProblems(["\(error)"])
        }
        guard let file = configuration.split else {
            // Without a split, the dataset is one that no network has seen.
            let all = Dictionary(uniqueKeysWithValues: dataset.examples.map { ($0.id, Cohort.independent) })
            return (dataset, Split(unit: .patient, seed: 0, fractions: [.independent: 1], assignment: all))
        }
        do { return (dataset, try Split(from: URL(filePath: file), for: dataset)) } catch {
            throw EvaluationProblems(error.problems.map { "\(file): \($0)" })
        }
    }

    private func cohorts(_ material: EvaluationMaterial) throws(EvaluationProblems) -> [Cohort] {
        let wanted = configuration.settings.cohorts
        let present = Cohort.allCases.filter { cohort in material.cases.contains { $0.cohort == cohort } }
        if wanted.isEmpty {
            let others = present.filter { $0 != .training }
            return others.isEmpty ? present : others
        }
        let missing = wanted.filter { !present.contains($0) }
        guard missing.isEmpty else {
            throw EvaluationProblems(missing.map { "cohorts: there are no cases of '\($0.rawValue)'" })
        }
        return wanted
    }
}
