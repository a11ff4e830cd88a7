/// Turns an `Encodable` value into a ``JSONPiece``.
struct EventEncoder: Encoder {
    /// Where the value goes once it is known what it is.
    final class Place {
        var piece: JSONPiece?
    }

    let place: Place
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// - Throws: `EncodingError.invalidValue` for numbers that JSON has no spelling for, or for nothing at all.
    static func piece(of value: some Encodable) throws -> JSONPiece {
        let place = Place()
        try value.encode(to: EventEncoder(place: place))
        return place.piece ?? .object(JSONMembers())
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .object(let members) = place.piece { return KeyedEncodingContainer(Keyed(members: members)) }
        let members = JSONMembers()
        place.piece = .object(members)
        return KeyedEncodingContainer(Keyed(members: members))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .array(let elements) = place.piece { return Unkeyed(elements: elements) }
        let elements = JSONElements()
        place.piece = .array(elements)
        return Unkeyed(elements: elements)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(place: place) }

    fileprivate static func finite(_ value: Double) throws -> JSONPiece {
        guard value.isFinite else { throw refusal(value) }
        return .number(value)
    }

    fileprivate static func finite(_ value: Float) throws -> JSONPiece {
        guard value.isFinite else { throw refusal(value) }
        return .single(value)
    }

    private static func refusal(_ value: any Sendable) -> EncodingError {
        .invalidValue(
            value, .init(codingPath: [], debugDescription: "JSON has no spelling for a number that is not finite"))
    }
}

private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let members: JSONMembers
    var codingPath: [any CodingKey] { [] }

    private func set(_ key: Key, _ piece: JSONPiece) { members.members.append((key.stringValue, piece)) }

    mutating func encodeNil(forKey key: Key) { set(key, .null) }
    mutating func encode(_ value: Bool, forKey key: Key) { set(key, .bool(value)) }
    mutating func encode(_ value: String, forKey key: Key) { set(key, .string(value)) }
    mutating func encode(_ value: Double, forKey key: Key) throws { set(key, try EventEncoder.finite(value)) }
    mutating func encode(_ value: Float, forKey key: Key) throws { set(key, try EventEncoder.finite(value)) }
    mutating func encode(_ value: Int, forKey key: Key) { set(key, .integer(Int64(value))) }
    mutating func encode(_ value: Int8, forKey key: Key) { set(key, .integer(Int64(value))) }
    mutating func encode(_ value: Int16, forKey key: Key) { set(key, .integer(Int64(value))) }
    mutating func encode(_ value: Int32, forKey key: Key) { set(key, .integer(Int64(value))) }
    mutating func encode(_ value: Int64, forKey key: Key) { set(key, .integer(value)) }
    mutating func encode(_ value: UInt, forKey key: Key) { set(key, .unsigned(UInt64(value))) }
    mutating func encode(_ value: UInt8, forKey key: Key) { set(key, .unsigned(UInt64(value))) }
    mutating func encode(_ value: UInt16, forKey key: Key) { set(key, .unsigned(UInt64(value))) }
    mutating func encode(_ value: UInt32, forKey key: Key) { set(key, .unsigned(UInt64(value))) }
    mutating func encode(_ value: UInt64, forKey key: Key) { set(key, .unsigned(value)) }
    mutating func encode(_ value: some Encodable, forKey key: Key) throws {
        set(key, try EventEncoder.piece(of: value))
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        let nested = JSONMembers()
        set(key, .object(nested))
        return KeyedEncodingContainer(Keyed<NestedKey>(members: nested))
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let nested = JSONElements()
        set(key, .array(nested))
        return Unkeyed(elements: nested)
    }

    mutating func superEncoder() -> any Encoder { nestedEncoder("super") }
    mutating func superEncoder(forKey key: Key) -> any Encoder { nestedEncoder(key.stringValue) }

    private func nestedEncoder(_ key: String) -> any Encoder {
        let place = EventEncoder.Place()
        let nested = JSONMembers()
        place.piece = .object(nested)
        members.members.append((key, .object(nested)))
        return EventEncoder(place: place)
    }
}

private struct Unkeyed: UnkeyedEncodingContainer {
    let elements: JSONElements
    var codingPath: [any CodingKey] { [] }
    var count: Int { elements.pieces.count }

    private func add(_ piece: JSONPiece) { elements.pieces.append(piece) }

    mutating func encodeNil() { add(.null) }
    mutating func encode(_ value: Bool) { add(.bool(value)) }
    mutating func encode(_ value: String) { add(.string(value)) }
    mutating func encode(_ value: Double) throws { add(try EventEncoder.finite(value)) }
    mutating func encode(_ value: Float) throws { add(try EventEncoder.finite(value)) }
    mutating func encode(_ value: Int) { add(.integer(Int64(value))) }
    mutating func encode(_ value: some Encodable) throws { add(try EventEncoder.piece(of: value)) }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        let nested = JSONMembers()
        add(.object(nested))
        return KeyedEncodingContainer(Keyed<NestedKey>(members: nested))
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let nested = JSONElements()
        add(.array(nested))
        return Unkeyed(elements: nested)
    }

    mutating func superEncoder() -> any Encoder {
        let place = EventEncoder.Place()
        let nested = JSONMembers()
        place.piece = .object(nested)
        add(.object(nested))
        return EventEncoder(place: place)
    }
}

private struct Single: SingleValueEncodingContainer {
    let place: EventEncoder.Place
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() { place.piece = .null }
    mutating func encode(_ value: Bool) { place.piece = .bool(value) }
    mutating func encode(_ value: String) { place.piece = .string(value) }
    mutating func encode(_ value: Double) throws { place.piece = try EventEncoder.finite(value) }
    mutating func encode(_ value: Float) throws { place.piece = try EventEncoder.finite(value) }
    mutating func encode(_ value: Int) { place.piece = .integer(Int64(value)) }
    mutating func encode(_ value: Int8) { place.piece = .integer(Int64(value)) }
    mutating func encode(_ value: Int16) { place.piece = .integer(Int64(value)) }
    mutating func encode(_ value: Int32) { place.piece = .integer(Int64(value)) }
    mutating func encode(_ value: Int64) { place.piece = .integer(value) }
    mutating func encode(_ value: UInt) { place.piece = .unsigned(UInt64(value)) }
    mutating func encode(_ value: UInt8) { place.piece = .unsigned(UInt64(value)) }
    mutating func encode(_ value: UInt16) { place.piece = .unsigned(UInt64(value)) }
    mutating func encode(_ value: UInt32) { place.piece = .unsigned(UInt64(value)) }
    mutating func encode(_ value: UInt64) { place.piece = .unsigned(value) }
    mutating func encode(_ value: some Encodable) throws { place.piece = try EventEncoder.piece(of: value) }
}
