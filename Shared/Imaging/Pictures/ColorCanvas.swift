/// A color of 8 bits a channel.
package struct Color: Sendable, Equatable {
    package var red: UInt8
    package var green: UInt8
    package var blue: UInt8

    package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    package static let black = Color(0, 0, 0)
    package static let white = Color(255, 255, 255)

    package static func gray(_ level: UInt8) -> Color { Color(level, level, level) }
}

/// A picture that is drawn on, rows from top to bottom. What lies outside is cut off.
package struct ColorCanvas: Sendable {
    package let width: Int
    package let height: Int
    /// Red, green, blue; row by row.
    package private(set) var bytes: [UInt8]

    package init(width: Int, height: Int, color: Color = .black) {
        self.width = max(1, width)
        self.height = max(1, height)
        bytes = []
        bytes.reserveCapacity(self.width * self.height * 3)
        for _ in 0..<self.width * self.height { bytes += [color.red, color.green, color.blue] }
    }

    package subscript(x: Int, y: Int) -> Color {
        let index = (y * width + x) * 3
        return Color(bytes[index], bytes[index + 1], bytes[index + 2])
    }

    /// Lays a color over a pixel; `share` 0 leaves it, 1 covers it.
    package mutating func blend(_ x: Int, _ y: Int, _ color: Color, _ share: Double = 1) {
        guard 0..<width ~= x, 0..<height ~= y, share > 0 else { return }
        let index = (y * width + x) * 3
        let weight = min(share, 1)
        for (offset, value) in [color.red, color.green, color.blue].enumerated() {
            let mixed = Double(bytes[index + offset]) * (1 - weight) + Double(value) * weight
            bytes[index + offset] = UInt8(min(max(mixed.rounded(), 0), 255))
        }
    }

    package mutating func fill(x: Int, y: Int, width: Int, height: Int, _ color: Color, share: Double = 1) {
        for row in max(0, y)..<max(max(0, y), min(self.height, y + height)) {
            for column in max(0, x)..<max(max(0, x), min(self.width, x + width)) { blend(column, row, color, share) }
        }
    }

    /// A smooth line between two points, whose coordinates are those of pixel middles.
    package mutating func line(
        _ a: SIMD2<Double>, _ b: SIMD2<Double>, _ color: Color, thickness: Double = 1.5, share: Double = 1
    ) {
        let reach = thickness / 2 + 1
        let low = SIMD2(min(a.x, b.x) - reach, min(a.y, b.y) - reach)
        let high = SIMD2(max(a.x, b.x) + reach, max(a.y, b.y) + reach)
        guard high.x >= 0, high.y >= 0, low.x < Double(width), low.y < Double(height) else { return }
        let d = b - a
        let length = d.x * d.x + d.y * d.y
        for y in Int(max(0, low.y))...Int(min(Double(height - 1), high.y)) {
            for x in Int(max(0, low.x))...Int(min(Double(width - 1), high.x)) {
                let p = SIMD2(Double(x), Double(y)) - a
                let along = length > 0 ? min(max((p.x * d.x + p.y * d.y) / length, 0), 1) : 0
                let off = p - d * along
                let distance = (off.x * off.x + off.y * off.y).squareRoot()
                blend(x, y, color, min(max(thickness / 2 + 0.5 - distance, 0), 1) * share)
            }
        }
    }

    /// Puts a picture over this one.
    package mutating func draw(_ picture: ColorCanvas, x: Int, y: Int) {
        for row in 0..<picture.height where 0..<height ~= y + row {
            for column in 0..<picture.width where 0..<width ~= x + column {
                let from = (row * picture.width + column) * 3
                let to = ((y + row) * width + x + column) * 3
                for offset in 0..<3 { bytes[to + offset] = picture.bytes[from + offset] }
            }
        }
    }

    /// Writes a line of text, its top left corner at (x, y); letters may get a dark rim to stand out from an image.
    package mutating func write(
        _ text: String, x: Int, y: Int, _ color: Color = .white, scale: Int = 2, hasRim: Bool = false
    ) {
        if hasRim {
            for dy in -1...1 {
                for dx in -1...1 where dx != 0 || dy != 0 { put(text, x + dx, y + dy, .black, scale) }
            }
        }
        put(text, x, y, color, scale)
    }

    private mutating func put(_ text: String, _ x: Int, _ y: Int, _ color: Color, _ scale: Int) {
        var left = x
        for letter in text {
            let glyph = BitmapFont.glyph(letter)
            for row in 0..<BitmapFont.height {
                for column in 0..<glyph.width {
                    scale == 2
                        ? smooth(glyph, column, row, left, y, color)
                        : plain(glyph, column, row, left, y, color, scale)
                }
            }
            left += (glyph.width + 1) * scale
        }
    }

    private mutating func plain(
        _ glyph: BitmapFont.Glyph, _ column: Int, _ row: Int, _ left: Int, _ top: Int, _ color: Color, _ scale: Int
    ) {
        guard glyph.isSet(column, row) else { return }
        fill(x: left + column * scale, y: top + row * scale, width: scale, height: scale, color)
    }

    /// Twice as large with smooth diagonals: a corner is filled or taken away where its two neighbors are alike and
    /// the opposite ones are not.
    private mutating func smooth(
        _ glyph: BitmapFont.Glyph, _ column: Int, _ row: Int, _ left: Int, _ top: Int, _ color: Color
    ) {
        let own = glyph.isSet(column, row)
        let (up, down) = (glyph.isSet(column, row - 1), glyph.isSet(column, row + 1))
        let (before, after) = (glyph.isSet(column - 1, row), glyph.isSet(column + 1, row))
        let corners = [
            before == up && before != down && up != after ? up : own,
            up == after && up != before && after != down ? after : own,
            down == before && down != after && before != up ? before : own,
            after == down && after != up && down != before ? after : own,
        ]
        for (index, isSet) in corners.enumerated() where isSet {
            blend(left + column * 2 + index % 2, top + row * 2 + index / 2, color)
        }
    }
}
