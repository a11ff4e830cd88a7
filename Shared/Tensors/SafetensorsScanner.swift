/// Reads the JSON of a safetensors header, byte by byte and no deeper than the format goes.
///
/// The grammar is fixed (names to records, records of three fields), so nothing recurses: a hostile header cannot
/// exhaust the stack. RFC 8259 strings and non-negative integers; anything else is an error with its position.
struct SafetensorsScanner {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    /// - Parameter bytes: the header; it must outlive the scanner.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// An error at the current byte.
    func malformed(_ expected: String) -> SafetensorsError {
        .malformedHeader(byte: position, expected: expected)
    }

    /// Skips white space and takes `byte`.
    mutating func expect(_ byte: Character) throws(SafetensorsError) {
        guard try take(byte) else { throw malformed("'\(byte)'") }
    }

    /// Skips white space and takes `byte` if it is next.
    mutating func take(_ byte: Character) throws(SafetensorsError) -> Bool {
        skipWhiteSpace()
        guard position < bytes.count, bytes[position] == byte.asciiValue else { return false }
        position += 1
        return true
    }

    /// Only white space may remain.
    mutating func expectEnd() throws(SafetensorsError) {
        skipWhiteSpace()
        guard position == bytes.count else { throw malformed("the end of the header") }
    }

    /// Takes `{ "key": ... , ... }`, calling `member` at each value.
    mutating func object(
        _ member: (inout SafetensorsScanner, String) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) {
        try expect("{")
        if try take("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while try take(",")
        try expect("}")
    }

    /// Takes `[1, 2, ...]`.
    mutating func integers() throws(SafetensorsError) -> [Int] {
        try expect("[")
        if try take("]") { return [] }
        var values: [Int] = []
        repeat { values.append(try integer()) } while try take(",")
        try expect("]")
        return values
    }

    /// Takes a non-negative integer that fits `Int`.
    private mutating func integer() throws(SafetensorsError) -> Int {
        skipWhiteSpace()
        let start = position
        var value = 0
        while position < bytes.count, case 0x30...0x39 = bytes[position] {
            let (tens, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(Int(bytes[position] - 0x30))
            guard !first, !second else { throw malformed("an integer below 2^63") }
            value = sum
            position += 1
        }
        guard position > start else { throw malformed("a non-negative integer") }
        guard position == start + 1 || bytes[start] != 0x30 else {
            throw .malformedHeader(byte: start, expected: "an integer without leading zeros")
        }
        return value
    }

    /// Takes a string with the escapes of RFC 8259.
    mutating func string() throws(SafetensorsError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        var runStart = position
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case 0x22:
                text.append(contentsOf: bytes[runStart..<position])
                position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw .malformedHeader(byte: start, expected: "a string in UTF-8")
                }
                return string
            case 0x5c:
                text.append(contentsOf: bytes[runStart..<position])
                position += 1
                try escape(into: &text)
                runStart = position
            case 0..<0x20:
                throw malformed("no control character in a string")
            default:
                position += 1
            }
        }
        throw malformed("the closing quotation mark of a string")
    }

    /// Takes what follows a backslash.
    private mutating func escape(into text: inout [UInt8]) throws(SafetensorsError) {
        guard position < bytes.count else { throw malformed("an escape sequence") }
        let letter = bytes[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try scalar()).utf8))
        default:
            position -= 1
            throw malformed("one of \"\\/bfnrtu after a backslash")
        }
    }

    /// Takes four hexadecimal digits, or two escaped surrogates that make one scalar.
    private mutating func scalar() throws(SafetensorsError) -> Character {
        let first = try hexadecimal()
        var value = first
        if 0xd800...0xdbff ~= first {
            guard position + 1 < bytes.count, bytes[position] == 0x5c, bytes[position + 1] == UInt8(ascii: "u") else {
                throw malformed("the second half of a surrogate pair")
            }
            position += 2
            let second = try hexadecimal()
            guard 0xdc00...0xdfff ~= second else { throw malformed("the second half of a surrogate pair") }
            value = 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw malformed("no lone surrogate") }
        return Character(scalar)
    }

    private mutating func hexadecimal() throws(SafetensorsError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw malformed("four hexadecimal digits") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw malformed("four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0a, 0x0d: position += 1
            default: return
            }
        }
    }
}
