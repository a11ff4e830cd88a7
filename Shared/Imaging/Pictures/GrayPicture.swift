/// A gray picture of 8 bits, rows from top to bottom.
package struct GrayPicture: Sendable, Equatable {
    package let width: Int
    package let height: Int
    package private(set) var pixels: [UInt8]

    package init(width: Int, height: Int, gray: UInt8 = 0) {
        self.width = max(1, width)
        self.height = max(1, height)
        pixels = [UInt8](repeating: gray, count: self.width * self.height)
    }

    package subscript(x: Int, y: Int) -> UInt8 {
        get { pixels[x + width * y] }
        set { pixels[x + width * y] = newValue }
    }

    /// Puts a picture over this one; what lies outside is cut off.
    package mutating func draw(_ picture: GrayPicture, x: Int, y: Int) {
        for row in max(0, -y)..<max(max(0, -y), min(picture.height, height - y)) {
            for column in max(0, -x)..<max(max(0, -x), min(picture.width, width - x)) {
                self[x + column, y + row] = picture[column, row]
            }
        }
    }

    /// Writes letters of 5 × 7 pixels, each `scale` times as large, white with a black rim.
    package mutating func write(_ text: String, x: Int, y: Int, scale: Int = 2) {
        for (gray, reach) in [(UInt8(0), 1), (UInt8(255), 0)] {
            var left = x
            for letter in text.uppercased() {
                for (column, bits) in Self.glyph(letter).enumerated() {
                    for row in 0..<7 where bits >> UInt8(row) & 1 == 1 {
                        fill(
                            left + column * scale - reach, y + row * scale - reach, scale + 2 * reach, gray)
                    }
                }
                left += 6 * scale
            }
        }
    }

    /// The width of a text in pixels.
    package static func width(of text: String, scale: Int = 2) -> Int { max(0, text.count * 6 - 1) * scale }

    private mutating func fill(_ x: Int, _ y: Int, _ side: Int, _ gray: UInt8) {
        for row in max(0, y)..<max(max(0, y), min(height, y + side)) {
            for column in max(0, x)..<max(max(0, x), min(width, x + side)) { self[column, row] = gray }
        }
    }

    /// Five columns of seven bits, the lowest bit on top.
    private static func glyph(_ letter: Character) -> [UInt8] {
        guard let ascii = letter.asciiValue else { return blank }
        switch ascii {
        case 48...57: return digits[Int(ascii) - 48]
        case 65...90: return letters[Int(ascii) - 65]
        case 45: return [0x08, 0x08, 0x08, 0x08, 0x08]
        case 46: return [0, 0x60, 0x60, 0, 0]
        case 63: return [0x02, 0x01, 0x51, 0x09, 0x06]
        default: return blank
        }
    }

    private static let blank: [UInt8] = [0, 0, 0, 0, 0]

    private static let digits: [[UInt8]] = [
        [0x3e, 0x51, 0x49, 0x45, 0x3e], [0, 0x42, 0x7f, 0x40, 0], [0x42, 0x61, 0x51, 0x49, 0x46],
        [0x21, 0x41, 0x45, 0x4b, 0x31], [0x18, 0x14, 0x12, 0x7f, 0x10], [0x27, 0x45, 0x45, 0x45, 0x39],
        [0x3c, 0x4a, 0x49, 0x49, 0x30], [0x01, 0x71, 0x09, 0x05, 0x03], [0x36, 0x49, 0x49, 0x49, 0x36],
        [0x06, 0x49, 0x49, 0x29, 0x1e],
    ]

    private static let letters: [[UInt8]] = [
        [0x7e, 0x11, 0x11, 0x11, 0x7e], [0x7f, 0x49, 0x49, 0x49, 0x36], [0x3e, 0x41, 0x41, 0x41, 0x22],
        [0x7f, 0x41, 0x41, 0x22, 0x1c], [0x7f, 0x49, 0x49, 0x49, 0x41], [0x7f, 0x09, 0x09, 0x09, 0x01],
        [0x3e, 0x41, 0x49, 0x49, 0x7a], [0x7f, 0x08, 0x08, 0x08, 0x7f], [0, 0x41, 0x7f, 0x41, 0],
        [0x20, 0x40, 0x41, 0x3f, 0x01], [0x7f, 0x08, 0x14, 0x22, 0x41], [0x7f, 0x40, 0x40, 0x40, 0x40],
        [0x7f, 0x02, 0x0c, 0x02, 0x7f], [0x7f, 0x04, 0x08, 0x10, 0x7f], [0x3e, 0x41, 0x41, 0x41, 0x3e],
        [0x7f, 0x09, 0x09, 0x09, 0x06], [0x3e, 0x41, 0x51, 0x21, 0x5e], [0x7f, 0x09, 0x19, 0x29, 0x46],
        [0x46, 0x49, 0x49, 0x49, 0x31], [0x01, 0x01, 0x7f, 0x01, 0x01], [0x3f, 0x40, 0x40, 0x40, 0x3f],
        [0x1f, 0x20, 0x40, 0x20, 0x1f], [0x3f, 0x40, 0x38, 0x40, 0x3f], [0x63, 0x14, 0x08, 0x14, 0x63],
        [0x07, 0x08, 0x70, 0x08, 0x07], [0x61, 0x51, 0x49, 0x45, 0x43],
    ]
}
