import Contracts
import Datasets

/// What a reader of the figures has to know first.
enum EvaluationWarnings {
    /// Fewer cases of a class than these make intervals that say little.
    private static let few = 10

    static func of(
        _ evaluation: Evaluation, _ material: EvaluationMaterial, _ settings: EvaluationSettings
    ) -> [String] {
        var warnings: [String] = []
        for overlap in evaluation.overlaps where overlap.patients > 0 {
            let share = Int((overlap.shareOfSecond * 100).rounded())
            warnings.append(
                "Leakage: \(overlap.patients) \(overlap.patients == 1 ? "patient stands" : "patients stand") both in "
                    + "\(overlap.first.rawValue) and in \(overlap.second.rawValue); \(overlap.casesOfSecond) of the "
                    + "\(overlap.second.rawValue) cases (\(share) %) are theirs. Figures of "
                    + "\(overlap.second.rawValue) flatter the networks.")
        }
        if settings.cohorts.contains(.training) {
            warnings.append(
                "The training cohort is among the evaluated ones: its figures show what was learned by heart.")
        }
        let base = evaluation.firstUnit
        if evaluation.figures.contains(where: { $0.cut.isChosenHere && $0.unit == base }) {
            warnings.append(
                "Where a cut is Youden's on the same cohort, sensitivity, specificity, predictive values and accuracy "
                    + "flatter: the cut was chosen on the cases that it is judged by.")
        }
        var small: Set<String> = []
        for figure in evaluation.figures where figure.unit == base && min(figure.positives, figure.negatives) < few {
            small.insert("\(figure.task.rawValue) on \(figure.cohort.rawValue)")
        }
        if !small.isEmpty {
            warnings.append(
                "Fewer than \(few) \(base.plural) of one class: \(small.sorted().joined(separator: "; ")). "
                    + "Read the intervals, not the figures.")
        }
        if evaluation.figures.contains(where: { $0.auc.variance == 0 }) {
            warnings.append(
                "Where every positive case lies above every negative one, the AUC is 1 and DeLong's interval has no width: "
                    + "it says that nothing varied here, not that nothing can.")
        }
        for unit in settings.units where unit != base {
            for role in material.roles {
                for cohort in settings.cohorts {
                    let table = UnitTable(material.cases, cohort: cohort, role: role, unit: unit)
                    if table.ambiguous > 0 {
                        warnings.append(
                            "\(table.ambiguous) \(unit.plural) of \(cohort.rawValue) have cases of both classes of "
                                + "\(role.rawValue) and are left out of the figures by \(unit.rawValue).")
                    }
                    let hasFigures = evaluation.figures.contains {
                        $0.unit == unit && $0.task == role && $0.cohort == cohort
                    }
                    if !hasFigures, material.systems.contains(where: { $0.role == role }) {
                        warnings.append(
                            "\(role.rawValue) on \(cohort.rawValue) has no figures by \(unit.rawValue): only one "
                                + "class is left.")
                    }
                }
            }
        }
        return warnings
    }
}
