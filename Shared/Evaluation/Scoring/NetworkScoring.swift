internal import Classifiers
internal import Contracts
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
                system: $0.system, role: $0.role, scores: [:], threshold: $0.threshold, model: $0.provenance,
                calibration: $0.folder.description.calibration?.name)
        }
        let executor = ComputeExecutor()
        var problems: [String] = []
        for (number, group) in groups.enumerated() {
            var classifiers: [(place: Int, classifier: Classifier)] = []
            for place in group {
                classifiers.append(
                    (place, try Classifier(model: models[place].folder, settings: settings, executor: executor)))
            }
            let description = models[group[0]].inputDescription
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
                        let answers = try await answers(of: classifier, models[place], tensor)
                        for (example, answer) in zip(part, answers) {
                            results[place].scores[example.id] = answer.score
                            results[place].uncalibrated[example.id] = answer.uncalibrated
                            results[place].judgements[example.id] = answer.judgement
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

    /// What a network says of one input.
    private struct Answer {
        /// The probability of the role's class 1.
        let score: Double
        /// Before the model's calibration; nil for a model without.
        let uncalibrated: Double?
        /// Nil for a model that has none.
        let judgement: TrustJudgement?
    }

    private func answers(
        of classifier: Classifier, _ model: OpenedModel, _ batch: Tensor
    ) async throws -> [Answer] {
        let (description, positive) = (model.folder.description, model.positive)
        guard description.trust != nil || description.calibration?.name != nil else {
            return try await classifier.classify(batch).map {
                Answer(score: Double($0[positive]), uncalibrated: nil, judgement: nil)
            }
        }
        // One pass gives the logits, which are calibrated here as services do, and the features.
        let seen = try await classifier.observe(batch)
        let calibration = description.calibration ?? .none
        return try zip(seen.logits, seen.features).enumerated().map { item, row in
            guard row.0.allSatisfy(\.isFinite) else {
                throw ClassifierError.outputNotFinite(model: description.name, item: item)
            }
            let probabilities = calibration.probabilities(logits: row.0)
            let distance = model.folder.detector?.distance(of: row.1.map(Double.init))
            let evidence = try NodeEvidence(
                role: model.role, model: description, probabilities: probabilities, distance: distance)
            return Answer(
                score: Double(probabilities[positive]),
                uncalibrated: calibration.name == nil
                    ? nil : Double(Calibration.none.probabilities(logits: row.0)[positive]),
                judgement: description.trust == nil ? nil : evidence.judgement)
        }
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
