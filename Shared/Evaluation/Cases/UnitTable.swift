import Contracts
import Datasets
import Statistics

/// The units of a cohort that take part in a question, each with its truth and its patient.
struct UnitTable {
    struct Row {
        let key: String
        let patient: String
        let label: Bool
        /// Positions in the table of cases.
        let members: [Int]
    }

    let role: ClassifierRole
    let unit: EvaluationUnit
    let rows: [Row]
    /// Patients whose metastases come from different origins: they have no one truth, and are left out.
    let ambiguous: Int
    private let cases: [EvaluationCase]

    init(_ cases: [EvaluationCase], cohort: Cohort, role: ClassifierRole, unit: EvaluationUnit) {
        self.role = role
        self.unit = unit
        self.cases = cases
        var members: [String: [Int]] = [:]
        var order: [String] = []
        for (index, item) in cases.enumerated() where item.cohort == cohort && role.label(of: item.outcome) != nil {
            let key = unit.key(of: item)
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(index)
        }
        var ambiguous = 0
        rows = order.compactMap { key in
            let positions = members[key] ?? []
            let labels = Set(positions.compactMap { role.label(of: cases[$0].outcome) })
            // A patient is positive if any node is; a metastasis has one origin, and so have a patient's.
            guard labels.count == 1 || role == .nodeStatus, let first = positions.first else {
                ambiguous += 1
                return nil
            }
            return Row(key: key, patient: cases[first].patient, label: labels.contains(1), members: positions)
        }
        self.ambiguous = ambiguous
    }

    var labels: [Bool] { rows.map(\.label) }
    var patients: [String] { rows.map(\.patient) }

    /// The units' scores; nil where a case has none.
    func scores(_ system: SystemScores) -> [Double]? { joined(system.scores) }

    /// The units' scores before the model's calibration; nil for a model without.
    func uncalibratedScores(_ system: SystemScores) -> [Double]? { joined(system.uncalibrated) }

    private func joined(_ known: [String: Double]) -> [Double]? {
        var scores: [Double] = []
        for row in rows {
            var values: [Double] = []
            for member in row.members {
                guard let value = known[cases[member].id] else { return nil }
                values.append(value)
            }
            scores.append(joined(values))
        }
        return scores
    }

    /// The units that a reader called, and the calls: a node by the majority of its pictures (a tie is positive), a
    /// patient of lymph nodes by any positive one, of metastases by the majority.
    func calls(_ reading: Reading) -> (rows: [Int], calls: [Bool]) {
        var places: [Int] = []
        var calls: [Bool] = []
        for (place, row) in rows.enumerated() {
            let found = row.members.map { reading.call(of: cases[$0], for: role) }
            let known = found.compactMap(\.self)
            guard !known.isEmpty, known.count == found.count else { continue }
            places.append(place)
            let positive = known.count { $0 }
            let isAny = unit == .patient && role == .nodeStatus
            calls.append(isAny ? positive > 0 : 2 * positive >= known.count)
        }
        return (places, calls)
    }

    private func joined(_ values: [Double]) -> Double {
        if unit == .patient, role == .nodeStatus { return PatientDecision.nodalProbability(of: values) ?? 0 }
        return values.count == 1 ? values[0] : values.reduce(0, +) / Double(values.count)
    }
}
