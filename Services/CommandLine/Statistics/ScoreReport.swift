import Statistics

/// What `oncorelay statistics` says of a table of scores. The keys are part of the command line's contract.
struct ScoreReport: Encodable {
    struct Interval: Encodable {
        let lower, upper: Double
    }

    struct Area: Encodable {
        let value, variance, lower, upper: Double

        init(_ area: AUCEstimate) {
            value = area.value
            variance = area.variance
            lower = area.lower
            upper = area.upper
        }
    }

    struct Comparison: Encodable {
        let difference: Double
        let z: Double?
        let p, lower, upper: Double
    }

    struct Cut: Encodable {
        let threshold: Threshold
        let sensitivity, specificity, j: Double
    }

    struct Point: Encodable {
        let threshold: Threshold
        let fpr, tpr: Double
    }

    struct McNemar: Encodable {
        let onlyFirst, onlySecond: Int
        let p: Double
    }

    struct Calibration: Encodable {
        struct Bin: Encodable {
            let lower, upper, meanProbability, observed: Double
            let count: Int
        }
        let brier, logLoss, expectedCalibrationError: Double
        let bins: [Bin]
    }

    struct Bootstrap: Encodable {
        let lower, upper: Double
        let resamples: Int
    }

    let positives, negatives: Int
    let auc: Area
    var auc2: Area?
    var delong: Comparison?
    let youden: [Cut]
    let atThreshold: ThresholdReport
    var mcnemar: McNemar?
    let averagePrecision: Double
    var bootstrap: Bootstrap?
    var calibration: Calibration?
    let roc: [Point]

    /// - Throws: `TableProblem`, `StatisticsError`.
    init(_ table: DelimitedTable, threshold: Double?, level: Double, resamples: Int, seed: UInt64) throws {
        let labels = try table.labels("label")
        let cases = try LabeledScores(labels: labels, scores: try table.numbers("score"))
        positives = cases.positives
        negatives = cases.negatives
        auc = Area(try DeLong.area(under: cases, level: level))
        let curve = try ROCCurve(cases)
        let cuts = curve.youdenCuts
        youden = cuts.map {
            Cut(
                threshold: Threshold($0.threshold), sensitivity: $0.sensitivity, specificity: $0.specificity,
                j: $0.youden)
        }
        let chosen = threshold ?? cuts[0].threshold
        atThreshold = ThresholdReport(cases, threshold: chosen, level: level)
        averagePrecision = curve.averagePrecision
        roc = curve.points.map {
            Point(threshold: Threshold($0.threshold), fpr: $0.falsePositiveRate, tpr: $0.truePositiveRate)
        }
        if table.index(of: "score2") != nil {
            let second = try LabeledScores(labels: labels, scores: try table.numbers("score2"))
            auc2 = Area(try DeLong.area(under: second, level: level))
            let comparison = try DeLong.compare(paired: cases, second, level: level)
            delong = Comparison(
                difference: comparison.difference, z: comparison.z, p: comparison.p, lower: comparison.lower,
                upper: comparison.upper)
            let other = try threshold ?? ROCCurve(second).youdenCuts[0].threshold
            let test = McNemarTest(
                truth: labels, first: cases.scores.map { $0 >= chosen }, second: second.scores.map { $0 >= other })
            mcnemar = McNemar(onlyFirst: test.onlyFirst, onlySecond: test.onlySecond, p: test.exactP)
        }
        if resamples > 0, table.index(of: "patient") != nil {
            let patients = try table.texts("patient")
            // A single patient has no interval; all else can be said of the table.
            if Set(patients).count > 1 {
                let found = try PatientBootstrap(
                    cases, patients: patients, resamples: resamples, seed: seed, level: level)
                bootstrap = Bootstrap(lower: found.lower, upper: found.upper, resamples: found.resamples)
            }
        }
        calibration = (try? CalibrationReport(cases)).map { report in
            Calibration(
                brier: report.brier, logLoss: report.logLoss,
                expectedCalibrationError: report.expectedCalibrationError,
                bins: report.bins.map {
                    .init(
                        lower: $0.lower, upper: $0.upper, meanProbability: $0.meanProbability,
                        observed: $0.observed.value, count: $0.count)
                })
        }
    }
}

/// A cut, which may lie above every score: JSON has no infinity, so that one is the text "inf".
struct Threshold: Encodable {
    private let value: Double

    init(_ value: Double) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if value.isFinite { try container.encode(value) } else { try container.encode("inf") }
    }
}

/// Counts, shares and intervals at one cut. A share of nothing is null.
struct ThresholdReport: Encodable {
    struct Intervals: Encodable {
        struct Pair: Encodable {
            let wilson, clopperPearson: ScoreReport.Interval
        }
        let sensitivity, specificity, ppv, npv, accuracy: Pair?
    }

    let threshold: Threshold
    let tp, fp, fn, tn: Int
    let sensitivity, specificity, ppv, npv, accuracy: Double?
    let matthewsCorrelation: Double
    let intervals: Intervals

    private enum CodingKeys: CodingKey {
        case threshold, tp, fp, fn, tn, sensitivity, specificity, ppv, npv, accuracy, matthewsCorrelation, intervals
    }

    init(_ cases: LabeledScores, threshold: Double, level: Double) {
        let counts = ConfusionCounts(cases, threshold: threshold)
        self.threshold = Threshold(threshold)
        tp = counts.truePositives
        fp = counts.falsePositives
        fn = counts.falseNegatives
        tn = counts.trueNegatives
        sensitivity = counts.sensitivity?.value
        specificity = counts.specificity?.value
        ppv = counts.positivePredictiveValue?.value
        npv = counts.negativePredictiveValue?.value
        accuracy = counts.accuracy?.value
        matthewsCorrelation = counts.matthewsCorrelation
        func pair(_ proportion: Proportion?) -> Intervals.Pair? {
            proportion.map {
                let (wilson, exact) = ($0.wilson(level: level), $0.clopperPearson(level: level))
                return Intervals.Pair(
                    wilson: .init(lower: wilson.lower, upper: wilson.upper),
                    clopperPearson: .init(lower: exact.lower, upper: exact.upper))
            }
        }
        intervals = Intervals(
            sensitivity: pair(counts.sensitivity), specificity: pair(counts.specificity),
            ppv: pair(counts.positivePredictiveValue), npv: pair(counts.negativePredictiveValue),
            accuracy: pair(counts.accuracy))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(threshold, forKey: .threshold)
        try container.encode(tp, forKey: .tp)
        try container.encode(fp, forKey: .fp)
        try container.encode(fn, forKey: .fn)
        try container.encode(tn, forKey: .tn)
        // Null rather than absent: the keys are always there.
        try container.encode(sensitivity, forKey: .sensitivity)
        try container.encode(specificity, forKey: .specificity)
        try container.encode(ppv, forKey: .ppv)
        try container.encode(npv, forKey: .npv)
        try container.encode(accuracy, forKey: .accuracy)
        try container.encode(matthewsCorrelation, forKey: .matthewsCorrelation)
        try container.encode(intervals, forKey: .intervals)
    }
}
