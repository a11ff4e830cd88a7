internal import Classifiers
package import Contracts
package import Datasets
internal import Statistics

/// How far one model's trust in its own numbers keeps its word on one cohort, case by case.
package struct TrustFigure: Sendable, Encodable {
    package let system: String
    package let task: ClassifierRole
    package let cohort: Cohort
    package let cases: Int
    /// `temperature` or `platt`; nil where probabilities are as the network gives them.
    package let calibration: String?
    /// The share that label sets promise; nil for a model without.
    package let coverage: Double?
    /// Of the cases that have a set: those whose true label is in it.
    package let covered: ShareFigure?
    /// Of the cases that have a set: those of exactly one label.
    package let single: ShareFigure?
    /// Cases that lie farther from the training than the model's limit; nil for a model without.
    package let outside: ShareFigure?
    /// Cases for which services give no label, by the model's policy.
    package let abstained: ShareFigure?
    /// Of the cases with a label: those with the true one.
    package let right: ShareFigure?
}

struct TrustAnalysis {
    let material: EvaluationMaterial
    let settings: EvaluationSettings

    /// A figure for each model that says what may be trusted, on each cohort.
    func figures() -> [TrustFigure] {
        material.roles.flatMap { role in
            settings.cohorts.flatMap { cohort in
                material.systems.filter { $0.role == role && !$0.judgements.isEmpty }.map { figure($0, cohort) }
            }
        }
    }

    private func figure(_ system: SystemScores, _ cohort: Cohort) -> TrustFigure {
        let role = system.role
        let members = material.cases.filter { $0.cohort == cohort && role.label(of: $0.outcome) != nil }
        var (judged, sets, covered, single) = (0, 0, 0, 0)
        var (measured, outside, abstained, right) = (0, 0, 0, 0)
        var coverage: Double?
        for item in members {
            guard let judgement = system.judgements[item.id], let truth = role.label(of: item.outcome),
                let score = system.scores[item.id]
            else { continue }
            judged += 1
            if let set = judgement.labelSet {
                coverage = set.coverage
                sets += 1
                covered += set.labels.contains(role.classNames[truth]) ? 1 : 0
                single += set.labels.count == 1 ? 1 : 0
            }
            if let finding = judgement.outOfDistribution {
                measured += 1
                outside += finding.isOutside ? 1 : 0
            }
            if judgement.abstention != nil {
                abstained += 1
            } else if let threshold = system.threshold, (score >= threshold) == (truth == 1) {
                right += 1
            }
        }
        func share(_ count: Int, of total: Int) -> ShareFigure? {
            ShareFigure(Proportion(count, of: total), level: settings.level)
        }
        return TrustFigure(
            system: system.system, task: role, cohort: cohort, cases: judged, calibration: system.calibration,
            coverage: coverage, covered: share(covered, of: sets), single: share(single, of: sets),
            outside: share(outside, of: measured), abstained: share(abstained, of: judged),
            right: system.threshold == nil ? nil : share(right, of: judged - abstained))
    }
}
