package import Datasets
import Statistics

/// What a cohort is made of.
package struct CohortFigure: Sendable, Encodable {
    package struct Count: Sendable, Encodable {
        package let outcome: String
        package let cases, groups, patients: Int
    }

    package let cohort: Cohort
    package let cases, groups, patients: Int
    package let outcomes: [Count]
    /// Cases of a patient.
    package let casesPerPatient: MeanFigure
    /// In mm; nil where no case has one.
    package let shortAxis: MeanFigure?
}

package struct MeanFigure: Sendable, Equatable, Encodable {
    package let mean, standardDeviation, minimum, maximum: Double

    init?(_ values: [Double]) {
        guard let least = values.min(), let most = values.max() else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        standardDeviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
        minimum = least
        maximum = most
    }
}

/// A test whether cohorts differ.
package struct CohortTestFigure: Sendable, Encodable {
    /// What is compared, such as `outcome`.
    package let what: String
    package let cohorts: [Cohort]
    /// `chi-squared` or `Welch's t`.
    package let test: String
    package let statistic, degreesOfFreedom, p: Double
    /// Whether counts below five are expected somewhere, so that the chi-squared distribution is only rough.
    package let isRough: Bool
}

/// Patients and cases that stand in two cohorts.
package struct OverlapFigure: Sendable, Equatable, Encodable {
    package let first, second: Cohort
    package let patients: Int
    /// Lesions or nodes of which pictures stand in both.
    package let groups: Int
    /// Of the second cohort's cases: those of patients who also stand in the first.
    package let casesOfSecond: Int
    package let shareOfSecond: Double
}

struct CohortAnalysis {
    let material: EvaluationMaterial

    private var present: [Cohort] {
        Cohort.allCases.filter { cohort in material.cases.contains { $0.cohort == cohort } }
    }

    func figures() -> [CohortFigure] {
        present.compactMap { cohort in
            let cases = material.cases.filter { $0.cohort == cohort }
            guard let perPatient = MeanFigure(perPatient(cases)) else { return nil }
            return CohortFigure(
                cohort: cohort, cases: cases.count, groups: Set(cases.map(\.group)).count,
                patients: Set(cases.map(\.patient)).count,
                outcomes: Outcome.all(of: material.task).map { outcome in
                    let members = cases.filter { $0.outcome == outcome }
                    return .init(
                        outcome: outcome.rawValue, cases: members.count, groups: Set(members.map(\.group)).count,
                        patients: Set(members.map(\.patient)).count)
                },
                casesPerPatient: perPatient, shortAxis: MeanFigure(cases.compactMap(\.shortAxis)))
        }
    }

    /// Outcomes by chi-squared over all cohorts; cases of a patient and short axes by Welch's t, two by two.
    ///
    /// - Returns: the tests, and those that cannot be computed, with the reason.
    func tests() -> (figures: [CohortTestFigure], omitted: [String]) {
        let cohorts = present
        guard cohorts.count > 1 else { return ([], []) }
        var figures: [CohortTestFigure] = []
        var omitted: [String] = []
        let outcomes = Outcome.all(of: material.task).filter { outcome in
            material.cases.contains { $0.outcome == outcome }
        }
        let table = cohorts.map { cohort in
            outcomes.map { outcome in material.cases.count { $0.cohort == cohort && $0.outcome == outcome } }
        }
        do throws(StatisticsError) {
            let test = try ChiSquaredTest(table, correctsContinuity: false)
            figures.append(
                CohortTestFigure(
                    what: "outcome", cohorts: cohorts, test: "chi-squared", statistic: test.statistic,
                    degreesOfFreedom: Double(test.degreesOfFreedom), p: test.p, isRough: Self.isRough(table)))
        } catch {
            omitted.append("Chi-squared test of the outcomes: \(error.description)")
        }
        for (index, first) in cohorts.enumerated() {
            for second in cohorts.dropFirst(index + 1) {
                let (one, other) = (cases(first), cases(second))
                let axes = (one.compactMap(\.shortAxis), other.compactMap(\.shortAxis))
                var measured = [("cases of a patient", perPatient(one), perPatient(other))]
                if !axes.0.isEmpty || !axes.1.isEmpty { measured.append(("short axis", axes.0, axes.1)) }
                for (what, x, y) in measured {
                    do throws(StatisticsError) {
                        figures.append(try student(what, first, second, x, y))
                    } catch {
                        omitted.append(
                            "Welch's t of \(what), \(first.rawValue) and \(second.rawValue): \(error.description)")
                    }
                }
            }
        }
        return (figures, omitted)
    }

    func overlaps() -> [OverlapFigure] {
        let cohorts = present
        var figures: [OverlapFigure] = []
        for (index, first) in cohorts.enumerated() {
            let known = Set(cases(first).map(\.patient))
            let groups = Set(cases(first).map(\.group))
            for second in cohorts.dropFirst(index + 1) {
                let members = cases(second)
                let shared = members.filter { known.contains($0.patient) }
                figures.append(
                    OverlapFigure(
                        first: first, second: second, patients: Set(shared.map(\.patient)).count,
                        groups: groups.intersection(members.map(\.group)).count, casesOfSecond: shared.count,
                        shareOfSecond: Double(shared.count) / Double(max(1, members.count))))
            }
        }
        return figures
    }

    private func cases(_ cohort: Cohort) -> [EvaluationCase] { material.cases.filter { $0.cohort == cohort } }

    private func perPatient(_ cases: [EvaluationCase]) -> [Double] {
        Dictionary(grouping: cases, by: \.patient).sorted { $0.key < $1.key }.map { Double($0.value.count) }
    }

    private func student(
        _ what: String, _ first: Cohort, _ second: Cohort, _ x: [Double], _ y: [Double]
    ) throws(StatisticsError) -> CohortTestFigure {
        let test = try TTest(x, y)
        return CohortTestFigure(
            what: what, cohorts: [first, second], test: "Welch's t", statistic: test.t,
            degreesOfFreedom: test.degreesOfFreedom, p: test.p, isRough: false)
    }

    private static func isRough(_ table: [[Int]]) -> Bool {
        let total = Double(table.reduce(0) { $0 + $1.reduce(0, +) })
        let rows = table.map { Double($0.reduce(0, +)) }
        let columns = table[0].indices.map { column in Double(table.reduce(0) { $0 + $1[column] }) }
        return rows.contains { row in columns.contains { row * $0 / total < 5 } }
    }
}
