import Contracts
import Datasets
import Statistics

/// Computes the figures of single questions.
struct TaskAnalysis {
    let material: EvaluationMaterial
    let settings: EvaluationSettings

    /// Curves get a band for as many systems as a plot can hold.
    private static let bandedSystems = 4
    private static let bandResamples = 500

    /// The figures of one system on one cohort.
    ///
    /// - Returns: nil where the unit has one class only, or a patient no single truth, so that there is no area.
    func figure(
        _ system: SystemScores, cohort: Cohort, unit: EvaluationUnit, cut: CutFigure
    ) throws(StatisticsError) -> TaskFigure? {
        let table = UnitTable(material.cases, cohort: cohort, role: system.role, unit: unit)
        guard let scores = table.scores(system), table.labels.contains(true), table.labels.contains(false) else {
            return nil
        }
        let cases = try LabeledScores(labels: table.labels, scores: scores)
        let level = settings.level
        let curve = try ROCCurve(cases)
        let uncalibrated = try table.uncalibratedScores(system).map { scores throws(StatisticsError) in
            CalibrationFigure(
                try CalibrationReport(try LabeledScores(labels: table.labels, scores: scores)), level: level)
        }
        let isBanded = material.systems.count { $0.role == system.role } <= Self.bandedSystems
        let band: (points: [BandPointFigure], reason: String?) =
            isBanded ? self.band(cases, table.patients) : ([], nil)
        return TaskFigure(
            system: system.system, task: system.role, cohort: cohort, unit: unit, positives: cases.positives,
            negatives: cases.negatives, patients: Set(table.patients).count,
            auc: AreaFigure(
                try DeLong.area(under: cases, level: level), bootstrap: bootstrap(cases, table.patients)),
            averagePrecision: curve.averagePrecision, cut: cut,
            atCut: CountsFigure(ConfusionCounts(cases, threshold: cut.threshold.value), level: level),
            youden: curve.youdenCuts.map {
                YoudenFigure(
                    threshold: ThresholdFigure(value: $0.threshold), sensitivity: $0.sensitivity,
                    specificity: $0.specificity, j: $0.youden)
            },
            calibration: CalibrationFigure(try CalibrationReport(cases), level: level), uncalibrated: uncalibrated,
            decisionCurve: try DecisionCurve(cases).points.map {
                NetBenefitFigure(threshold: $0.threshold, netBenefit: $0.netBenefit, treatAll: $0.treatAll)
            },
            roc: curve.points.map {
                ROCPointFigure(
                    threshold: ThresholdFigure(value: $0.threshold), fpr: $0.falsePositiveRate,
                    tpr: $0.truePositiveRate)
            }, band: band.points, bandNotComputed: band.reason)
    }

    /// The cut of a system on a cohort.
    func cut(_ system: SystemScores, cohort: Cohort) throws(StatisticsError) -> CutFigure {
        switch settings.cut {
        case .fixed(let value):
            return CutFigure(threshold: ThresholdFigure(value: value), source: "as set", isChosenHere: false)
        case .model:
            if let threshold = system.threshold {
                return CutFigure(
                    threshold: ThresholdFigure(value: threshold), source: "the model's threshold",
                    isChosenHere: false)
            }
        case .youden: break
        }
        let chosenOn = settings.cohorts.contains(.testing) ? Cohort.testing : settings.cohorts.first ?? cohort
        let unit = EvaluationUnit.all(of: material.task)[0]
        let table = UnitTable(material.cases, cohort: chosenOn, role: system.role, unit: unit)
        guard let scores = table.scores(system) else { throw .empty }
        let curve = try ROCCurve(try LabeledScores(labels: table.labels, scores: scores))
        return CutFigure(
            threshold: ThresholdFigure(value: curve.youdenCuts.first?.threshold ?? 0.5),
            source: "Youden's on \(chosenOn.rawValue)", isChosenHere: chosenOn == cohort)
    }

    private func band(
        _ cases: LabeledScores, _ patients: [String]
    ) -> (points: [BandPointFigure], reason: String?) {
        guard settings.resamples > 0 else { return ([], nil) }
        do throws(StatisticsError) {
            let band = try ROCBand(
                cases, patients: patients, resamples: min(settings.resamples, Self.bandResamples), seed: settings.seed,
                level: settings.level)
            return (
                band.points.map { BandPointFigure(fpr: $0.falsePositiveRate, lower: $0.lower, upper: $0.upper) }, nil
            )
        } catch {
            return ([], error.description)
        }
    }

    private func bootstrap(_ cases: LabeledScores, _ patients: [String]) -> ResampledFigure? {
        .of(settings) { () throws(StatisticsError) in
            try PatientBootstrap(
                cases, patients: patients, resamples: settings.resamples, seed: settings.seed, level: settings.level)
        }
    }
}
