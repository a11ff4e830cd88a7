package import Classifiers
internal import Contracts
package import Datasets
package import NeuralNetwork

/// What a model's trust is fitted on: its logits for one cohort, its features of another, as it computes in service.
package struct TrustCohort: Sendable {
    package let dataset: Dataset
    package let split: Split
    package let inputs: any ExampleInputs
    package let settings: ComputeSettings

    private static let batch = 32

    package init(
        dataset: Dataset, split: Split, inputs: any ExampleInputs = LearningInputs(), settings: ComputeSettings
    ) {
        self.dataset = dataset
        self.split = split
        self.inputs = inputs
        self.settings = settings
    }

    /// Logits, labels and features, as `TrustFitter` takes them.
    package struct Material: Sendable {
        package let logits: [[Float]]
        package let labels: [Int]
        package let features: TrustFitter.TrainingFeatures?
    }

    /// Runs a model over the cohorts.
    ///
    /// - Parameters:
    ///   - model: without trust of its own.
    ///   - cohort: which gives the logits: one that the network was not trained on.
    ///   - wantsDistance: whether the training cohort's features are wanted, too.
    ///   - progress: told how many of how many examples are done.
    /// - Returns: what the trust is fitted on.
    /// - Throws: ``EvaluationProblems`` for a model of no known question, a cohort without examples and examples that
    ///   cannot be used; what the network's computation throws.
    package func material(
        of model: ModelFolder, cohort: Cohort, wantsDistance: Bool,
        progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> Material {
        let labels = model.description.labels.map { $0.lowercased() }
        guard let role = ClassifierRole(labels: labels), role.task == dataset.kind else {
            throw EvaluationProblems([
                "the model's labels \(labels.joined(separator: ", ")) answer no question of a cohort of "
                    + dataset.kind.rawValue
            ])
        }
        let all = dataset.labelled(for: role)
        func members(_ cohort: Cohort) -> [(example: Example, label: Int)] {
            all.filter { split.assignment[$0.example.id] == cohort }
                .map { ($0.example, labels.firstIndex(of: role.classNames[$0.label]) ?? $0.label) }
        }
        let (fitted, known) = (members(cohort), wantsDistance ? members(.training) : [])
        guard !fitted.isEmpty else { throw EvaluationProblems(["the split puts nothing into \(cohort.rawValue)"]) }
        let classifier = try Classifier(model: model, settings: settings)
        var description = model.description
        description.input = model.resolvedInput
        let total = fitted.count + known.count
        let seen = try await observe(fitted.map(\.example), description, classifier) { progress($0, total) }
        var features: TrustFitter.TrainingFeatures?
        if !known.isEmpty {
            let rows = try await observe(known.map(\.example), description, classifier) {
                progress(fitted.count + $0, total)
            }
            features = .init(rows: rows.features, labels: known.map(\.label), groups: known.map(\.example.patient))
        }
        return Material(logits: seen.logits, labels: fitted.map(\.label), features: features)
    }

    private func observe(
        _ examples: [Example], _ model: ModelDescription, _ classifier: Classifier, progress: (Int) -> Void
    ) async throws -> (logits: [[Float]], features: [[Float]]) {
        var (logits, features) = ([[Float]](), [[Float]]())
        for start in stride(from: 0, to: examples.count, by: Self.batch) {
            let part = Array(examples[start..<min(start + Self.batch, examples.count)])
            let made = inputs
            let prepared = try await Task.detached { try made.inputs(of: part, for: model, wantsMasks: false) }.value
            let found = try await classifier.observe(try NetworkScoring.stacked(prepared.map(\.tensor)))
            logits += found.logits
            features += found.features
            progress(start + part.count)
        }
        return (logits, features)
    }
}
