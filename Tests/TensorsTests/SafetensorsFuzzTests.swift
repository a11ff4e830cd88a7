import Tensors
import Testing

/// Thousands of damaged and forged files: each is read or refused, none ends the process.
@Suite struct SafetensorsFuzzTests {
    /// SplitMix64, so that every run sees the same files.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }

    /// Pieces of headers that have broken readers.
    private static let words = [
        "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "null", "true", "-1", "-0", "0", "00",
        "1e9", "1.5", "9223372036854775807", "9223372036854775808", "18446744073709551616", "4294967296",
        "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"F32\"", "\"F16\"", "\"BF16\"", "\"F64\"",
        "\"I64\"", "\"F4\"", "\"F6_E2M3\"", "\"BOOL\"", "\"C64\"", "\"X\"", "\"a\"", "\"b.weight\"", "[0,4]", "[4,0]",
        "[0,0]", "[[[[", "{\"a\":{", "\u{0}", "\u{fffd}", "é", "\n", " ",
    ]

    private static func original() throws -> [UInt8] {
        let weight = try Tensor(shape: [2, 3], floats: [1, -2, 3, .infinity, .nan, 0])
        let file = try Safetensors.encode(
            [
                ("a", weight), ("b.weight", weight.converted(to: .float16)), ("c", weight.converted(to: .bfloat16)),
                ("d", try Tensor(shape: [0, 5], floats: [])), ("e\"\u{e9}", weight.converted(to: .uint8)),
            ], metadata: ["format": "pt", "k": "\u{1F600}\n"])
        return file.withUnsafeBytes { Array($0) }
    }

    private static func damage(_ bytes: [UInt8], _ generator: inout Generator) -> [UInt8] {
        var bytes = bytes
        let headerCount = 8 + bytes.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        let strokes = Int.random(in: 1...4, using: &generator)
        for _ in 0..<strokes {
            // What a stroke before this one left of the header.
            let header = 8..<max(9, min(bytes.count, headerCount))
            guard bytes.count > 9 else { return bytes }
            let place = min(Int.random(in: header, using: &generator), bytes.count - 1)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.remove(at: place)
            case 3: bytes.removeLast(Int.random(in: 0...min(bytes.count, 40), using: &generator))
            case 4:
                let word = words.randomElement(using: &generator) ?? ""
                bytes.insert(contentsOf: Array(word.utf8), at: place)
            case 5:
                let word = Array((words.randomElement(using: &generator) ?? "").utf8)
                let end = min(place + word.count, bytes.count)
                bytes.replaceSubrange(place..<end, with: word)
            case 6:
                // A part of the header once more, somewhere else.
                let start = min(Int.random(in: header, using: &generator), bytes.count - 1)
                let end = min(start + Int.random(in: 1...60, using: &generator), bytes.count)
                bytes.insert(contentsOf: Array(bytes[start..<end]), at: place)
            case 7:
                // A number becomes another one.
                if let digit = bytes[place...].firstIndex(where: { (0x30...0x39).contains($0) }) {
                    bytes[digit] = UInt8.random(in: 0x30...0x39, using: &generator)
                }
            case 8:
                bytes[Int.random(in: 0..<min(8, bytes.count), using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            default: bytes.append(contentsOf: [UInt8](repeating: 0x20, count: Int.random(in: 0...9, using: &generator)))
            }
            // Half of the files keep a length field that is right, so that what lies behind it is reached.
            if Bool.random(using: &generator), bytes.count >= 8 {
                let length = UInt64(max(0, min(headerCount - 8, bytes.count - 8)))
                bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: length.littleEndian) { Array($0) })
            }
        }
        return bytes
    }

    @Test(arguments: [1, 20_261_122, 77])
    func everyForgedFileIsReadOrRefused(seed: UInt64) throws {
        let original = try Self.original()
        var generator = Generator(state: seed)
        var kinds: Set<String> = []
        var read = 0
        for _ in 0..<4000 {
            let bytes = Self.damage(original, &generator)
            do {
                let file = try Safetensors.decode(TensorBuffer(copying: bytes))
                read += 1
                for entry in file.entries {
                    // A tensor that is given out has as many numbers as its shape says.
                    guard let tensor = file.tensor(entry.name) else { continue }
                    #expect(tensor.floats().count == entry.shape.reduce(1, *))
                }
            } catch {
                #expect(!"\(error)".isEmpty)
                kinds.insert(String("\(error)".split(separator: " ").prefix(3).joined(separator: " ")))
            }
        }
        // The mutations reach behind the first check.
        #expect(read > 40)
        #expect(kinds.count >= 8, "\(kinds)")
    }
}
