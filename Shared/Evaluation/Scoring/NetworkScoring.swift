import Foundation
package import Classifiers
package import Contracts
package import Datasets
package import NeuralNetwork
internal import Tensors

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Runs networks over a dataset: batch by batch, while the next batch is prepared.
package struct NetworkScoring: Sendable {
    package let dataset: Dataset
    package let split: Split
    package let inputs: any ExampleInputs
    package let settings: ComputeSettings

    /// Examples that are prepared and computed at once.
    private static let batch = 32

    package init(dataset: Dataset, split: Split, inputs: any ExampleInputs, settings: ComputeSettings) {
        self.dataset = dataset
        self.split = split
        self.inputs = inputs
        self.settings = settings
    }

    /// The dataset's cases and readings, without scores.
    package var material: EvaluationMaterial {
        let cases = dataset.examples.compactMap { example in
            split.assignment[example.id].map { cohort in
                EvaluationCase(
                    id: example.id, patient: example.patient, group: example.group, cohort: cohort,
                    outcome: example.outcome, shortAxis: example.shortAxis)
            }
        }
        return EvaluationMaterial(
            task: dataset.kind, cases: cases, systems: [], readings: readings, splitUnit: split.unit)
    }

    /// Scores of every example of some cohorts.
    ///
    /// - Parameters:
    ///   - models: networks for the dataset's clinical question.
    ///   - cohorts: which examples are scored.
    ///   - progress: told how many of how many inputs are scored.
    /// - Returns: scores for each network, in order.
    /// - Throws: ``EvaluationProblems`` naming every example that cannot be used, and what a network's computation throws.
    package func scores(
        of models: [OpenedModel], cohorts: [Cohort], progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> [SystemScores] {
        let wrong = models.filter { $0.role.task != dataset.kind }
        guard wrong.isEmpty else {
            throw EvaluationProblems(
                wrong.map {
                    "'\($0.system)' answers \($0.role.rawValue), the dataset is one of \(dataset.kind.rawValue)"
                })
        }
        let examples = Self.byStudy(
            dataset.examples.filter { example in
                split.assignment[example.id].map { cohorts.contains($0) } ?? false
            })
        let groups = Self.byInput(models)
        let total = examples.count * groups.count
        var results = models.map {
            SystemScores(
                system: $0.system, role: $0.role, scores: [:], threshold: $0.threshold, model: $0.provenance)
        }
        let executor = ComputeExecutor()
        var problems: [String] = []
        for (number, group) in groups.enumerated() {
            var classifiers: [(place: Int, classifier: Classifier)] = []
            for place in group {
                classifiers.append(
                    (place, try Classifier(model: models[place].folder, settings: settings, executor: executor)))
            }
            let description = models[group[0]].folder.description
            let parts = stride(from: 0, to: examples.count, by: Self.batch).map {
                Array(examples[$0..<min($0 + Self.batch, examples.count)])
            }
            var next = prepared(parts.first ?? [], description)
            for (index, part) in parts.enumerated() {
                let found = await next.value
                if index + 1 < parts.count { next = prepared(parts[index + 1], description) }
                switch found {
                case .failure(let error): problems += error.problems
                case .success(let batch):
                    let tensor = try Self.stacked(batch.map(\.tensor))
                    for (place, classifier) in classifiers {
                        let probabilities = try await classifier.classify(tensor)
                        for (example, row) in zip(part, probabilities) {
                            results[place].scores[example.id] = Double(row[models[place].positive])
                        }
                    }
                }
                progress(number * examples.count + min((index + 1) * Self.batch, examples.count), total)
            }
        }
        guard problems.isEmpty else {
            throw EvaluationProblems(EvaluationProblems.shortened(problems, what: dataset.root.path))
        }
        return results
    }

    /// Prepares inputs on a thread of its own while networks compute.
    private func prepared(
        _ examples: [Example], _ model: ModelDescription
    ) -> Task<Result<[ExampleInput], EvaluationProblems>, Never> {
        let inputs = inputs
        return Task.detached {
            do throws(EvaluationProblems) {
                return .success(try inputs.inputs(of: examples, for: model, wantsMasks: false))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Inputs of equal shape as one batch.
    static func stacked(_ tensors: [Tensor]) throws -> Tensor {
        guard let first = tensors.first else { throw EvaluationProblems(["there are no examples to score"]) }
        var floats: [Float] = []
        floats.reserveCapacity(first.count * tensors.count)
        for tensor in tensors { tensor.withFloats { floats.append(contentsOf: $0) } }
        return try Tensor(shape: [tensors.count] + first.shape, floats: floats)
    }

    /// Examples of one patient stand together, so that volumes are read once.
    private static func byStudy(_ examples: [Example]) -> [Example] {
        var order: [String: Int] = [:]
        for example in examples where order[example.patient] == nil { order[example.patient] = order.count }
        return examples.enumerated().sorted {
            (order[$0.element.patient] ?? 0, $0.offset) < (order[$1.element.patient] ?? 0, $1.offset)
        }.map(\.element)
    }

    /// Places of networks that are fed alike.
    private static func byInput(_ models: [OpenedModel]) -> [[Int]] {
        var groups: [[Int]] = []
        for (place, model) in models.enumerated() {
            let found = groups.firstIndex { models[$0[0]].folder.description.input == model.folder.description.input }
            if let found { groups[found].append(place) } else { groups.append([place]) }
        }
        return groups
    }

    /// Readers' calls of the dataset, without and with the short axis.
    private var readings: [Reading] {
        var readings: [Reading] = []
        for reader in Set(dataset.examples.flatMap { $0.readers.keys }).sorted() {
            for (condition, path) in [
                ("without SA", \Example.ReaderCall.withoutShortAxis), ("with SA", \Example.ReaderCall.withShortAxis),
            ] {
                var calls: [String: String] = [:]
                for example in dataset.examples {
                    guard let isPositive = example.readers[reader]?[keyPath: path] else { continue }
                    calls[example.id] = isPositive ? "positive" : "negative"
                }
                if !calls.isEmpty { readings.append(Reading(reader: reader, condition: condition, calls: calls)) }
            }
        }
        return readings
    }
}
