/// What one epoch came to.
package struct EpochFigures: Sendable, Equatable, Codable {
    /// From 1.
    package var epoch: Int
    /// Of the epoch's last step, before the optimizer's own decay.
    package var learningRate: Double
    /// Means over the epoch's steps, of augmented examples and while the weights change.
    package var trainingLoss: Double
    /// The attention's term; nil without attention.
    package var attentionLoss: Double?
    package var trainingAUC: Double?
    /// Of the network after the epoch, as it would be served; nil without a testing cohort of both classes.
    package var testingLoss: Double?
    package var testingAUC: Double?
    package var seconds: Double

    /// The table `history.csv`; numbers that are not there are empty.
    static func table(_ rows: [EpochFigures]) -> String {
        func text(_ number: Double?) -> String { number.map { "\($0)" } ?? "" }
        let header =
            "epoch,learning_rate,training_loss,attention_loss,training_auc,testing_loss,testing_auc,seconds"
        let lines = rows.map { row in
            [
                "\(row.epoch)", "\(row.learningRate)", "\(row.trainingLoss)", text(row.attentionLoss),
                text(row.trainingAUC), text(row.testingLoss), text(row.testingAUC),
                "\((row.seconds * 1000).rounded() / 1000)",
            ].joined(separator: ",")
        }
        return ([header] + lines).joined(separator: "\n") + "\n"
    }
}

/// What training tells while it goes on.
package enum TrainingEvent: Sendable {
    /// So many of all examples are prepared.
    case preparing(done: Int, of: Int)
    /// The cohorts' sizes, and what computes.
    case started(training: Int, testing: Int, engine: String, resumedAtEpoch: Int?)
    /// After a step. Epochs and steps count from 1.
    case step(epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double, auc: Double?, secondsLeft: Double)
    case epoch(EpochFigures, isBest: Bool)
    /// So many of all examples are looked at once more, by the best network.
    case fittingTrust(done: Int, of: Int)
    case finished(TrainingResult)
}

/// What a finished run came to: `result.json`.
package struct TrainingResult: Sendable, Equatable, Codable {
    package struct Estimate: Sendable, Equatable, Codable {
        package var value: Double
        package var lower: Double
        package var upper: Double
    }

    /// What was fitted once training had ended.
    package struct Trust: Sendable, Equatable, Codable {
        /// The recipe's line: another one is another fit.
        package var settings: String
        /// Why probabilities were not calibrated; without `threshold` nothing else was fitted either.
        package var problem: String?
        /// `temperature` or `platt`; nil where probabilities stay as they are.
        package var calibration: String?
        /// From which calibrated probability on the second label is given.
        package var threshold: Double?
        /// Of the testing cohort, before and after.
        package var logLoss: Change?
        /// Share of the testing cohort that lies farther from the training than the limit.
        package var testingOutside: Double?

        package struct Change: Sendable, Equatable, Codable {
            package var before: Double
            package var after: Double
        }

        init(settings: String) { self.settings = settings }
    }

    package var name: String
    package var task: String
    package var epochs: Int
    package var bestEpoch: Int
    package var stoppedEarly: Bool
    /// Of the best epoch, while it learned.
    package var trainingAUC: Double?
    /// Of the best epoch's network, with DeLong's interval. It was chosen on this cohort: it flatters.
    package var testingAUC: Estimate?
    package var testingLoss: Double?
    /// Of uncalibrated probabilities.
    package var threshold: Double
    package var trainingExamples: Int
    package var testingExamples: Int
    package var seconds: Double
    package var engine: String
    package var recipeSHA256: String
    package var dataSHA256: String
    /// Of the checkpoint where the weights began; empty for random ones.
    package var startSHA256: String
    package var weightsSHA256: String
    /// Nil where the recipe wants none.
    package var trust: Trust?
    package var disclaimer = "Research use only. Not for diagnosis."
}
