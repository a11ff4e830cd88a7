import Learning
import Synchronization

/// How far training is: a line that is written over on a terminal; elsewhere a line for each epoch.
final class TrainingLine: Sendable {
    private let title: String
    private let progress: ProgressLine
    private let console: Console
    private let terminal: Terminal
    private let shown = Mutex(ContinuousClock.now - .seconds(1))

    init(title: String = "", console: Console = .standard, terminal: Terminal = .standardError) {
        self.title = title.isEmpty ? "" : title + "  "
        self.console = console
        self.terminal = terminal
        progress = ProgressLine(console: console, terminal: terminal)
    }

    func finish() { progress.finish() }

    /// A line that stays.
    func note(_ text: String) {
        progress.finish()
        console.note(title + text)
    }

    func tell(_ event: TrainingEvent) {
        switch event {
        case .preparing(let done, let count):
            if isDue || done == count { live("preparing \(done) of \(count) examples") }
        case .started(let training, let testing, let engine, let resumed):
            var text = "\(training) training and \(testing) testing examples, \(engine)"
            if let resumed { text += "; going on in epoch \(resumed)" }
            note(text)
        case .step(let epoch, let epochs, let step, let steps, let loss, let auc, let left):
            guard isDue else { return }
            var text = "\(bar(Double(epoch - 1) + Double(step) / Double(steps), of: epochs)) epoch \(epoch)/\(epochs)"
            text += "  loss \(NumberText.fixed(loss, 4))"
            if let auc { text += "  AUC \(NumberText.fixed(auc, 3))" }
            live(text + "  \(Self.duration(left)) left")
        case .epoch(let figures, let isBest):
            note(Self.summary(figures) + (isBest ? "  best" : ""))
        case .fittingTrust(let done, let count):
            if isDue || done == count { live("calibrating: \(done) of \(count) examples") }
        case .finished(let result):
            let auc = result.testingAUC.map {
                ", AUC \(NumberText.fixed($0.value, 3)) "
                    + "(\(NumberText.fixed($0.lower, 3))–\(NumberText.fixed($0.upper, 3)))"
            }
            note("best of \(result.epochs) epochs: \(result.bestEpoch)\(auc ?? "")")
            if let trust = result.trust { note(Self.summary(trust)) }
        }
    }

    static func summary(_ figures: EpochFigures) -> String {
        var text = "epoch \(figures.epoch)  loss \(NumberText.fixed(figures.trainingLoss, 4))"
        if let attention = figures.attentionLoss { text += "  attention \(NumberText.fixed(attention, 4))" }
        if let auc = figures.trainingAUC { text += "  AUC \(NumberText.fixed(auc, 3))" }
        if let loss = figures.testingLoss { text += "  testing loss \(NumberText.fixed(loss, 4))" }
        if let auc = figures.testingAUC { text += "  AUC \(NumberText.fixed(auc, 3))" }
        return text + "  \(NumberText.fixed(figures.seconds, 1)) s"
    }

    /// What the best model goes into service with.
    static func summary(_ trust: TrainingResult.Trust) -> String {
        var parts = trust.problem.map { ["not calibrated: \($0)"] } ?? []
        if let calibration = trust.calibration {
            let change = trust.logLoss.map {
                ", log loss \(NumberText.fixed($0.before, 4)) to \(NumberText.fixed($0.after, 4))"
            }
            parts.append("calibrated by \(calibration)\(change ?? "") on the testing cohort")
        }
        if let threshold = trust.threshold { parts.append("threshold \(NumberText.fixed(threshold, 3))") }
        if let outside = trust.testingOutside {
            parts.append("\(NumberText.fixed(outside * 100, 1)) % of it unlike the training")
        }
        return parts.joined(separator: "; ")
    }

    /// `1 h 05 min`, `4 min 10 s`, `12 s`.
    static func duration(_ seconds: Double) -> String {
        let whole = Int(min(max(seconds, 0), 1e8).rounded(.up))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if whole >= 3600 { return "\(whole / 3600) h \(two(whole % 3600 / 60)) min" }
        return whole >= 60 ? "\(whole / 60) min \(two(whole % 60)) s" : "\(whole) s"
    }

    private func bar(_ done: Double, of count: Int) -> String {
        let width = 20
        let filled = min(width, Int(done / Double(max(count, 1)) * Double(width)))
        return String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
    }

    /// Only a terminal is told of what goes on within an epoch, ten times a second at most.
    private func live(_ text: String) {
        if terminal.isInteractive { progress.update(title + text) }
    }

    private var isDue: Bool {
        shown.withLock { last in
            let now = ContinuousClock.now
            guard last.duration(to: now) >= .milliseconds(100) else { return false }
            last = now
            return true
        }
    }
}
