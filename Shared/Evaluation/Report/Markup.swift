internal import Glibc

/// Text for HTML and SVG: the page is well-formed XML, too.
enum Markup {
    /// Text without meaning as markup.
    static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default:
                // What XML has no place for.
                let isControl = character.unicodeScalars.contains { $0.value < 32 && $0 != "\n" && $0 != "\t" }
                result += isControl ? "\u{FFFD}" : String(character)
            }
        }
        return result
    }

    static func element(_ name: String, _ attributes: [(String, String)] = [], _ content: String) -> String {
        "<\(name)\(written(attributes))>\(content)</\(name)>"
    }

    static func element(_ name: String, class style: String, _ content: String) -> String {
        element(name, [("class", style)], content)
    }

    static func empty(_ name: String, _ attributes: [(String, String)]) -> String {
        "<\(name)\(written(attributes))/>"
    }

    private static func written(_ attributes: [(String, String)]) -> String {
        attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
    }

    /// A table: `scope` says what heads what, for those who hear the page.
    ///
    /// - Parameters:
    ///   - caption: escaped already; empty for none. Above the table, so that it does not scroll with it.
    ///   - head: the columns' headings, as markup.
    ///   - rows: as markup, the first cell of each a heading.
    ///   - texts: how many columns, from the first on, hold words and not numbers.
    /// - Returns: the table in a frame that scrolls where the page is narrow.
    static func table(caption: String = "", head: [String], rows: [[String]], texts: Int = 1) -> String {
        func style(_ column: Int) -> String { column < texts ? " class=\"left\"" : "" }
        let heading = head.enumerated().map { "<th scope=\"col\"\(style($0))>\($1)</th>" }.joined()
        let body = rows.map { cells in
            let first = element("th", [("scope", "row")], cells.first ?? "")
            let others = cells.enumerated().dropFirst().map { "<td\(style($0.offset))>\($0.element)</td>" }
            return "<tr>" + first + others.joined() + "</tr>"
        }
        let title = caption.isEmpty ? "" : "<p class=\"caption\">\(caption)</p>"
        return title + "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>\(heading)</tr></thead><tbody>"
            + body.joined(separator: "\n") + "</tbody></table></div>\n"
    }
}

/// Numbers as the papers print them.
enum Digits {
    /// A number with so many digits behind the point.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "–" : value > 0 ? "∞" : "−∞" }
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 1e15 else { return "\(value)" }
        let whole = Int(scaled)
        let isNegative = value < 0 && whole > 0
        let text = digits == 0 ? "\(whole)" : "\(whole / Int(scale))." + padded(whole % Int(scale), digits)
        return (isNegative ? "−" : "") + text
    }

    private static func padded(_ value: Int, _ digits: Int) -> String {
        let text = "\(value)"
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    static func area(_ value: Double) -> String { fixed(value, 3) }
    static func percent(_ value: Double) -> String { fixed(value * 100, 1) }
    static func range(_ interval: IntervalFigure, _ digits: Int = 3, scale: Double = 1) -> String {
        "\(fixed(interval.lower * scale, digits))–\(fixed(interval.upper * scale, digits))"
    }

    static func p(_ value: Double) -> String {
        value < 0.001 ? "&lt; 0.001" : fixed(value, 3)
    }

    static func threshold(_ value: Double) -> String { value.isFinite ? fixed(value, 3) : "above all" }

    /// A coordinate of a plot.
    static func coordinate(_ value: Double) -> String {
        // Far outside of the frame is as good as anywhere outside.
        let rounded = value.isFinite ? (min(max(value, -1e4), 1e4) * 100).rounded() / 100 : 0
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
