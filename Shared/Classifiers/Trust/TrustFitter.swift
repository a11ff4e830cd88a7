internal import Statistics

/// Fits what a model's answers may be trusted in: calibration and label sets on a cohort that the network did not train
/// on, the distance from the training on the training's features.
package struct TrustFitter: Sendable {
    package enum Method: String, Sendable, CaseIterable {
        /// Probabilities stay as they are.
        case none
        case temperature
        case platt
    }

    /// The features of the training cohort.
    package struct TrainingFeatures: Sendable {
        /// One vector for each case, all of one length (``Classifier/observe(_:)``).
        package var rows: [[Float]]
        /// The label of each case, by its position in the model's labels.
        package var labels: [Int]
        /// Cases of one group (a patient) stay together when the threshold is looked for; nil for cases of their own.
        package var groups: [String]?

        package init(rows: [[Float]], labels: [Int], groups: [String]? = nil) {
            self.rows = rows
            self.labels = labels
            self.groups = groups
        }
    }

    package var method = Method.temperature
    /// Of the label sets; nil for none.
    package var coverage: Double? = 0.9
    package var kind = TrustDescription.Conformal.Kind.marginal
    package var shrinkage = ShrinkageCovariance.Shrinkage.ledoitWolf
    /// The share of training cases that lie inside of the distance's threshold.
    package var insideShare = 0.99
    /// The threshold is a quantile of distances that each case has from the others' fit, in so many parts: cases lie
    /// nearer to a fit that they are part of. 1: of the very fit.
    package var folds = 5
    /// When the services abstain; nil leaves the folder's policy.
    package var policy: TrustDescription.Policy?

    package init() {}

    /// Fits all that was asked for.
    ///
    /// - Parameters:
    ///   - logits: of the calibration cases, uncalibrated: as many numbers as the network has outputs.
    ///   - labels: of these cases, by their positions in the model's labels (of one output: 0 or 1).
    ///   - features: of the training cohort, for the distance; nil for none.
    /// - Returns: what ``Trust/write(to:)`` puts into a model folder.
    /// - Throws: ``TrustError`` for rows that do not fit each other, cases of one class only, logits that say nothing of
    ///   the labels, features whose covariance has no inverse.
    package func fit(
        logits: [[Float]], labels: [Int], features: TrainingFeatures? = nil
    ) throws(TrustError) -> Trust {
        let outputs = try Self.check(logits, labels)
        let classes = max(2, outputs)
        do {
            let (calibration, isSmoothed) = try calibration(logits, labels, outputs)
            var trust = Trust(
                calibration: calibration, classes: classes, policy: policy,
                figures: Self.figures(logits, labels, calibration))
            trust.figures["smoothedTargets"] = isSmoothed ? .bool(true) : nil
            if let coverage {
                trust.conformal = (kind, coverage, try quantiles(logits, labels, calibration, coverage, classes))
            }
            if let features {
                let fit = OutOfDistributionFit(shrinkage: shrinkage, insideShare: insideShare, folds: folds)
                let outcome = try fit.run(features, classes: classes)
                trust.outOfDistribution = outcome
                trust.figures["distance"] = .object([
                    "cases": .int(Int64(outcome.cases)), "shrinkage": .number(outcome.shrinkage),
                    "folds": .int(Int64(outcome.folds)),
                ])
            }
            return trust
        } catch let error as StatisticsError {
            throw .notFitted(error.description)
        } catch let error as TrustError {
            throw error
        } catch {
            throw .notFitted("\(error)")
        }
    }

    private static func check(_ logits: [[Float]], _ labels: [Int]) throws(TrustError) -> Int {
        guard let outputs = logits.first?.count, outputs > 0 else { throw .notFitted("there are no cases") }
        guard labels.count == logits.count else {
            throw .shapeMismatch(what: "labels", expected: "\(logits.count)", got: "\(labels.count)")
        }
        for (index, row) in logits.enumerated() {
            guard row.count == outputs else {
                throw .shapeMismatch(
                    what: "the logits of case \(index + 1)", expected: "\(outputs)", got: "\(row.count)")
            }
            guard row.allSatisfy(\.isFinite) else {
                throw .notFitted("a logit of case \(index + 1) is infinite or not a number")
            }
        }
        let classes = max(2, outputs)
        if let index = labels.firstIndex(where: { !(0..<classes).contains($0) }) {
            throw .shapeMismatch(
                what: "the label of case \(index + 1)", expected: "0 to \(classes - 1)", got: "\(labels[index])")
        }
        return outputs
    }

    private func calibration(
        _ logits: [[Float]], _ labels: [Int], _ outputs: Int
    ) throws -> (Calibration, isSmoothed: Bool) {
        switch method {
        case .none: return (.none, false)
        case .temperature:
            let rows = logits.map { row in (row.count == 1 ? [0] : []) + row.map(Double.init) }
            let fit = try TemperatureFit(logits: rows, labels: labels)
            return (.temperature(fit.temperature), fit.isSmoothed)
        case .platt:
            guard outputs <= 2 else {
                throw TrustError.notFitted("platt is for two classes, the logits are of \(outputs); take temperature")
            }
            let scores = logits.map { row in row.count == 1 ? Double(row[0]) : Double(row[1]) - Double(row[0]) }
            let fit = try PlattFit(scores: scores, labels: labels.map { $0 == 1 })
            guard fit.slope > 0 else {
                throw TrustError.notFitted(
                    "the logits speak against the labels, or say nothing of them (slope \(fit.slope)); check the order "
                        + "of the labels")
            }
            return (.platt(slope: fit.slope, intercept: fit.intercept), fit.isSmoothed)
        }
    }

    /// By label: of the scores `1 − p` of the true label, as the service computes p.
    private func quantiles(
        _ logits: [[Float]], _ labels: [Int], _ calibration: Calibration, _ coverage: Double, _ classes: Int
    ) throws -> [Double] {
        let scores = zip(logits, labels).map { row, label in
            1 - Double(calibration.probabilities(logits: row)[label])
        }
        guard kind == .classConditional else {
            let quantile = try ConformalQuantile.value(of: scores, coverage: coverage) ?? 1
            return [Double](repeating: quantile, count: classes)
        }
        return try (0..<classes).map { label in
            let own = zip(scores, labels).filter { $0.1 == label }.map(\.0)
            return own.isEmpty ? 1 : try ConformalQuantile.value(of: own, coverage: coverage) ?? 1
        }
    }

    /// What a person wants to know of the fit.
    private static func figures(
        _ logits: [[Float]], _ labels: [Int], _ calibration: Calibration
    ) -> [String: JSONValue] {
        var figures: [String: JSONValue] = ["cases": .int(Int64(labels.count))]
        guard logits[0].count <= 2 else { return figures }
        func report(_ calibration: Calibration) -> JSONValue? {
            let scores = logits.map { Double(calibration.probabilities(logits: $0)[1]) }
            guard let cases = try? LabeledScores(labels: labels.map { $0 == 1 }, scores: scores),
                let report = try? CalibrationReport(cases)
            else { return nil }
            return .object([
                "logLoss": .number(report.logLoss), "brier": .number(report.brier),
                "expectedCalibrationError": .number(report.expectedCalibrationError),
            ])
        }
        figures["uncalibrated"] = report(.none)
        if calibration != .none { figures["calibrated"] = report(calibration) }
        return figures
    }
}
