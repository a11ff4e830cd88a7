import Contracts
import Datasets
import Statistics

/// Compares systems with each other on the same cases, and a system with itself on other cohorts.
struct ComparisonAnalysis {
    let material: EvaluationMaterial
    let settings: EvaluationSettings

    /// With more systems than these, each is compared with the reference only.
    private static let mostForAllPairs = 4

    /// All comparisons, their p values adjusted together for each cohort and unit.
    func systems() throws(StatisticsError) -> [ComparisonFigure] {
        var figures: [ComparisonFigure] = []
        for unit in settings.units {
            for cohort in settings.cohorts {
                var family: [ComparisonFigure] = []
                for role in material.roles {
                    let systems = material.systems.filter { $0.role == role }
                    for (first, second) in pairs(systems) {
                        if let figure = try compare(first, second, cohort, unit) { family.append(figure) }
                    }
                }
                let adjusted = Self.adjusted(family.map(\.p), settings.correction)
                for (index, p) in adjusted.enumerated() { family[index].adjustedP = p }
                figures += family
            }
        }
        return figures
    }

    /// Each system on each two cohorts.
    func cohorts() throws(StatisticsError) -> [CohortComparisonFigure] {
        var figures: [CohortComparisonFigure] = []
        for unit in settings.units {
            for system in material.systems {
                for (index, first) in settings.cohorts.enumerated() {
                    for second in settings.cohorts.dropFirst(index + 1) {
                        guard let one = try cases(system, first, unit), let other = try cases(system, second, unit)
                        else { continue }
                        let found = try DeLong.compare(unpaired: one, other, level: settings.level)
                        figures.append(
                            CohortComparisonFigure(
                                system: system.system, task: system.role, unit: unit, first: first, second: second,
                                difference: found.difference, lower: found.lower, upper: found.upper, z: found.z,
                                p: found.p))
                    }
                }
            }
        }
        return figures
    }

    static func adjusted(_ p: [Double], _ correction: EvaluationSettings.Correction) -> [Double] {
        switch correction {
        case .none: p
        case .bonferroni: MultipleComparisons.bonferroni(p)
        case .holm: MultipleComparisons.holm(p)
        case .benjaminiHochberg: MultipleComparisons.benjaminiHochberg(p)
        }
    }

    private func pairs(_ systems: [SystemScores]) -> [(SystemScores, SystemScores)] {
        guard systems.count > 1 else { return [] }
        if settings.reference == nil, systems.count <= Self.mostForAllPairs {
            return systems.indices.flatMap { one in
                systems.indices.dropFirst(one + 1).map { (systems[one], systems[$0]) }
            }
        }
        guard let reference = systems.first(where: { $0.system == settings.reference ?? systems[0].system }) else {
            return []
        }
        return systems.filter { $0.system != reference.system }.map { ($0, reference) }
    }

    private func cases(
        _ system: SystemScores, _ cohort: Cohort, _ unit: EvaluationUnit
    ) throws(StatisticsError) -> LabeledScores? {
        let table = UnitTable(material.cases, cohort: cohort, role: system.role, unit: unit)
        guard let scores = table.scores(system), table.labels.contains(true), table.labels.contains(false) else {
            return nil
        }
        return try LabeledScores(labels: table.labels, scores: scores)
    }

    private func compare(
        _ first: SystemScores, _ second: SystemScores, _ cohort: Cohort, _ unit: EvaluationUnit
    ) throws(StatisticsError) -> ComparisonFigure? {
        guard let one = try cases(first, cohort, unit), let other = try cases(second, cohort, unit) else { return nil }
        let table = UnitTable(material.cases, cohort: cohort, role: first.role, unit: unit)
        let analysis = TaskAnalysis(material: material, settings: settings)
        let (cut, otherCut) = (try analysis.cut(first, cohort: cohort), try analysis.cut(second, cohort: cohort))
        let found = try DeLong.compare(paired: one, other, level: settings.level)
        let bootstrap = ResampledFigure.of(settings) { () throws(StatisticsError) in
            try PatientBootstrap(
                differenceOf: one, other, patients: table.patients, resamples: settings.resamples,
                seed: settings.seed, level: settings.level)
        }
        return ComparisonFigure(
            first: first.system, second: second.system, task: first.role, cohort: cohort, unit: unit,
            difference: found.difference, lower: found.lower, upper: found.upper, z: found.z, p: found.p,
            adjustedP: found.p, bootstrap: bootstrap,
            mcnemar: McNemarFigure(
                McNemarTest(
                    truth: one.labels, first: one.scores.map { $0 >= cut.threshold.value },
                    second: other.scores.map { $0 >= otherCut.threshold.value })))
    }
}
