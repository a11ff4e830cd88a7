internal import Datasets

/// The runs of a grid, one after another, each in a folder of its own. A run that has finished is not repeated, and one
/// that was stopped goes on.
package struct Sweep: Sendable {
    /// What one run came to; nil figures where it could not be trained.
    package struct Row: Sendable, Codable, Equatable {
        package var name: String
        /// The grid's keys and this run's values.
        package var values: [String: String]
        package var result: TrainingResult?
        /// Why there is no result.
        package var problem: String?
    }

    package let runs: [GridRun]
    /// Each run's folder lies in it, and the table.
    package let folder: String

    /// - Parameters:
    ///   - runs: of a recipe's grid.
    ///   - folder: where their folders lie.
    package init(runs: [GridRun], folder: String) {
        self.runs = runs
        self.folder = folder
    }

    /// Where a run is kept.
    package func folder(of run: GridRun) -> RunFolder { RunFolder(path: "\(folder)/\(run.name)") }

    /// Trains what has not been trained. A run that cannot be trained (numbers that are not finite, a class that is
    /// missing) is noted and the others go on; an interruption or a disk that is full ends the sweep.
    ///
    /// - Parameters:
    ///   - train: trains one run in its folder.
    ///   - tell: told of each row when it is there, with its number from 0.
    /// - Returns: a row for each run.
    /// - Throws: `LearningError.interrupted`, `file`.
    package func run(
        train: (GridRun, RunFolder) throws(LearningError) -> TrainingResult, tell: (Row, Int) -> Void
    ) throws(LearningError) -> [Row] {
        var rows: [Row] = []
        for (number, run) in runs.enumerated() {
            let values = Dictionary(run.values.map { ($0.key, $0.value) }) { first, _ in first }
            var row = Row(name: run.name, values: values, result: nil, problem: nil)
            do throws(LearningError) {
                row.result = try train(run, folder(of: run))
            } catch {
                switch error {
                case .interrupted, .file: throw error
                default: row.problem = error.description
                }
            }
            rows.append(row)
            tell(row, number)
            // After each run, so that a table is there whenever the sweep is stopped.
            try write(rows)
        }
        return rows
    }

    /// `sweep.csv` and `sweep.json`.
    private func write(_ rows: [Row]) throws(LearningError) {
        let keys = runs.first?.values.map(\.key) ?? []
        func cell(_ text: String) -> String {
            text.contains { ",\"\n".contains($0) }
                ? "\"\(text.split(separator: "\"").joined(separator: "\"\""))\"" : text
        }
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        var lines = [
            (["run"] + keys + [
                "best_epoch", "training_auc", "testing_auc", "testing_auc_lower", "testing_auc_upper", "testing_loss",
                "training_examples", "testing_examples", "seconds", "problem",
            ]).joined(separator: ",")
        ]
        for row in rows {
            let result = row.result
            var cells = [row.name] + keys.map { row.values[$0] ?? "" }
            cells += [
                result.map { "\($0.bestEpoch)" } ?? "", number(result?.trainingAUC), number(result?.testingAUC?.value),
                number(result?.testingAUC?.lower), number(result?.testingAUC?.upper), number(result?.testingLoss),
                result.map { "\($0.trainingExamples)" } ?? "", result.map { "\($0.testingExamples)" } ?? "",
                number(result.map { ($0.seconds * 10).rounded() / 10 }), row.problem ?? "",
            ]
            lines.append(cells.map(cell).joined(separator: ","))
        }
        try RunFolder.write(lines.joined(separator: "\n") + "\n", to: folder + "/sweep.csv")
        try RunFolder.write(json: rows, to: folder + "/sweep.json")
    }
}
