/// A JSON text cut into its values, in the order in which they stand. Strings and numbers stay in the text.
///
/// It reads what events consist of, and refuses everything doubtful (also some things that are JSON, such as a key
/// that stands twice): whoever is refused asks Foundation's parser, which knows every corner and names the fault.
final class JSONTape {
    /// The text is not plain enough for this reader.
    struct Doubt: Error {}

    enum Kind: UInt8 { case null, yes, no, number, string, escapedString, array, object }

    /// A value; the parts of an array or object follow it, for an object each key before its value.
    struct Node {
        var kind: Kind
        /// Of a string without its quotes, or of a number.
        var start: Int32
        var end: Int32
        /// Index of the node behind this one and all of its parts.
        var next: Int32
        /// Elements of an array, members of an object.
        var count: Int32
    }

    let text: [UInt8]
    private(set) var nodes: [Node] = []

    /// - Throws: ``Doubt``.
    init(_ text: [UInt8]) throws {
        self.text = text
        guard text.count < Int32.max else { throw Doubt() }
        nodes.reserveCapacity(text.count / 10 + 8)
        try text.withUnsafeBufferPointer { bytes in
            var reader = Reader(bytes: bytes)
            try reader.value(into: &nodes, depth: 0)
            reader.skipSpace()
            guard reader.position == bytes.count else { throw Doubt() }
        }
    }

    /// The bytes of a string or number, as they stand.
    func withBytes<Result>(of node: Node, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        try text.withUnsafeBufferPointer {
            try body(UnsafeBufferPointer(rebasing: $0[Int(node.start)..<Int(node.end)]))
        }
    }

    /// Index of the value of an object's member; nil where it has none of this name.
    func member(_ key: String, of object: Int) -> Int? {
        var key = key
        return key.withUTF8 { wanted in
            var index = object + 1
            for _ in 0..<nodes[object].count {
                let name = nodes[index]
                let isEqual = withBytes(of: name) { $0.count == wanted.count && $0.elementsEqual(wanted) }
                if isEqual { return index + 1 }
                index = Int(nodes[index + 1].next)
            }
            return nil
        }
    }
}

private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func peek() throws -> UInt8 {
        guard position < bytes.count else { throw JSONTape.Doubt() }
        return bytes[position]
    }

    private mutating func expect(_ word: StaticString) throws {
        let count = word.utf8CodeUnitCount
        guard position + count <= bytes.count,
            bytes[position..<position + count].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: count))
        else { throw JSONTape.Doubt() }
        position += count
    }

    mutating func value(into nodes: inout [JSONTape.Node], depth: Int) throws {
        guard depth <= EventCoding.depthLimit else { throw JSONTape.Doubt() }
        skipSpace()
        switch try peek() {
        case UInt8(ascii: "{"): try object(into: &nodes, depth: depth)
        case UInt8(ascii: "["): try array(into: &nodes, depth: depth)
        case UInt8(ascii: "\""): try string(into: &nodes)
        case UInt8(ascii: "t"): try word("true", .yes, into: &nodes)
        case UInt8(ascii: "f"): try word("false", .no, into: &nodes)
        case UInt8(ascii: "n"): try word("null", .null, into: &nodes)
        default: try number(into: &nodes)
        }
    }

    private mutating func word(_ word: StaticString, _ kind: JSONTape.Kind, into nodes: inout [JSONTape.Node]) throws {
        try expect(word)
        add(kind, position, position, &nodes)
    }

    private func add(_ kind: JSONTape.Kind, _ start: Int, _ end: Int, _ nodes: inout [JSONTape.Node]) {
        nodes.append(
            .init(kind: kind, start: Int32(start), end: Int32(end), next: Int32(nodes.count + 1), count: 0))
    }

    private mutating func object(into nodes: inout [JSONTape.Node], depth: Int) throws {
        let index = nodes.count
        add(.object, position, position, &nodes)
        position += 1
        var count: Int32 = 0
        skipSpace()
        if try peek() == UInt8(ascii: "}") {
            position += 1
        } else {
            while true {
                skipSpace()
                guard try peek() == UInt8(ascii: "\"") else { throw JSONTape.Doubt() }
                let name = nodes.count
                try string(into: &nodes)
                // An escaped key, or one that stands twice, is Foundation's affair.
                guard nodes[name].kind == .string, !isRepeated(name, of: index, count, nodes) else {
                    throw JSONTape.Doubt()
                }
                skipSpace()
                guard try peek() == UInt8(ascii: ":") else { throw JSONTape.Doubt() }
                position += 1
                try value(into: &nodes, depth: depth + 1)
                count += 1
                if try endsOrContinues(UInt8(ascii: "}")) { break }
            }
        }
        nodes[index].count = count
        nodes[index].next = Int32(nodes.count)
    }

    private func isRepeated(_ name: Int, of object: Int, _ count: Int32, _ nodes: [JSONTape.Node]) -> Bool {
        let new = nodes[name]
        var index = object + 1
        for _ in 0..<count {
            let old = nodes[index]
            if old.end - old.start == new.end - new.start,
                bytes[Int(old.start)..<Int(old.end)].elementsEqual(bytes[Int(new.start)..<Int(new.end)])
            {
                return true
            }
            index = Int(nodes[index + 1].next)
        }
        return false
    }

    private mutating func array(into nodes: inout [JSONTape.Node], depth: Int) throws {
        let index = nodes.count
        add(.array, position, position, &nodes)
        position += 1
        var count: Int32 = 0
        skipSpace()
        if try peek() == UInt8(ascii: "]") {
            position += 1
        } else {
            while true {
                try value(into: &nodes, depth: depth + 1)
                count += 1
                if try endsOrContinues(UInt8(ascii: "]")) { break }
            }
        }
        nodes[index].count = count
        nodes[index].next = Int32(nodes.count)
    }

    /// Reads a comma or the end of an array or object; whether it was the end.
    private mutating func endsOrContinues(_ end: UInt8) throws -> Bool {
        skipSpace()
        let byte = try peek()
        position += 1
        if byte == end { return true }
        guard byte == UInt8(ascii: ",") else { throw JSONTape.Doubt() }
        return false
    }

    private mutating func string(into nodes: inout [JSONTape.Node]) throws {
        position += 1
        let start = position
        var isEscaped = false
        while true {
            switch try peek() {
            case UInt8(ascii: "\""):
                add(isEscaped ? .escapedString : .string, start, position, &nodes)
                position += 1
                return
            case UInt8(ascii: "\\"):
                isEscaped = true
                position += 2
            case 0..<0x20: throw JSONTape.Doubt()
            default: position += 1
            }
        }
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, RFC 8259.
    private mutating func number(into nodes: inout [JSONTape.Node]) throws {
        let start = position
        if try peek() == UInt8(ascii: "-") { position += 1 }
        if try peek() == UInt8(ascii: "0") { position += 1 } else { try digits() }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            let sign = try peek()
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        add(.number, start, position, &nodes)
    }

    private mutating func digits() throws {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        guard position > start else { throw JSONTape.Doubt() }
    }
}
