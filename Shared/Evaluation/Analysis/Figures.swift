package import Contracts
package import Datasets
package import Statistics

/// An interval.
package struct IntervalFigure: Sendable, Equatable, Encodable {
    package let lower, upper: Double
}

/// An interval from resampled patients, or why there is none.
package enum ResampledFigure: Sendable, Equatable, Encodable {
    case interval(IntervalFigure)
    case notComputed(String)

    /// What `resample` gives, or its reason; nil where nobody asked for resamples.
    static func of(
        _ settings: EvaluationSettings, _ resample: () throws(StatisticsError) -> PatientBootstrap
    ) -> ResampledFigure? {
        guard settings.resamples > 0 else { return nil }
        do throws(StatisticsError) {
            let found = try resample()
            return .interval(IntervalFigure(lower: found.lower, upper: found.upper))
        } catch {
            return .notComputed(error.description)
        }
    }

    package var interval: IntervalFigure? {
        if case .interval(let interval) = self { interval } else { nil }
    }

    package var reason: String? {
        if case .notComputed(let reason) = self { reason } else { nil }
    }

    private enum CodingKeys: String, CodingKey { case notComputed }

    /// An interval's keys, or `notComputed`.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .interval(let interval): try interval.encode(to: encoder)
        case .notComputed(let reason):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(reason, forKey: .notComputed)
        }
    }
}

/// An area under a ROC curve with DeLong's interval and, by resampled patients, another.
package struct AreaFigure: Sendable, Equatable, Encodable {
    package let value, variance, lower, upper: Double
    /// Nil where nobody asked for it.
    package let bootstrap: ResampledFigure?

    init(_ area: AUCEstimate, bootstrap: ResampledFigure?) {
        value = area.value
        variance = area.variance
        lower = area.lower
        upper = area.upper
        self.bootstrap = bootstrap
    }
}

/// A share with its intervals.
package struct ShareFigure: Sendable, Equatable, Encodable {
    package let successes, trials: Int
    package let value: Double
    package let wilson, clopperPearson: IntervalFigure

    init(_ share: Proportion, level: Double) {
        successes = share.successes
        trials = share.trials
        value = share.value
        let (narrow, exact) = (share.wilson(level: level), share.clopperPearson(level: level))
        wilson = IntervalFigure(lower: narrow.lower, upper: narrow.upper)
        clopperPearson = IntervalFigure(lower: exact.lower, upper: exact.upper)
    }

    init?(_ share: Proportion?, level: Double) {
        guard let share else { return nil }
        self.init(share, level: level)
    }
}

/// Counts and shares at one cut. A share of nothing is absent.
package struct CountsFigure: Sendable, Equatable, Encodable {
    package let tp, fp, fn, tn: Int
    package let sensitivity, specificity, ppv, npv, accuracy: ShareFigure?
    /// (sensitivity + specificity) / 2: the area through this one point.
    package let area: Double?
    package let matthewsCorrelation: Double

    package init(_ counts: ConfusionCounts, level: Double) {
        tp = counts.truePositives
        fp = counts.falsePositives
        fn = counts.falseNegatives
        tn = counts.trueNegatives
        sensitivity = ShareFigure(counts.sensitivity, level: level)
        specificity = ShareFigure(counts.specificity, level: level)
        ppv = ShareFigure(counts.positivePredictiveValue, level: level)
        npv = ShareFigure(counts.negativePredictiveValue, level: level)
        accuracy = ShareFigure(counts.accuracy, level: level)
        area = counts.area
        matthewsCorrelation = counts.matthewsCorrelation
    }
}

/// A score that may lie above all others: JSON has no infinity, so that one is the text "inf".
package struct ThresholdFigure: Sendable, Equatable, Encodable {
    package let value: Double

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if value.isFinite { try container.encode(value) } else { try container.encode("inf") }
    }
}

/// The cut that was taken, and where it comes from.
package struct CutFigure: Sendable, Equatable, Encodable {
    package let threshold: ThresholdFigure
    /// Such as `the model's threshold`.
    package let source: String
    /// Whether it was chosen on the very cases that it is judged by: shares at it flatter.
    package let isChosenHere: Bool
}

package struct YoudenFigure: Sendable, Equatable, Encodable {
    package let threshold: ThresholdFigure
    package let sensitivity, specificity, j: Double
}

package struct ROCPointFigure: Sendable, Equatable, Encodable {
    package let threshold: ThresholdFigure
    package let fpr, tpr: Double
}

package struct BandPointFigure: Sendable, Equatable, Encodable {
    package let fpr, lower, upper: Double
}

/// How well probabilities keep their word.
package struct CalibrationFigure: Sendable, Equatable, Encodable {
    package struct Bin: Sendable, Equatable, Encodable {
        package let lower, upper, meanProbability: Double
        package let observed: ShareFigure
    }
    package let brier, logLoss, expectedCalibrationError: Double
    package let bins: [Bin]

    init(_ report: CalibrationReport, level: Double) {
        brier = report.brier
        logLoss = report.logLoss
        expectedCalibrationError = report.expectedCalibrationError
        bins = report.bins.map {
            Bin(
                lower: $0.lower, upper: $0.upper, meanProbability: $0.meanProbability,
                observed: ShareFigure($0.observed, level: level))
        }
    }
}

package struct NetBenefitFigure: Sendable, Equatable, Encodable {
    package let threshold, netBenefit, treatAll: Double
}

/// What one system answers to one question, on one cohort, counted by one unit.
package struct TaskFigure: Sendable, Encodable {
    package let system: String
    package let task: ClassifierRole
    package let cohort: Cohort
    package let unit: EvaluationUnit
    package let positives, negatives, patients: Int
    package let auc: AreaFigure
    package let averagePrecision: Double
    package let cut: CutFigure
    package let atCut: CountsFigure
    package let youden: [YoudenFigure]
    package let calibration: CalibrationFigure
    /// Before the model's calibration; nil for a model without.
    package let uncalibrated: CalibrationFigure?
    package let decisionCurve: [NetBenefitFigure]
    package let roc: [ROCPointFigure]
    package let band: [BandPointFigure]
    /// Why the curve has no band; nil where it has one, or is one of too many to show.
    package let bandNotComputed: String?
}

/// Two areas compared.
package struct ComparisonFigure: Sendable, Encodable {
    package let first, second: String
    package let task: ClassifierRole
    package let cohort: Cohort
    package let unit: EvaluationUnit
    /// The first area less the second.
    package let difference, lower, upper: Double
    /// Nil where neither area varies, but they differ.
    package let z: Double?
    /// DeLong's, two-sided.
    package let p: Double
    /// Adjusted for the number of comparisons on this cohort.
    package var adjustedP: Double
    /// By resampled patients.
    package let bootstrap: ResampledFigure?
    /// McNemar's exact test of the calls at both cuts.
    package let mcnemar: McNemarFigure
}

package struct McNemarFigure: Sendable, Equatable, Encodable {
    package let onlyFirst, onlySecond: Int
    package let p: Double

    init(_ test: McNemarTest) {
        onlyFirst = test.onlyFirst
        onlySecond = test.onlySecond
        p = test.exactP
    }
}

/// One system's areas on two cohorts, whose cases are others.
package struct CohortComparisonFigure: Sendable, Encodable {
    package let system: String
    package let task: ClassifierRole
    package let unit: EvaluationUnit
    package let first, second: Cohort
    package let difference, lower, upper: Double
    package let z: Double?
    package let p: Double
}
