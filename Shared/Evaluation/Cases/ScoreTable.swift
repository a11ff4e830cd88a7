package import Contracts
internal import Datasets
internal import Statistics

/// `scores.csv`: a row for each case, system and question.
///
/// Columns: `example`, `patient`, `cohort`, `outcome`, `score`; and, where they are there, `group` (the lesion or node,
/// else the example), `system`, `task` (needed for brain metastases), `threshold`, `short_axis` (mm), `label` (0 or 1,
/// held against the outcome), `uncalibrated` (the score before the model's calibration). An empty score is none.
package enum ScoreTable {
    package static let columns = [
        "example", "patient", "group", "cohort", "outcome", "short_axis", "system", "task", "label", "score",
        "threshold", "uncalibrated",
    ]

    /// Reads a table.
    ///
    /// - Parameters:
    ///   - text: of the whole file.
    ///   - task: the clinical question; nil where the table's outcomes say it.
    ///   - path: for messages.
    /// - Returns: cases and scores, in the table's order.
    /// - Throws: ``EvaluationProblems`` with every wrong row.
    package static func read(
        _ text: String, task: ClinicalTask?, path: String
    ) throws(EvaluationProblems) -> EvaluationMaterial {
        let table: DelimitedTable
        do { table = try DelimitedTable(text) } catch { throw EvaluationProblems(["\(path): \(error)"]) }
        let missing = ["example", "patient", "cohort", "outcome", "score"].filter { table.index(of: $0) == nil }
        let unknown = table.header.filter { !columns.contains($0) }
        let heading =
            missing.map { "\(path), line 1: the column '\($0)' is missing" }
            + unknown.map {
                "\(path), line 1: the column '\($0)' is not known; the columns are \(columns.joined(separator: ", "))"
            }
        guard heading.isEmpty else { throw EvaluationProblems(heading) }
        guard !table.rows.isEmpty else { throw EvaluationProblems(["\(path): expected rows of scores, found none"]) }
        var reader = ScoreTableReader(table: table, path: path, task: task)
        return try reader.material()
    }

    /// The table of an evaluation's cases and scores; reading it gives the same material.
    package static func text(_ material: EvaluationMaterial) -> String {
        var lines = [columns.joined(separator: ",")]
        for system in material.systems {
            for item in material.cases {
                guard let score = system.scores[item.id] else { continue }
                let label = system.role.label(of: item.outcome).map(String.init) ?? ""
                let cells = [
                    item.id, item.patient, item.group, item.cohort.rawValue, item.outcome.rawValue,
                    item.shortAxis.map { "\($0)" } ?? "", system.system, system.role.rawValue, label, "\(score)",
                    system.threshold.map { "\($0)" } ?? "", system.uncalibrated[item.id].map { "\($0)" } ?? "",
                ]
                lines.append(cells.map(quoted).joined(separator: ","))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ cell: String) -> String {
        cell.contains { $0 == "," || $0 == "\"" || $0.isNewline }
            ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
    }
}
