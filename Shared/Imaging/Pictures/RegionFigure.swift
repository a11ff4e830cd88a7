/// A region's pictures on one sheet: rows of panels under what is said of it.
package struct RegionFigure: Sendable {
    package struct Row: Sendable {
        package var heading: String
        /// Widths in pixels follow from their extents: panels of a row have one height.
        package var panels: [SlicePanel]
        /// Whether the scale of colors stands beside it.
        package var hasHeat: Bool

        package init(heading: String, panels: [SlicePanel], hasHeat: Bool) {
            self.heading = heading
            self.panels = panels
            self.hasHeat = hasHeat
        }
    }

    package var title: String
    package var lines: [String]
    /// Said in a color that is not overlooked.
    package var warnings: [String]
    package var rows: [Row]
    package var disclaimer: String

    package init(title: String, lines: [String], warnings: [String], rows: [Row], disclaimer: String) {
        self.title = title
        self.lines = lines
        self.warnings = warnings
        self.rows = rows
        self.disclaimer = disclaimer
    }

    private static let margin = 14
    private static let gap = 8
    private static let barWidth = 92
    private static let background = Color(18, 20, 24)
    private static let quiet = Color(190, 196, 204)
    private static let warning = Color(255, 150, 90)

    /// Draws the sheet.
    ///
    /// - Parameter panelWidth: pixels of a panel's width.
    /// - Returns: the sheet, as large as its rows and words ask for.
    package func painted(panelWidth: Int = 320) -> ColorCanvas {
        let rows = rows.map { row in (row, row.panels.map { $0.painted(width: panelWidth) }) }
        let columns = rows.map(\.1.count).max() ?? 1
        let width =
            2 * Self.margin + columns * panelWidth + (columns - 1) * Self.gap
            + (rows.contains { $0.0.hasHeat } ? Self.barWidth : 0)
        let texts = wrapped(width - 2 * Self.margin)
        let top = Self.margin + 22 + texts.count * 20 + 6
        let heights = rows.map { row in row.1.map(\.height).max() ?? 0 }
        let height = top + heights.reduce(0) { $0 + $1 + 22 + Self.gap } + 26 + Self.margin
        var canvas = ColorCanvas(width: width, height: height, color: Self.background)
        canvas.write(title, x: Self.margin, y: Self.margin, scale: 2)
        var y = Self.margin + 24
        for (text, color) in texts {
            canvas.write(text, x: Self.margin, y: y, color, scale: 2)
            y += 20
        }
        y = top
        for ((row, panels), height) in zip(rows, heights) {
            canvas.write(row.heading, x: Self.margin, y: y, scale: 2)
            y += 22
            var x = Self.margin
            for panel in panels {
                canvas.draw(panel, x: x, y: y)
                x += panelWidth + Self.gap
            }
            if row.hasHeat { Self.bar(on: &canvas, x: x + 4, y: y, height: height) }
            y += height + Self.gap
        }
        canvas.write(disclaimer, x: Self.margin, y: y + 6, Self.warning, scale: 2)
        return canvas
    }

    private func wrapped(_ width: Int) -> [(String, Color)] {
        lines.flatMap { Self.broken($0, width) }.map { ($0, Self.quiet) }
            + warnings.flatMap { Self.broken($0, width) }.map { ($0, Self.warning) }
    }

    private static func broken(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? String(word) : line + " " + word
            if BitmapFont.width(of: longer) > width, !line.isEmpty {
                lines.append(line)
                line = String(word)
            } else {
                line = longer
            }
        }
        return lines + (line.isEmpty ? [] : [line])
    }

    /// The scale of colors as they look over mid gray, from 0 at the bottom to 1.
    private static func bar(on canvas: inout ColorCanvas, x: Int, y: Int, height: Int) {
        let length = max(40, height - 34)
        for row in 0..<length {
            let value = 1 - Double(row) / Double(length - 1)
            canvas.fill(x: x, y: y + 16 + row, width: 16, height: 1, .gray(90))
            canvas.fill(
                x: x, y: y + 16 + row, width: 16, height: 1, HeatColors.color(value), share: HeatColors.share(value))
        }
        for (value, text) in [(1.0, "1.0"), (0.75, "0.75"), (0.5, "0.5"), (0.25, "0.25"), (0, "0")] {
            let tick = y + 16 + Int((1 - value) * Double(length - 1))
            canvas.fill(x: x + 16, y: tick, width: 4, height: 1, quiet)
            canvas.write(text, x: x + 24, y: tick - 3, quiet, scale: 1)
        }
        canvas.write("Grad-CAM", x: x, y: y, quiet, scale: 1)
        canvas.write("of its maximum", x: x, y: y + length + 22, quiet, scale: 1)
    }
}
