/// Reads a `Decodable` value from a ``JSONTape``.
///
/// Every throw of it means no more than "ask Foundation": the caller decodes the same bytes with Foundation's decoder,
/// and what that says counts. So paths and reasons are not kept here.
struct EventDecoder: Decoder {
    let tape: JSONTape
    let index: Int
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func decode<Value: Decodable>(_ type: Value.Type, from text: [UInt8]) throws -> Value {
        try Value(from: EventDecoder(tape: try JSONTape(text), index: 0))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard tape.nodes[index].kind == .object else { throw JSONTape.Doubt() }
        return KeyedDecodingContainer(Keyed(tape: tape, object: index))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard tape.nodes[index].kind == .array else { throw JSONTape.Doubt() }
        return Unkeyed(tape: tape, array: index)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(tape: tape, index: index) }
}

extension JSONTape {
    fileprivate func isNull(_ index: Int) -> Bool { nodes[index].kind == .null }

    fileprivate func bool(_ index: Int) throws -> Bool {
        switch nodes[index].kind {
        case .yes: true
        case .no: false
        default: throw Doubt()
        }
    }

    fileprivate func string(_ index: Int) throws -> String {
        guard nodes[index].kind == .string else { throw Doubt() }
        guard let text = withBytes(of: nodes[index], { String(validating: $0, as: UTF8.self) }) else { throw Doubt() }
        return text
    }

    fileprivate func integer<Integer: FixedWidthInteger>(_ index: Int) throws -> Integer {
        guard nodes[index].kind == .number else { throw Doubt() }
        return try withBytes(of: nodes[index]) { bytes in
            // At most 18 digits: no overflow to look out for.
            let isNegative = bytes[0] == UInt8(ascii: "-")
            let digits = isNegative ? bytes.dropFirst() : bytes[...]
            guard digits.count <= 18 else { throw Doubt() }
            var value: Int64 = 0
            for digit in digits {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { throw Doubt() }
                value = value * 10 + Int64(digit - UInt8(ascii: "0"))
            }
            guard let result = Integer(exactly: isNegative ? -value : value) else { throw Doubt() }
            return result
        }
    }

    fileprivate func number(_ index: Int) throws -> Double {
        guard nodes[index].kind == .number else { throw Doubt() }
        let value = withBytes(of: nodes[index]) { Double(Substring(decoding: $0, as: UTF8.self)) }
        guard let value, value.isFinite else { throw Doubt() }
        return value
    }

    fileprivate func single(_ index: Int) throws -> Float {
        guard nodes[index].kind == .number else { throw Doubt() }
        let value = withBytes(of: nodes[index]) { Float(Substring(decoding: $0, as: UTF8.self)) }
        guard let value, value.isFinite else { throw Doubt() }
        return value
    }
}

private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let tape: JSONTape
    let object: Int
    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        var keys: [Key] = []
        var index = object + 1
        for _ in 0..<tape.nodes[object].count {
            if let name = try? tape.string(index), let key = Key(stringValue: name) { keys.append(key) }
            index = Int(tape.nodes[index + 1].next)
        }
        return keys
    }

    private func value(_ key: Key) throws -> Int {
        guard let index = tape.member(key.stringValue, of: object) else { throw JSONTape.Doubt() }
        return index
    }

    func contains(_ key: Key) -> Bool { tape.member(key.stringValue, of: object) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { tape.isNull(try value(key)) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try tape.bool(try value(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try tape.string(try value(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try tape.number(try value(key)) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try tape.single(try value(key)) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try tape.integer(try value(key)) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try tape.integer(try value(key)) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try tape.integer(try value(key)) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try tape.integer(try value(key)) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try tape.integer(try value(key)) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try tape.integer(try value(key)) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try tape.integer(try value(key)) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try tape.integer(try value(key)) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try tape.integer(try value(key)) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try tape.integer(try value(key)) }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try Value(from: EventDecoder(tape: tape, index: try value(key)))
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try EventDecoder(tape: tape, index: try value(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try EventDecoder(tape: tape, index: try value(key)).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { throw JSONTape.Doubt() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw JSONTape.Doubt() }
}

private struct Unkeyed: UnkeyedDecodingContainer {
    let tape: JSONTape
    let array: Int
    private var index: Int
    private(set) var currentIndex = 0

    var codingPath: [any CodingKey] { [] }
    var count: Int? { Int(tape.nodes[array].count) }
    var isAtEnd: Bool { currentIndex >= Int(tape.nodes[array].count) }

    init(tape: JSONTape, array: Int) {
        self.tape = tape
        self.array = array
        index = array + 1
    }

    /// What `read` makes of the current element; on success the next one is current.
    private mutating func take<Value>(_ read: (JSONTape, Int) throws -> Value) throws -> Value {
        guard !isAtEnd else { throw JSONTape.Doubt() }
        let value = try read(tape, index)
        index = Int(tape.nodes[index].next)
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { throw JSONTape.Doubt() }
        guard tape.isNull(index) else { return false }
        return try take { _, _ in true }
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try take { try $0.bool($1) } }
    mutating func decode(_ type: String.Type) throws -> String { try take { try $0.string($1) } }
    mutating func decode(_ type: Double.Type) throws -> Double { try take { try $0.number($1) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try take { try $0.single($1) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try take { try $0.integer($1) } }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try take { try Value(from: EventDecoder(tape: $0, index: $1)) }
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try take { try EventDecoder(tape: $0, index: $1).container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take { try EventDecoder(tape: $0, index: $1).unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { throw JSONTape.Doubt() }
}

private struct Single: SingleValueDecodingContainer {
    let tape: JSONTape
    let index: Int
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { tape.isNull(index) }
    func decode(_ type: Bool.Type) throws -> Bool { try tape.bool(index) }
    func decode(_ type: String.Type) throws -> String { try tape.string(index) }
    func decode(_ type: Double.Type) throws -> Double { try tape.number(index) }
    func decode(_ type: Float.Type) throws -> Float { try tape.single(index) }
    func decode(_ type: Int.Type) throws -> Int { try tape.integer(index) }
    func decode(_ type: Int8.Type) throws -> Int8 { try tape.integer(index) }
    func decode(_ type: Int16.Type) throws -> Int16 { try tape.integer(index) }
    func decode(_ type: Int32.Type) throws -> Int32 { try tape.integer(index) }
    func decode(_ type: Int64.Type) throws -> Int64 { try tape.integer(index) }
    func decode(_ type: UInt.Type) throws -> UInt { try tape.integer(index) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try tape.integer(index) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try tape.integer(index) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try tape.integer(index) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try tape.integer(index) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try Value(from: EventDecoder(tape: tape, index: index))
    }
}
