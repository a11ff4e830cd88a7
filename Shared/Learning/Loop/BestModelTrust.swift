internal import Classifiers
internal import Contracts
internal import Datasets
internal import NeuralNetwork
internal import Tensors

/// Fits what the best model's answers may be trusted in, as `oncorelay model calibrate` does, and writes it into its
/// folder: calibration and label sets on the testing cohort, the distance on the training cohort. Blocks its thread.
struct BestModelTrust {
    let recipe: Recipe
    let cohorts: PreparedCohorts
    let threads: Int

    private static let batch = 16

    /// Says where the figures come from, in `trust.figures`.
    private static let note =
        "fitted on the testing cohort, which chose the epoch and the threshold, too: a cohort of its own says more"

    /// - Parameters:
    ///   - folder: of the best model.
    ///   - threshold: as training chose it, for uncalibrated probabilities; nil to move the folder's along.
    ///   - tell: told how many examples are looked at.
    /// - Returns: what came of it; where nothing can be fitted, the reason, and the folder as it was.
    /// - Throws: `LearningError.file` where the folder cannot be read or written.
    func fit(
        _ folder: String, threshold: Double?, tell: (TrainingEvent) -> Void
    ) throws(LearningError) -> TrainingResult.Trust {
        let plan: InferencePlan
        do {
            // Of the file, not of the session: weights may be rounded there. What an earlier fit left does not matter.
            let network = try NetworkFolder.load(path: folder)
            guard let weights = network.weights else { throw LearningError.file("\(folder) holds no weights") }
            // The model may serve on any machine: what is fitted shall not depend on what this one is fast at.
            plan = try InferencePlan(
                graph: network.graph, parameters: weights.parameters,
                settings: ComputeSettings(threads: threads, precision: .float32, rounding: .least))
        } catch {
            throw .file("\(folder) cannot be read: \(error)")
        }
        var outcome = TrainingResult.Trust(settings: recipe.trust.line)
        do {
            let training = recipe.trust.inside == nil ? PreparedExamples(items: []) : cohorts.training
            let total = cohorts.testing.items.count + training.items.count
            let testing = try observe(cohorts.testing, plan) { tell(.fittingTrust(done: $0, of: total)) }
            let features = try observe(training, plan) {
                tell(.fittingTrust(done: cohorts.testing.items.count + $0, of: total))
            }
            let known =
                training.items.isEmpty
                ? nil
                : TrustFitter.TrainingFeatures(
                    rows: features.features, labels: training.labels, groups: training.items.map(\.example.patient))
            var fitter = recipe.trust.fitter
            let labels = cohorts.testing.labels
            var trust: Trust
            switch Self.attempt({ try fitter.fit(logits: testing.logits, labels: labels, features: known) }) {
            case .success(let fitted): trust = fitted
            case .failure(let error):
                guard fitter.method != .none, Set(labels).count == 2 else { throw error }
                // A network that says nothing of the labels still knows what it was trained on.
                outcome.problem = "\(error)"
                fitter.method = .none
                trust = try fitter.fit(logits: testing.logits, labels: labels, features: known)
            }
            trust.add(figure: "note", .string(Self.note))
            if let outside = trust.outsideShare(of: testing.features) {
                outcome.testingOutside = outside
                trust.add(figure: "testingOutside", .number(outside))
            }
            let written = try trust.write(
                to: folder, threshold: threshold.map { Calibration.none.moved($0, to: trust.calibration) },
                keepsFormer: false)
            outcome.calibration = trust.calibration.name
            outcome.threshold = written.description.threshold
            if let before = trust.figures["uncalibrated"]?["logLoss"]?.number {
                let after = trust.figures["calibrated"]?["logLoss"]?.number ?? before
                outcome.logLoss = .init(before: before, after: after)
            }
        } catch let error as TrustError {
            outcome.problem = error.description
        } catch let error as LearningError {
            throw error
        } catch {
            throw .file("\(folder): trust cannot be written: \(error); free some space and run the same command again")
        }
        return outcome
    }

    private static func attempt(_ fit: () throws -> Trust) -> Result<Trust, any Error> { Result { try fit() } }

    /// What the network says of examples as they are served.
    private func observe(
        _ examples: PreparedExamples, _ plan: InferencePlan, tell: (Int) -> Void
    ) throws -> (logits: [[Float]], features: [[Float]]) {
        let maker = BatchMaker(examples, augmentation: .none, of: recipe, cohorts: cohorts)
        var (logits, features) = ([[Float]](), [[Float]]())
        for start in stride(from: 0, to: examples.items.count, by: Self.batch) {
            let end = min(start + Self.batch, examples.items.count)
            let seen = try plan.observe(try maker.make(Array(start..<end), epoch: 0).input)
            logits += Self.rows(of: seen.logits)
            features += Self.rows(of: seen.features)
            tell(end)
        }
        return (logits, features)
    }

    private static func rows(of tensor: Tensor) -> [[Float]] {
        let values = tensor.floats()
        let width = tensor.shape[1]
        return (0..<tensor.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }
}
