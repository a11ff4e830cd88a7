internal import Contracts
package import Datasets

/// How an evaluation is computed, once its material is there.
package struct EvaluationSettings: Sendable, Equatable {
    /// From which score on class 1 is called.
    package enum Cut: Sendable, Equatable {
        /// The model's threshold; Youden's where it has none.
        case model
        /// The first of Youden's cuts on the first cohort of `testing`, then as it stands on the others.
        case youden
        case fixed(Double)
    }

    /// How p values of several comparisons are adjusted.
    package enum Correction: String, Sendable, CaseIterable, Encodable {
        case none
        case bonferroni
        case holm
        case benjaminiHochberg = "benjamini-hochberg"
    }

    package var title: String?
    /// The evaluated cohorts, in the order of tables; empty for all but training.
    package var cohorts: [Cohort]
    /// Empty for all of the task.
    package var units: [EvaluationUnit]
    package var cut: Cut
    /// What other systems are compared with; nil for each with each (or with the first, of more than four).
    package var reference: String?
    package var level: Double
    package var resamples: Int
    package var seed: UInt64
    package var correction: Correction
    /// The readers that are shown; empty for all.
    package var readers: [String]

    package init(
        title: String? = nil, cohorts: [Cohort] = [], units: [EvaluationUnit] = [], cut: Cut = .model,
        reference: String? = nil, level: Double = 0.95, resamples: Int = 2000, seed: UInt64 = 1,
        correction: Correction = .holm, readers: [String] = []
    ) {
        self.title = title
        self.cohorts = cohorts
        self.units = units
        self.cut = cut
        self.reference = reference
        self.level = level
        self.resamples = resamples
        self.seed = seed
        self.correction = correction
        self.readers = readers
    }

    /// The settings with everything named, and what is wrong with them for this material.
    ///
    /// - Parameter material: what is to be evaluated.
    /// - Returns: settings without empty lists.
    /// - Throws: ``EvaluationProblems`` naming every system without its scores, every empty cohort and every cohort of
    ///   one class only.
    package func resolved(for material: EvaluationMaterial) throws(EvaluationProblems) -> EvaluationSettings {
        var settings = self
        let present = Cohort.allCases.filter { cohort in material.cases.contains { $0.cohort == cohort } }
        if cohorts.isEmpty {
            let others = present.filter { $0 != .training }
            settings.cohorts = others.isEmpty ? present : others
        }
        if units.isEmpty { settings.units = EvaluationUnit.all(of: material.task) }
        var problems: [String] = []
        if material.systems.isEmpty, material.readings.isEmpty {
            problems.append("there is nothing to evaluate: no scores and no readers' calls")
        }
        for cohort in settings.cohorts where !present.contains(cohort) {
            let names = present.map(\.rawValue).joined(separator: ", ")
            problems.append("cohorts: there are no cases of '\(cohort.rawValue)'; there are \(names)")
        }
        let allowed = EvaluationUnit.all(of: material.task)
        for unit in settings.units where !allowed.contains(unit) {
            let names = allowed.map(\.rawValue).joined(separator: ", ")
            problems.append("units: '\(unit.rawValue)' is no unit of \(material.task.rawValue); there are \(names)")
        }
        if let reference, !material.systemNames.contains(reference) {
            problems.append("reference: there is no '\(reference)'; there are \(listed(material.systemNames))")
        }
        let known = Set(material.readings.map(\.reader))
        for reader in readers where !known.contains(reader) {
            problems.append(
                "readers: there are no calls of '\(reader)'; there are \(known.isEmpty ? "none" : listed(known.sorted()))"
            )
        }
        if problems.isEmpty { problems = Self.gaps(in: material, settings.cohorts) }
        guard problems.isEmpty else { throw EvaluationProblems(problems) }
        return settings
    }

    /// Scores and classes that are missing.
    private static func gaps(in material: EvaluationMaterial, _ cohorts: [Cohort]) -> [String] {
        var problems: [String] = []
        for role in material.roles {
            for cohort in cohorts {
                let members = material.cases.filter { $0.cohort == cohort && role.label(of: $0.outcome) != nil }
                let positives = members.count { role.label(of: $0.outcome) == 1 }
                if positives == 0 || positives == members.count {
                    let names = role.classNames
                    problems.append(
                        "\(role.rawValue), cohort \(cohort.rawValue): both classes are needed, found \(positives) "
                            + "\(names[1]) and \(members.count - positives) \(names[0])")
                }
                for system in material.systems where system.role == role {
                    let missing = members.filter { system.scores[$0.id] == nil }.map(\.id)
                    guard !missing.isEmpty else { continue }
                    problems.append(
                        "'\(system.system)' has no score for \(role.rawValue) of \(missing.count) of "
                            + "\(members.count) cases of cohort \(cohort.rawValue): \(listed(missing))")
                }
            }
        }
        return problems
    }
}
