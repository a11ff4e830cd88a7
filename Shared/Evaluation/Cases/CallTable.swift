internal import Contracts
internal import Datasets
internal import Statistics

/// `calls.csv`: what readers say of cases. Columns: `example`, `reader`, `call`, and `condition` where readers read
/// more than once.
package enum CallTable {
    /// Reads a table of calls of known cases.
    ///
    /// - Parameters:
    ///   - text: of the whole file.
    ///   - material: whose cases are meant.
    ///   - path: for messages.
    /// - Returns: a reading for each reader and condition, in the table's order.
    /// - Throws: ``EvaluationProblems`` with every wrong row.
    package static func read(
        _ text: String, of material: EvaluationMaterial, path: String
    ) throws(EvaluationProblems) -> [Reading] {
        let table: DelimitedTable
        let columns: [[String]]
        do {
            table = try DelimitedTable(text)
            columns = try ["example", "reader", "call"].map { try table.texts($0) }
        } catch {
            throw EvaluationProblems(["\(path): \(error)"])
        }
        let conditions = (try? table.texts("condition")) ?? [String](repeating: "", count: table.rows.count)
        let known = Set(material.cases.map(\.id))
        let words = Outcome.all(of: material.task)
        var readings: [Reading] = []
        var problems: [String] = []
        for (index, row) in table.rows.enumerated() {
            let (example, reader, word) = (columns[0][index], columns[1][index], columns[2][index])
            let place = "\(path), line \(row.line)"
            guard known.contains(example) else {
                problems.append("\(place), column 'example': there is no example '\(example)'")
                continue
            }
            guard let call = Outcome(word, of: material.task) else {
                let expected = words.map(\.rawValue).joined(separator: ", ")
                problems.append("\(place), column 'call': expected \(expected), found '\(word)'")
                continue
            }
            guard !reader.isEmpty else {
                problems.append("\(place), column 'reader': expected a name, found nothing")
                continue
            }
            let found = readings.firstIndex { $0.reader == reader && $0.condition == conditions[index] }
            let slot = found ?? readings.count
            if found == nil { readings.append(Reading(reader: reader, condition: conditions[index], calls: [:])) }
            if readings[slot].calls.updateValue(call.rawValue.lowercased(), forKey: example) != nil {
                problems.append("\(place): \(readings[slot].name) has two calls of '\(example)'")
            }
        }
        guard problems.isEmpty else { throw EvaluationProblems(EvaluationProblems.shortened(problems, what: path)) }
        return readings
    }
}
