import Classifiers
import Contracts
package import Datasets
internal import Statistics

/// What the three questions say together: four origins.
package struct HierarchyFigure: Sendable, Encodable {
    package struct Leaf: Sendable, Encodable {
        package let label: String
        /// Against all others.
        package let auc: AreaFigure
        package let sensitivity, ppv: ShareFigure?
    }

    package let system: String
    package let cohort: Cohort
    package let unit: EvaluationUnit
    package let count: Int
    /// What cases are, in the order of the rows.
    package let classes: [String]
    /// What they are called, in the order of the columns.
    package let calls: [String]
    package let confusion: [[Int]]
    package let accuracy: ShareFigure?
    package let balancedAccuracy: Double?
    package let macroF1: Double
    package let kappa: Double?
    package let kappaInterval: IntervalFigure?
    /// The mean of the leaves' areas.
    package let macroAUC: Double
    package let macroAUCBootstrap: ResampledFigure?
    package let weightedAUC, oneVersusOneAUC: Double
    package let leaves: [Leaf]
}

/// Joins the answers to the three questions by the decision that is in service.
struct HierarchyAnalysis {
    let material: EvaluationMaterial
    let settings: EvaluationSettings

    /// One case's joined answer.
    struct Joined {
        let item: EvaluationCase
        let decision: RegionDecision
    }

    private static let roles: [ClassifierRole] = [.lungVersusNonLung, .sclcVersusNSCLC, .bcVersusGIC]

    /// Every system that answers all three questions, on every cohort and for every unit.
    func figures() throws(StatisticsError) -> [HierarchyFigure] {
        guard material.task == .brainMetastasis else { return [] }
        var figures: [HierarchyFigure] = []
        for unit in settings.units {
            for cohort in settings.cohorts {
                for system in material.systemNames {
                    guard let joined = try joined(system, cohort) else { continue }
                    if let figure = try figure(system, cohort, unit, joined) { figures.append(figure) }
                }
            }
        }
        return figures
    }

    /// The decisions for a cohort's cases; nil where the system leaves a question or a case out.
    func joined(_ system: String, _ cohort: Cohort) throws(StatisticsError) -> [Joined]? {
        let analysis = TaskAnalysis(material: material, settings: settings)
        var nodes: [(scores: SystemScores, threshold: Double)] = []
        for role in Self.roles {
            guard let scores = material.systems.first(where: { $0.system == system && $0.role == role }) else {
                return nil
            }
            nodes.append((scores, try analysis.cut(scores, cohort: cohort).threshold.value))
        }
        var joined: [Joined] = []
        for item in material.cases where item.cohort == cohort {
            var outcomes: [ClassifierRole: NodeOutcome] = [:]
            for node in nodes {
                guard let score = node.scores.scores[item.id],
                    let evidence = try? NodeEvidence(
                        role: node.scores.role, labels: node.scores.role.classNames,
                        probabilities: [1 - score, score], threshold: node.threshold)
                else { return nil }
                outcomes[node.scores.role] = .evaluated(evidence)
            }
            joined.append(Joined(item: item, decision: BrainMetastasisDecision.decide(outcomes)))
        }
        return joined
    }

    private func figure(
        _ system: String, _ cohort: Cohort, _ unit: EvaluationUnit, _ joined: [Joined]
    ) throws(StatisticsError) -> HierarchyFigure? {
        let leaves = BrainMetastasisDecision.leaves
        var order: [String] = []
        var groups: [String: [Joined]] = [:]
        for one in joined {
            let key = unit.key(of: one.item)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(one)
        }
        var (truth, calls, patients) = ([String](), [String](), [String]())
        var probabilities: [[Double]] = []
        for key in order {
            guard let members = groups[key], let first = members.first,
                Set(members.map(\.item.outcome)).count == 1
            else { continue }
            // As the service joins a patient's regions.
            let (leaf, mean) = PatientDecision.origin(
                of: members.map {
                    PatientDecision.Voice(label: $0.decision.label, probabilities: $0.decision.probabilities)
                })
            truth.append(first.item.outcome.rawValue.lowercased())
            patients.append(first.item.patient)
            probabilities.append(leaves.map { mean[$0] ?? 0 })
            calls.append(leaf ?? RegionDecision.indeterminate)
        }
        guard leaves.allSatisfy({ truth.contains($0) }) else { return nil }
        let level = settings.level
        let confusion = try ClassConfusion(truth: truth, calls: calls, classes: leaves)
        let areas = try ClassAreas(
            truth: truth.map { leaves.firstIndex(of: $0) ?? 0 }, scores: probabilities, classes: leaves.count,
            level: level)
        let macro = ResampledFigure.of(settings) { () throws(StatisticsError) in
            try PatientBootstrap(
                meanOf: areas.cases, patients: patients, resamples: settings.resamples, seed: settings.seed,
                level: level)
        }
        var parts: [HierarchyFigure.Leaf] = []
        for (index, leaf) in leaves.enumerated() {
            let bootstrap = ResampledFigure.of(settings) { () throws(StatisticsError) in
                try PatientBootstrap(
                    areas.cases[index], patients: patients, resamples: settings.resamples, seed: settings.seed,
                    level: level)
            }
            parts.append(
                .init(
                    label: leaf, auc: AreaFigure(areas.oneVersusRest[index], bootstrap: bootstrap),
                    sensitivity: ShareFigure(confusion.recalls[index], level: level),
                    ppv: ShareFigure(confusion.precisions[index], level: level)))
        }
        let kappa = confusion.kappa
        return HierarchyFigure(
            system: system, cohort: cohort, unit: unit, count: truth.count, classes: leaves, calls: confusion.calls,
            confusion: confusion.counts, accuracy: ShareFigure(confusion.accuracy, level: level),
            balancedAccuracy: confusion.balancedAccuracy, macroF1: confusion.macroF1, kappa: kappa?.value,
            kappaInterval: kappa.map { IntervalFigure(lower: $0.lower, upper: $0.upper) }, macroAUC: areas.macro,
            macroAUCBootstrap: macro,
            weightedAUC: areas.weighted, oneVersusOneAUC: areas.oneVersusOne, leaves: parts)
    }
}
