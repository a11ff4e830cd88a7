/// Rows and columns for a terminal; columns give way where the terminal is too narrow.
struct TextTable: Sendable {
    enum Alignment: Sendable {
        case left
        case right
    }

    struct Column: Sendable {
        let title: String
        var alignment = Alignment.left
        /// The last to be shortened; only columns that may shrink are.
        var canShrink = false

        static func left(_ title: String) -> Column { Column(title: title) }
        static func right(_ title: String) -> Column { Column(title: title, alignment: .right) }
        static func shrinking(_ title: String) -> Column { Column(title: title, canShrink: true) }
    }

    private let columns: [Column]
    private var rows: [[String]] = []
    private static let gap = 2
    /// No column becomes narrower than this.
    private static let narrowest = 8

    init(_ columns: [Column]) { self.columns = columns }

    var isEmpty: Bool { rows.isEmpty }

    /// Adds a row; cells that are missing are empty.
    mutating func add(_ cells: [String]) {
        rows.append((0..<columns.count).map { $0 < cells.count ? cells[$0] : "" })
    }

    /// The table's lines: titles and rows, none longer than `width` unless no column can give way.
    func lines(width: Int, style: TextStyle, indent: Int = 0) -> [String] {
        let widths = widths(within: width - indent)
        func line(_ cells: [String], _ paint: (String) -> String) -> String {
            var text = String(repeating: " ", count: indent)
            for (index, cell) in cells.enumerated() {
                let shown = Self.clipped(cell, to: widths[index])
                let padding = String(repeating: " ", count: max(0, widths[index] - shown.count))
                let isLast = index == cells.count - 1
                text +=
                    columns[index].alignment == .right ? padding + paint(shown) : paint(shown) + (isLast ? "" : padding)
                if !isLast { text += String(repeating: " ", count: Self.gap) }
            }
            return text
        }
        return [line(columns.map(\.title), style.bold)] + rows.map { row in line(row) { $0 } }
    }

    private func widths(within width: Int) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(columns[index].title.count) { max($0, $1[index].count) }
        }
        let available = width - Self.gap * (columns.count - 1)
        while widths.reduce(0, +) > available {
            let candidates = columns.indices.filter { columns[$0].canShrink && widths[$0] > Self.narrowest }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
        }
        return widths
    }

    /// At most `width` characters, with an ellipsis where something was cut; control characters become `?`.
    static func clipped(_ text: String, to width: Int) -> String {
        let clean = printable(text)
        guard clean.count > width else { return clean }
        return width <= 1 ? String(clean.prefix(max(0, width))) : clean.prefix(width - 1) + "…"
    }

    /// Without control characters: a message must not be able to steer the terminal that shows it.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "?" : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 32 || (127...159).contains(scalar.value)
    }

    /// Words in lines of at most `width` characters; lines after the first are indented.
    static func wrapped(_ text: String, width: Int, indent: Int = 0) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in printable(text).split(separator: " ") {
            if line.isEmpty {
                line = String(word)
            } else if line.count + 1 + word.count + (lines.isEmpty ? 0 : indent) <= width {
                line += " " + word
            } else {
                lines.append(line)
                line = String(word)
            }
        }
        if !line.isEmpty { lines.append(line) }
        return lines.enumerated().map { $0 == 0 ? $1 : String(repeating: " ", count: indent) + $1 }
    }
}
