internal import Contracts
internal import NeuralNetwork
internal import Statistics

/// The epochs of one run, and what is kept of them. Belongs to one thread.
struct TrainingLoop {
    let recipe: Recipe
    let cohorts: PreparedCohorts
    let folder: RunFolder
    let session: TrainingSession
    private(set) var state: RunState
    let writer: ModelWriter
    private let maker: BatchMaker
    private let plainMaker: BatchMaker
    private let clock = ContinuousClock()
    private var lastWritten: ContinuousClock.Instant
    private var secondsPerStep: Double?

    init(
        recipe: Recipe, cohorts: PreparedCohorts, folder: RunFolder, session: TrainingSession, state: RunState,
        writer: ModelWriter
    ) {
        self.recipe = recipe
        self.cohorts = cohorts
        self.folder = folder
        self.session = session
        self.state = state
        self.writer = writer
        maker = BatchMaker(
            cohorts.training, augmentation: recipe.augmentation, of: recipe, cohorts: cohorts)
        plainMaker = BatchMaker(cohorts.testing, augmentation: .none, of: recipe, cohorts: cohorts)
        lastWritten = clock.now
    }

    /// Learns until the last epoch, or until nothing became better for long enough.
    ///
    /// - Returns: whether it stopped before the last epoch.
    mutating func run(tell: (TrainingEvent) -> Void, shouldStop: () -> Bool) throws(LearningError) -> Bool {
        let patience = recipe.training.earlyStopping.patience
        while state.epoch < recipe.training.epochs {
            if patience > 0, state.epoch - (state.best?.epoch ?? 0) >= patience { return true }
            try learn(tell: tell, shouldStop: shouldStop)
            try endEpoch(tell: tell)
            let isLast = state.epoch == recipe.training.epochs
            if shouldStop(), !isLast { throw try interrupted() }
            if !isLast, lastWritten.duration(to: clock.now) >= .seconds(recipe.training.checkpointSeconds) {
                try writeState()
            }
        }
        return false
    }

    /// The steps of one epoch, from where the state stands.
    private mutating func learn(tell: (TrainingEvent) -> Void, shouldStop: () -> Bool) throws(LearningError) {
        let training = recipe.training
        let order = EpochOrder.permutation(cohorts.training.items.count, seed: training.seed, epoch: state.epoch)
        let batches = EpochOrder.batches(order, size: training.batch)
        let pipeline = BatchPipeline(Array(batches[state.step...]), epoch: state.epoch, maker: maker)
        while state.step < batches.count {
            let start = clock.now
            let progress = Double(state.epoch) + Double(state.step) / Double(batches.count)
            session.setLearningRate(
                training.optimizer.learningRate * training.schedule.factor(at: progress, of: training.epochs))
            let step: TrainingSession.Step
            let batch: Batch
            do {
                guard let next = try pipeline.next() else { break }
                batch = next
                step = try session.step(batch)
            } catch {
                throw .invalid("\(error)")
            }
            guard step.loss.isFinite, step.attention.isFinite else {
                throw diverged("epoch \(state.epoch + 1), step \(state.step + 1): the loss became \(step.loss)")
            }
            state.sums.add(step, labels: batch.labels)
            state.step += 1
            let seconds = start.duration(to: clock.now).inSeconds
            state.sums.seconds += seconds
            secondsPerStep = secondsPerStep.map { 0.95 * $0 + 0.05 * seconds } ?? seconds
            tell(progressEvent(steps: batches.count))
            if state.step < batches.count {
                if shouldStop() { throw try interrupted() }
                if lastWritten.duration(to: clock.now) >= .seconds(max(training.checkpointSeconds, 1) * 5) {
                    try writeState()
                }
            }
        }
    }

    private func progressEvent(steps: Int) -> TrainingEvent {
        let left = (recipe.training.epochs - state.epoch) * steps - state.step
        let sums = state.sums
        return .step(
            epoch: state.epoch + 1, epochs: recipe.training.epochs, step: state.step, steps: steps,
            loss: sums.loss / Double(max(sums.items, 1)), auc: state.history.last?.testingAUC,
            secondsLeft: Double(left) * (secondsPerStep ?? 0))
    }

    /// What the epoch came to; a better network than all before is put into service's form.
    private mutating func endEpoch(tell: (TrainingEvent) -> Void) throws(LearningError) {
        let start = clock.now
        if let name = session.network.firstNonFiniteParameter() {
            throw diverged("epoch \(state.epoch + 1): parameter \(name) became infinite or NaN")
        }
        let sums = state.sums
        let items = Double(max(sums.items, 1))
        var figures = EpochFigures(
            epoch: state.epoch + 1, learningRate: Double(session.optimizer.currentLearningRate),
            trainingLoss: sums.loss / items, attentionLoss: recipe.attention.isEnabled ? sums.attention / items : nil,
            trainingAUC: Self.area(sums.scores, sums.labels), testingLoss: nil, testingAUC: nil, seconds: 0)
        var scores: [Float] = []
        if !cohorts.testing.items.isEmpty {
            do {
                scores = try session.scores(of: cohorts.testing, by: plainMaker, batch: recipe.training.batch)
                figures.testingLoss = try session.loss(of: scores, labels: cohorts.testing.labels)
            } catch {
                throw .invalid("\(error)")
            }
            guard figures.testingLoss?.isFinite ?? true, scores.allSatisfy(\.isFinite) else {
                throw diverged("epoch \(state.epoch + 1): the testing cohort's loss is no number")
            }
            figures.testingAUC = Self.area(scores, cohorts.testing.labels)
        }
        figures.seconds = sums.seconds + start.duration(to: clock.now).inSeconds
        state.history.append(figures)
        state.epoch += 1
        state.step = 0
        state.sums = RunState.Sums()
        let isBest = isBetter(figures)
        if isBest {
            let threshold = recipe.model.threshold ?? Self.youdenThreshold(scores, cohorts.testing.labels)
            let sha256 = try writer.write(
                session, figures: figures, scores: scores, threshold: threshold, to: folder.best)
            state.best = RunState.Best(
                epoch: figures.epoch, auc: figures.testingAUC, loss: figures.testingLoss,
                trainingAUC: figures.trainingAUC, scores: scores, threshold: threshold, weightsSHA256: sha256)
        }
        try RunFolder.write(EpochFigures.table(state.history), to: folder.history)
        tell(.epoch(figures, isBest: isBest))
    }

    /// Without a testing cohort the latest epoch is the best.
    private func isBetter(_ figures: EpochFigures) -> Bool {
        guard let best = state.best, let loss = figures.testingLoss, let bestLoss = best.loss else { return true }
        guard recipe.training.earlyStopping.watch == .auc, let auc = figures.testingAUC, let bestAUC = best.auc else {
            return loss < bestLoss
        }
        return auc != bestAUC ? auc > bestAUC : loss < bestLoss
    }

    /// The network as it is at the end, with a threshold of its own.
    func writeLast() throws(LearningError) {
        guard let figures = state.history.last, let best = state.best else { return }
        var scores = best.scores
        if figures.epoch != best.epoch, !cohorts.testing.items.isEmpty {
            do {
                scores = try session.scores(of: cohorts.testing, by: plainMaker, batch: recipe.training.batch)
            } catch {
                throw .invalid("\(error)")
            }
        }
        let threshold = recipe.model.threshold ?? Self.youdenThreshold(scores, cohorts.testing.labels)
        _ = try writer.write(session, figures: figures, scores: scores, threshold: threshold, to: folder.last)
    }

    private mutating func writeState() throws(LearningError) {
        if let name = session.network.firstNonFiniteParameter() {
            throw diverged("epoch \(state.epoch + 1), step \(state.step): parameter \(name) became infinite or NaN")
        }
        try state.write(session, to: folder.state)
        lastWritten = clock.now
    }

    /// Keeps the state, and says so.
    mutating func interrupted() throws(LearningError) -> LearningError {
        try writeState()
        if state.epoch == recipe.training.epochs {
            return .interrupted("stopped after the last epoch; the same command does what is left")
        }
        return .interrupted(
            "stopped in epoch \(state.epoch + 1) after \(state.step) steps; the same command goes on from there")
    }

    private func diverged(_ what: String) -> LearningError {
        let kept = folder.exists(folder.state) ? "; the last good state is kept" : ""
        return .diverged(
            "\(what); take a lower training.optimizer.learningRate (it was "
                + "\(session.optimizer.currentLearningRate)) or training.precision: float32\(kept)")
    }

    private static func area(_ scores: [Float], _ labels: [Int]) -> Double? {
        TrainingResult.Estimate(scores, labels: labels)?.value
    }

    /// The cut at which sensitivity + specificity is largest, as a probability: in the middle between the two scores
    /// that it parts; 0.5 without both classes.
    static func youdenThreshold(_ scores: [Float], _ labels: [Int]) -> Double {
        let positives = labels.count { $0 == 1 }
        let negatives = labels.count - positives
        guard positives > 0, negatives > 0, scores.count == labels.count else { return 0.5 }
        let sorted = zip(scores, labels).sorted { $0.0 > $1.0 }
        var (hits, misses) = (0, 0)
        var best = (gain: -1.0, cut: 0.0)
        for (place, (score, label)) in sorted.enumerated() {
            if label == 1 { hits += 1 } else { misses += 1 }
            let next = place + 1 < sorted.count ? sorted[place + 1].0 : score - 1
            guard next < score else { continue }
            let gain = Double(hits) / Double(positives) - Double(misses) / Double(negatives)
            if gain > best.gain { best = (gain, (Double(score) + Double(next)) / 2) }
        }
        return BinaryProbability.of(best.cut)
    }
}

extension RunState.Sums {
    mutating func add(_ step: TrainingSession.Step, labels: [Int]) {
        loss += Double(step.loss) * Double(labels.count)
        attention += Double(step.attention) * Double(labels.count)
        items += labels.count
        scores += step.scores
        self.labels += labels
    }
}

extension TrainingResult.Estimate {
    /// DeLong's; nil without both classes.
    init?(_ scores: [Float], labels: [Int]) {
        guard let cases = try? LabeledScores(labels: labels.map { $0 == 1 }, scores: scores.map(Double.init)),
            let area = try? DeLong.area(under: cases)
        else { return nil }
        self.init(value: area.value, lower: area.lower, upper: area.upper)
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
