internal import Classifiers
internal import Contracts
internal import Datasets
internal import NeuralNetwork
internal import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Puts what a session has learned into a model folder that services can take.
struct ModelWriter {
    let recipe: Recipe
    let input: ModelInput
    let weights: StartingWeights
    let fingerprint: RunState
    let split: Split
    let cohorts: PreparedCohorts

    static let disclaimer = "Research use only. Not for diagnosis."

    /// - Parameters:
    ///   - session: whose weights.
    ///   - figures: of its epoch.
    ///   - scores: of the testing cohort; empty to leave their interval out.
    ///   - threshold: from which probability on the second label is given.
    ///   - folder: the model folder, replaced whole.
    /// - Returns: SHA-256 of the weights' file.
    /// - Throws: `LearningError.file`, `invalid`.
    func write(
        _ session: TrainingSession, figures: EpochFigures, scores: [Float], threshold: Double, to folder: String
    ) throws(LearningError) -> String {
        let description = ModelDescription(
            name: recipe.name, version: recipe.model.version, architecture: recipe.architecture, input: input,
            labels: recipe.task.classNames, threshold: threshold,
            gradCAM: .init(layer: recipe.model.gradCAMLayer ?? defaultLayer),
            training: provenance(figures, scores),
            intendedUse: (recipe.model.intendedUse.map { $0 + " " } ?? "") + Self.disclaimer)
        let model: ModelFolder
        do {
            var parameters = try session.network.snapshot()
            if recipe.model.weights == .float16 {
                parameters.tensors = parameters.tensors.mapValues { $0.converted(to: .float16) }
            }
            model = try ModelFolder(
                description: description, parameters: parameters, meanImage: cohorts.meanImage)
        } catch {
            throw .invalid("the model cannot be put together: \(error)")
        }
        try RunFolder.write(model, to: folder)
        return model.weightsSHA256
    }

    /// The layer that training looked at, if any.
    private var defaultLayer: String {
        recipe.attention.isEnabled ? recipe.attention.layer : recipe.architecture.defaultGradCAMLayer
    }

    /// Where the model comes from: the member `training`.
    private func provenance(_ figures: EpochFigures, _ scores: [Float]) -> JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
        func cohort(_ examples: PreparedExamples) -> JSONValue {
            .object([
                "examples": .number(Double(examples.items.count)),
                "patients": .number(Double(Set(examples.items.map(\.example.patient)).count)),
                recipe.task.classNames[0]: .number(Double(examples.items.count - examples.positives)),
                recipe.task.classNames[1]: .number(Double(examples.positives)),
            ])
        }
        var testing: [String: JSONValue] = [
            "loss": number(figures.testingLoss), "auc": number(figures.testingAUC),
        ]
        if let interval = TrainingResult.Estimate(scores, labels: cohorts.testing.labels) {
            testing["aucInterval"] = .array([.number(interval.lower), .number(interval.upper)])
        }
        var members: [String: JSONValue] = [
            "recipe": .string(recipe.name), "recipeSHA256": .string(fingerprint.recipeSHA256),
            "dataSHA256": .string(fingerprint.dataSHA256), "seed": .number(Double(recipe.training.seed)),
            "epoch": .number(Double(figures.epoch)), "epochs": .number(Double(recipe.training.epochs)),
            "split": .object([
                "unit": .string(split.unit.rawValue), "seed": .number(Double(split.seed)),
                "training": cohort(cohorts.training), "testing": cohort(cohorts.testing),
            ]),
            "figures": .object([
                "training": .object(["loss": number(figures.trainingLoss), "auc": number(figures.trainingAUC)]),
                "testing": .object(testing),
                "note": .string("the epoch was chosen on the testing cohort, whose figures flatter"),
            ]),
            "disclaimer": .string(Self.disclaimer),
        ]
        if let sha256 = weights.sha256 {
            members["startedFrom"] = .object([
                "weightsSHA256": .string(sha256), "drawnAnew": .array(weights.drawn.map(JSONValue.string)),
                "frozenConvolutions": .number(Double(recipe.start.frozenConvolutions)),
            ])
        }
        if recipe.attention.isEnabled {
            var attention: [String: JSONValue] = [
                "layer": .string(recipe.attention.layer), "slope": .number(recipe.attention.slope),
                "threshold": .number(recipe.attention.threshold), "weight": .number(recipe.attention.weight),
            ]
            if recipe.attention.erasure > 0 { attention["erasure"] = .number(recipe.attention.erasure) }
            members["attention"] = .object(attention)
        }
        return .object(members)
    }
}

/// The sigmoid, in a form that does not overflow.
enum BinaryProbability {
    static func of(_ logit: Double) -> Double {
        logit >= 0 ? 1 / (1 + exp(-logit)) : exp(logit) / (1 + exp(logit))
    }
}
