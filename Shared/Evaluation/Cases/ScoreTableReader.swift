import Contracts
import Datasets
import Statistics

/// Reads rows of scores one by one and keeps every problem.
struct ScoreTableReader {
    private let table: DelimitedTable
    private let path: String
    private var task: ClinicalTask?
    private var problems: [String] = []
    private var cases: [EvaluationCase] = []
    private var places: [String: Int] = [:]
    private var systems: [SystemScores] = []
    private var systemPlaces: [String: Int] = [:]

    init(table: DelimitedTable, path: String, task: ClinicalTask?) {
        self.table = table
        self.path = path
        self.task = task
    }

    mutating func material() throws(EvaluationProblems) -> EvaluationMaterial {
        if task == nil { task = taskByOutcomes() }
        guard let task else {
            throw EvaluationProblems([
                "\(path): the outcomes are neither \(words(of: .brainMetastasis)) nor \(words(of: .lymphNode))"
            ])
        }
        for row in table.rows { take(row, task) }
        guard problems.isEmpty else {
            throw EvaluationProblems(EvaluationProblems.shortened(problems, what: path))
        }
        return EvaluationMaterial(task: task, cases: cases, systems: systems)
    }

    private func words(of task: ClinicalTask) -> String {
        Outcome.all(of: task).map(\.rawValue).joined(separator: ", ")
    }

    private func taskByOutcomes() -> ClinicalTask? {
        ClinicalTask.allCases.first { task in table.rows.contains { Outcome(cell($0, "outcome"), of: task) != nil } }
    }

    private func cell(_ row: DelimitedTable.Row, _ column: String) -> String {
        guard let index = table.index(of: column) else { return "" }
        let text = row.cells[index]
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(text[first...last])
    }

    private mutating func complain(_ row: DelimitedTable.Row, _ column: String, _ reason: String) {
        problems.append("\(path), line \(row.line), column '\(column)': \(reason)")
    }

    private mutating func take(_ row: DelimitedTable.Row, _ task: ClinicalTask) {
        let before = problems.count
        let id = cell(row, "example")
        for column in ["example", "patient"] where cell(row, column).isEmpty {
            complain(row, column, "expected a name, found nothing")
        }
        let cohort = Cohort(rawValue: cell(row, "cohort").lowercased())
        if cohort == nil {
            complain(
                row, "cohort",
                "expected \(Cohort.allCases.map(\.rawValue).joined(separator: ", ")), found '\(cell(row, "cohort"))'")
        }
        let outcome = Outcome(cell(row, "outcome"), of: task)
        if outcome == nil {
            complain(row, "outcome", "expected \(words(of: task)), found '\(cell(row, "outcome"))'")
        }
        let role = role(row, task)
        let shortAxis = number(row, "short_axis", "a length in mm") { $0 > 0 && $0.isFinite }
        let score = number(row, "score", "a probability from 0 to 1") { 0...1 ~= $0 }
        let threshold = number(row, "threshold", "a probability from 0 to 1") { 0...1 ~= $0 }
        let uncalibrated = number(row, "uncalibrated", "a probability from 0 to 1") { 0...1 ~= $0 }
        guard problems.count == before, let cohort, let outcome, let role else { return }
        let label = cell(row, "label")
        let expected = role.label(of: outcome).map(String.init) ?? ""
        if !label.isEmpty, label != expected {
            let wanted = expected.isEmpty ? "nothing" : expected
            complain(
                row, "label",
                "the outcome \(outcome.rawValue) is \(wanted) for \(role.rawValue), the table says \(label)")
            return
        }
        let group = cell(row, "group")
        let item = EvaluationCase(
            id: id, patient: cell(row, "patient"), group: group.isEmpty ? id : group, cohort: cohort,
            outcome: outcome, shortAxis: shortAxis)
        guard add(item, row) else { return }
        let system = cell(row, "system")
        add((score, uncalibrated), of: item, to: system.isEmpty ? "scores" : system, role, threshold, row)
    }

    private mutating func role(_ row: DelimitedTable.Row, _ task: ClinicalTask) -> ClassifierRole? {
        let word = cell(row, "task").lowercased()
        if word.isEmpty, task == .lymphNode { return .nodeStatus }
        if let role = ClassifierRole(rawValue: word), role.task == task { return role }
        complain(row, "task", "expected \(task.roles.map(\.rawValue).joined(separator: ", ")), found '\(word)'")
        return nil
    }

    private mutating func number(
        _ row: DelimitedTable.Row, _ column: String, _ expected: String, _ isRight: (Double) -> Bool
    ) -> Double? {
        let text = cell(row, column)
        guard !text.isEmpty else { return nil }
        if let value = Double(text), isRight(value) { return value }
        complain(row, column, "expected \(expected), found '\(text)'")
        return nil
    }

    /// Whether the row says of its example what earlier rows say.
    private mutating func add(_ item: EvaluationCase, _ row: DelimitedTable.Row) -> Bool {
        guard let place = places[item.id] else {
            places[item.id] = cases.count
            cases.append(item)
            return true
        }
        guard cases[place] == item else {
            complain(
                row, "example",
                "another row says something else of '\(item.id)' (patient, group, cohort, outcome or short axis)")
            return false
        }
        return true
    }

    private mutating func add(
        _ score: (Double?, uncalibrated: Double?), of item: EvaluationCase, to system: String, _ role: ClassifierRole,
        _ threshold: Double?,
        _ row: DelimitedTable.Row
    ) {
        let key = "\(role.rawValue)\n\(system)"
        let place = systemPlaces[key] ?? systems.count
        if place == systems.count {
            systemPlaces[key] = place
            systems.append(SystemScores(system: system, role: role, scores: [:], threshold: threshold))
        }
        guard systems[place].threshold == threshold else {
            complain(row, "threshold", "'\(system)' has another threshold for \(role.rawValue) in an earlier row")
            return
        }
        guard let value = score.0 else { return }
        guard systems[place].scores.updateValue(value, forKey: item.id) == nil else {
            complain(row, "example", "'\(system)' has two scores of '\(item.id)' for \(role.rawValue)")
            return
        }
        systems[place].uncalibrated[item.id] = score.uncalibrated
    }
}
