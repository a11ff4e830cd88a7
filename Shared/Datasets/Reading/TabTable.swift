/// A table as BIDS has them: UTF-8, a header, cells between tabs, `n/a` for what is not known.
///
/// Rows that cannot be used are told, and the others stay.
struct TabTable {
    struct Row {
        /// From 1, the header being row 1.
        let number: Int
        fileprivate let cells: [Substring]
    }

    let file: String
    private let columns: [String: Int]
    /// In the order of the file.
    let header: [String]
    let rows: [Row]

    /// Nil where the header cannot be used.
    ///
    /// - Parameters:
    ///   - bytes: of the whole file.
    ///   - file: what problems call it.
    ///   - required: columns that must be there.
    ///   - problems: takes what is wrong.
    init?(_ bytes: [UInt8], file: String, required: [String], problems: inout [DatasetProblem]) {
        self.file = file
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            problems.append(DatasetProblem(file, "expected text in UTF-8, found other bytes; save it as UTF-8"))
            return nil
        }
        // "\r\n" is one Character, and a new line.
        let lines = text.drop { $0 == "\u{FEFF}" }.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard let first = lines.first, !first.isEmpty else {
            problems.append(
                DatasetProblem(file, row: 1, "expected a header with the columns' names, found an empty line"))
            return nil
        }
        header = first.split(separator: "\t", omittingEmptySubsequences: false).map { Self.trimmed($0) }
        var columns: [String: Int] = [:]
        for (index, name) in header.enumerated() {
            if columns.updateValue(index, forKey: name) != nil {
                problems.append(DatasetProblem(file, row: 1, column: name, "the column stands twice; keep one"))
            }
        }
        self.columns = columns
        let missing = required.filter { columns[$0] == nil }
        for name in missing {
            let hint = header.count == 1 && first.contains(",") ? "; cells must lie between tabs, not commas" : ""
            problems.append(
                DatasetProblem(
                    file, row: 1, column: name,
                    "the column is missing, found \(header.joined(separator: ", "))\(hint)"))
        }
        var rows: [Row] = []
        for (index, line) in lines.enumerated().dropFirst() where !line.allSatisfy(\.isWhitespace) {
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard cells.count == header.count else {
                problems.append(
                    DatasetProblem(
                        file, row: index + 1, "expected \(header.count) cells between tabs, found \(cells.count)"))
                continue
            }
            rows.append(Row(number: index + 1, cells: cells))
        }
        self.rows = rows
        guard missing.isEmpty else { return nil }
        if rows.isEmpty, !problems.contains(where: { $0.file == file }) {
            problems.append(DatasetProblem(file, "expected rows below the header, found none"))
        }
    }

    /// A cell without spaces around it; nil where the column is not there, the cell is empty, or it says `n/a`.
    func cell(_ row: Row, _ column: String) -> String? {
        guard let index = columns[column] else { return nil }
        let text = Self.trimmed(row.cells[index])
        return text.isEmpty || text.lowercased() == "n/a" ? nil : text
    }

    /// A cell that must say something.
    func required(_ row: Row, _ column: String, _ problems: inout [DatasetProblem]) -> String? {
        if let text = cell(row, column) { return text }
        problems.append(DatasetProblem(file, row: row.number, column: column, "expected a value, found none"))
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
