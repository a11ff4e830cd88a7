/// What is wrong with a table, and where.
package struct TableProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// From 1; the header is line 1. Nil for the table as a whole.
    package let line: Int?
    package let column: String?
    package let reason: String

    package init(line: Int?, column: String? = nil, reason: String) {
        self.line = line
        self.column = column
        self.reason = reason
    }

    package var description: String {
        let place = [line.map { "line \($0)" }, column.map { "column '\($0)'" }].compactMap(\.self)
        return place.isEmpty ? reason : place.joined(separator: ", ") + ": " + reason
    }
}

/// A table of text with a header line (RFC 4180, with commas or tabs; a byte order mark is passed over).
package struct DelimitedTable: Sendable, Equatable {
    package struct Row: Sendable, Equatable {
        /// Where the row begins in the file, from 1.
        package let line: Int
        package let cells: [String]
    }

    package let header: [String]
    package let rows: [Row]

    /// - Parameters:
    ///   - text: of the whole file.
    ///   - delimiter: nil for a tab if the first line has one, else a comma.
    /// - Throws: ``TableProblem`` for an empty text, a column that stands twice, a row of another length, or a quote
    ///   that is never closed.
    package init(_ text: String, delimiter: Character? = nil) throws(TableProblem) {
        let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        let firstLine = text.prefix { !$0.isNewline }
        var lines = try Self.records(text, delimiter ?? (firstLine.contains("\t") ? "\t" : ","))[...]
        guard let first = lines.popFirst(), first.cells.contains(where: { !$0.isEmpty }) else {
            throw TableProblem(line: nil, reason: "expected a header line with the columns' names, found nothing")
        }
        header = first.cells.map { $0.trimmed }
        if let twice = Dictionary(grouping: header, by: \.self).first(where: { $0.value.count > 1 })?.key {
            throw TableProblem(line: 1, column: twice, reason: "it stands twice")
        }
        for row in lines where row.cells.count != header.count {
            throw TableProblem(line: row.line, reason: "expected \(header.count) values, found \(row.cells.count)")
        }
        rows = Array(lines)
    }

    /// The table of the rows whose cell in a column is `word`, in whichever case.
    ///
    /// - Throws: ``TableProblem`` where there is no such column.
    package func rows(of word: String, in column: String) throws(TableProblem) -> DelimitedTable {
        let index = try requiredIndex(of: column)
        return DelimitedTable(
            header: header, rows: rows.filter { $0.cells[index].trimmed.lowercased() == word.lowercased() })
    }

    /// The table without the rows at some places, from 0.
    package func withoutRows(where isLeftOut: (Int) -> Bool) -> DelimitedTable {
        DelimitedTable(header: header, rows: rows.indices.filter { !isLeftOut($0) }.map { rows[$0] })
    }

    private init(header: [String], rows: [Row]) {
        self.header = header
        self.rows = rows
    }

    /// The position of a column.
    package func index(of column: String) -> Int? { header.firstIndex(of: column) }

    /// - Throws: ``TableProblem`` naming the columns that there are.
    package func requiredIndex(of column: String) throws(TableProblem) -> Int {
        guard let index = index(of: column) else {
            throw TableProblem(
                line: 1, column: column,
                reason: "it is missing; the columns are \(header.map { "'\($0)'" }.joined(separator: ", "))")
        }
        return index
    }

    /// A column's texts.
    package func texts(_ column: String) throws(TableProblem) -> [String] {
        let index = try requiredIndex(of: column)
        return rows.map { $0.cells[index].trimmed }
    }

    /// A column's numbers.
    ///
    /// - Throws: ``TableProblem`` for a cell that is no finite number.
    package func numbers(_ column: String) throws(TableProblem) -> [Double] {
        let index = try requiredIndex(of: column)
        var numbers: [Double] = []
        for row in rows {
            guard let number = Double(row.cells[index].trimmed), number.isFinite else {
                throw TableProblem(line: row.line, column: column, reason: "expected a finite number")
            }
            numbers.append(number)
        }
        return numbers
    }

    /// A column of 0 and 1.
    package func labels(_ column: String) throws(TableProblem) -> [Bool] {
        let index = try requiredIndex(of: column)
        var labels: [Bool] = []
        for row in rows {
            switch Double(row.cells[index].trimmed) {
            case 0: labels.append(false)
            case 1: labels.append(true)
            default: throw TableProblem(line: row.line, column: column, reason: "expected 0 or 1")
            }
        }
        return labels
    }

    private static func records(_ text: String, _ delimiter: Character) throws(TableProblem) -> [Row] {
        var records: [Row] = []
        var cells: [String] = []
        var cell = ""
        var isQuoted = false
        var (line, start) = (1, 1)
        var characters = text[...]
        func isBlank() -> Bool { cells.isEmpty && cell.trimmed.isEmpty }
        while let character = characters.popFirst() {
            if isQuoted {
                if character == "\"" {
                    if characters.first == "\"" {
                        cell.append(characters.removeFirst())
                    } else {
                        isQuoted = false
                    }
                } else {
                    if character.isNewline { line += 1 }
                    cell.append(character)
                }
            } else if character == "\"", cell.trimmed.isEmpty {
                isQuoted = true
                cell = ""
            } else if character == delimiter {
                cells.append(cell)
                cell = ""
            } else if character.isNewline {
                if !isBlank() { records.append(Row(line: start, cells: cells + [cell])) }
                (cells, cell) = ([], "")
                line += 1
                start = line
            } else {
                cell.append(character)
            }
        }
        if isQuoted { throw TableProblem(line: start, reason: "a quote is opened and never closed") }
        if !isBlank() { records.append(Row(line: start, cells: cells + [cell])) }
        return records
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
