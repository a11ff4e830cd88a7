internal import Contracts
package import Datasets
internal import NeuralNetwork

/// One run of a recipe: learns epoch by epoch, keeps the best network, and can be stopped and gone on with at any step.
package struct TrainingRun: Sendable {
    private let recipe: Recipe
    private let cohorts: PreparedCohorts
    private let split: Split
    private let folder: RunFolder
    /// A safetensors file or model folder; nil for random weights.
    private let checkpoint: String?
    private let threads: Int

    /// - Parameters:
    ///   - recipe: how to learn.
    ///   - cohorts: prepared by the same recipe.
    ///   - split: written beside the model, so that others leave the independent cohort alone, too.
    ///   - folder: where everything goes.
    ///   - checkpoint: where the weights begin; nil for seeded random ones.
    ///   - threads: of the network's arithmetic.
    package init(
        _ recipe: Recipe, cohorts: PreparedCohorts, split: Split, folder: RunFolder, checkpoint: String?, threads: Int
    ) {
        self.recipe = recipe
        self.cohorts = cohorts
        self.split = split
        self.folder = folder
        self.checkpoint = checkpoint
        self.threads = threads
    }

    /// Trains, from the beginning or from where an earlier call was stopped. Blocks its thread: never call it on the
    /// cooperative pool.
    ///
    /// - Parameters:
    ///   - tell: told of every step and epoch, on the calling thread.
    ///   - shouldStop: asked after every step.
    /// - Returns: what it came to; at once where the run had finished before.
    /// - Throws: `LearningError.interrupted` when it was asked to stop (the state is stored), `diverged` for numbers
    ///   that are not finite, `file` where something cannot be written, `state` where the folder holds another run.
    package func run(
        tell: (TrainingEvent) -> Void = { _ in }, shouldStop: () -> Bool = { false }
    ) throws(LearningError) -> TrainingResult {
        try folder.prepare()
        let weights = try StartingWeights(recipe, checkpoint: checkpoint)
        let fingerprint = RunState(
            recipeSHA256: recipe.digest, dataSHA256: cohorts.sha256, startSHA256: weights.sha256 ?? "")
        if var result = try finished(fingerprint) {
            // The recipe may want another calibration by now, for which nothing has to be learned again.
            if recipe.trust.isEnabled, result.trust?.settings != recipe.trust.line {
                result.trust = try trust.fit(folder.best, threshold: nil, tell: tell)
                try RunFolder.write(json: result, to: folder.result)
            }
            tell(.finished(result))
            return result
        }
        let session: TrainingSession
        do {
            let positives = cohorts.training.positives
            session = try TrainingSession(
                recipe, parameters: weights.parameters, counts: [cohorts.training.items.count - positives, positives],
                threads: threads)
        } catch {
            throw .invalid("\(error)")
        }
        var state = fingerprint
        let isResumed = folder.exists(folder.state)
        if isResumed {
            state = try RunState.restore(session, from: folder.state, of: fingerprint)
        } else {
            try folder.clear()
        }
        try RunFolder.write(recipe.text, to: folder.recipe)
        try folder.write(split)
        try RunFolder.write(EpochFigures.table(state.history), to: folder.history)
        tell(
            .started(
                training: cohorts.training.items.count, testing: cohorts.testing.items.count,
                engine: session.network.engineName, resumedAtEpoch: isResumed ? state.epoch + 1 : nil))
        var loop = TrainingLoop(
            recipe: recipe, cohorts: cohorts, folder: folder, session: session, state: state,
            writer: ModelWriter(
                recipe: recipe, input: cohorts.input, weights: weights, fingerprint: fingerprint, split: split,
                cohorts: cohorts))
        let isEarly = try loop.run(tell: tell, shouldStop: shouldStop)
        return try finish(&loop, isEarly: isEarly, tell: tell, shouldStop: shouldStop)
    }

    /// The result of a run of this recipe and data that is there already.
    private func finished(_ fingerprint: RunState) throws(LearningError) -> TrainingResult? {
        guard let bytes = folder.read(folder.result) else { return nil }
        guard let result = TrainingResult(json: bytes), result.recipeSHA256 == fingerprint.recipeSHA256,
            result.dataSHA256 == fingerprint.dataSHA256, result.startSHA256 == fingerprint.startSHA256
        else {
            throw .state(
                "\(folder.path) holds the result of another recipe, of other examples or of another split; begin anew "
                    + "with --fresh, or choose another --out")
        }
        return folder.exists(folder.best) ? result : nil
    }

    private var trust: BestModelTrust { BestModelTrust(recipe: recipe, cohorts: cohorts, threads: threads) }

    private func finish(
        _ loop: inout TrainingLoop, isEarly: Bool, tell: (TrainingEvent) -> Void, shouldStop: () -> Bool
    ) throws(LearningError) -> TrainingResult {
        let state = loop.state
        guard let best = state.best else { throw .invalid("training ended without an epoch") }
        try loop.writeLast()
        var fitted: TrainingResult.Trust?
        if recipe.trust.isEnabled {
            if shouldStop() { throw try loop.interrupted() }
            fitted = try trust.fit(folder.best, threshold: best.threshold, tell: tell)
        }
        let result = TrainingResult(
            name: recipe.name, task: recipe.task.rawValue, epochs: state.epoch, bestEpoch: best.epoch,
            stoppedEarly: isEarly, trainingAUC: best.trainingAUC,
            testingAUC: TrainingResult.Estimate(best.scores, labels: cohorts.testing.labels), testingLoss: best.loss,
            threshold: best.threshold, trainingExamples: cohorts.training.items.count,
            testingExamples: cohorts.testing.items.count, seconds: state.history.reduce(0) { $0 + $1.seconds },
            engine: loop.session.network.engineName, recipeSHA256: state.recipeSHA256, dataSHA256: state.dataSHA256,
            startSHA256: state.startSHA256, weightsSHA256: best.weightsSHA256, trust: fitted)
        try RunFolder.write(json: result, to: folder.result)
        folder.remove(folder.state)
        tell(.finished(result))
        return result
    }
}
