package import Statistics

/// How a training went: `history.csv`, a row for each epoch.
package struct TrainingHistory: Sendable {
    package struct Line: Sendable {
        package let name: String
        /// Epochs and values.
        package let points: [SIMD2<Double>]
    }

    package let name: String
    /// Columns whose names speak of a loss.
    package let losses: [Line]
    /// Columns whose names speak of an area under the curve.
    package let areas: [Line]

    /// - Parameters:
    ///   - name: of the network.
    ///   - text: of the whole file: a column `epoch`, and any with `loss` or `auc` in their names. Empty cells are
    ///     passed over.
    /// - Throws: `TableProblem` for a table without epochs or lines.
    package init(name: String, text: String) throws(TableProblem) {
        let table = try DelimitedTable(text)
        let epochs = try table.texts("epoch").map { Double($0) }
        func lines(_ word: String) throws(TableProblem) -> [Line] {
            var lines: [Line] = []
            for column in table.header where column.lowercased().contains(word) {
                var points: [SIMD2<Double>] = []
                for (epoch, cell) in zip(epochs, try table.texts(column)) {
                    guard let epoch, let value = Double(cell), value.isFinite else { continue }
                    points.append(SIMD2(epoch, value))
                }
                if points.count > 1 { lines.append(Line(name: column, points: points)) }
            }
            return lines
        }
        self.name = name
        losses = try lines("loss")
        areas = try lines("auc")
        guard !losses.isEmpty || !areas.isEmpty else {
            throw TableProblem(line: nil, reason: "expected two epochs of a column with 'loss' or 'auc' in its name")
        }
    }
}
