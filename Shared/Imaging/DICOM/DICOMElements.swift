/// Walks through the data elements of a DICOM file (PS3.10, PS3.5) up to its pixels, and keeps the few that are
/// wanted.
///
/// Every length is checked against the bytes that are there; sequences may be nested sixteen deep. Explicit and
/// implicit value representations and both byte orders are read; a deflated data set is not.
struct DICOMElements {
    /// How the bytes of a data set are laid out.
    struct Encoding: Equatable {
        var isImplicit: Bool
        var isBigEndian: Bool
    }

    /// A value, and where it stood.
    struct Value {
        /// The outermost sequence that holds the element; nil for one of the data set itself.
        let sequence: DICOMTag?
        /// Which item of that sequence, counted from 0.
        let item: Int
        let bytes: [UInt8]
        let isBigEndian: Bool
    }

    /// Why the walk ended early.
    enum Stop: Error {
        /// The bytes end inside an element.
        case truncated
        case malformed
        /// What follows the meta information is compressed as a whole.
        case deflated
    }

    private(set) var values: [DICOMTag: [Value]] = [:]
    /// Where the value of the pixel data begins; nil where the file has none.
    private(set) var pixelOffset: Int?
    /// Bytes of the pixel data; nil where they are encapsulated in fragments.
    private(set) var pixelLength: Int?

    private static let depthLimit = 16
    /// Values that are kept are short; positions of frames are many, but each is a value of its own.
    private static let valueLimit = 4096
    private static let countLimit = 100_000

    private let bytes: UnsafeRawBufferPointer
    private var kept = 0

    /// Walks through a file.
    ///
    /// - Parameter bytes: the file's beginning.
    /// - Throws: `truncated` where the bytes end before the pixels do begin, `deflated`, and `malformed`.
    init(_ bytes: UnsafeRawBufferPointer) throws(Stop) {
        self.bytes = bytes
        var position = try Self.start(of: bytes)
        let meta = Encoding(isImplicit: false, isBigEndian: false)
        while position + 8 <= bytes.count, little16(position) == 0x0002 {
            position = try element(at: position, end: bytes.count, meta, depth: 0, sequence: nil, item: 0)
        }
        let encoding = try dataSetEncoding(at: position)
        while position < bytes.count, pixelOffset == nil {
            position = try element(
                at: position, end: bytes.count, encoding, depth: 0, sequence: nil, item: 0)
        }
    }

    /// Whether bytes begin as a DICOM file does.
    static func isDICOM(_ bytes: UnsafeRawBufferPointer) -> Bool { (try? start(of: bytes)) != nil }

    private static func start(of bytes: UnsafeRawBufferPointer) throws(Stop) -> Int {
        if bytes.count >= 132, bytes[128..<132].elementsEqual("DICM".utf8) { return 132 }
        // Without preamble: the first element is one of group 2 or 8, as a handful of old writers leave it.
        guard bytes.count >= 8 else { throw .malformed }
        let group = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        let element = UInt16(bytes[2]) | UInt16(bytes[3]) << 8
        guard group == 0x0002 && element <= 0x0010 || group == 0x0008 && element <= 0x0018 else { throw .malformed }
        return 0
    }

    private func little16(_ position: Int) -> UInt16 {
        UInt16(bytes[position]) | UInt16(bytes[position + 1]) << 8
    }

    /// By the transfer syntax, or by what the first element looks like where none is named.
    private func dataSetEncoding(at position: Int) throws(Stop) -> Encoding {
        switch values[.transferSyntaxUID]?.first.map({ DICOMText.string($0.bytes) }) {
        case DICOMSyntax.implicitLittleEndian: return Encoding(isImplicit: true, isBigEndian: false)
        case DICOMSyntax.explicitBigEndian: return Encoding(isImplicit: false, isBigEndian: true)
        case DICOMSyntax.deflated: throw .deflated
        case nil:
            guard position + 6 <= bytes.count else { throw .truncated }
            let looksExplicit = bytes[(position + 4)..<(position + 6)].allSatisfy { (0x41...0x5a).contains($0) }
            return Encoding(isImplicit: !looksExplicit, isBigEndian: false)
        default: return Encoding(isImplicit: false, isBigEndian: false)
        }
    }

    private func number16(_ position: Int, _ encoding: Encoding) throws(Stop) -> UInt16 {
        guard position + 2 <= bytes.count else { throw .truncated }
        return ByteReader(bytes: bytes, isBigEndian: encoding.isBigEndian).integer(at: position, as: UInt16.self)
    }

    private func number32(_ position: Int, _ encoding: Encoding) throws(Stop) -> UInt32 {
        guard position + 4 <= bytes.count else { throw .truncated }
        return ByteReader(bytes: bytes, isBigEndian: encoding.isBigEndian).integer(at: position, as: UInt32.self)
    }

    /// Reads the element at a position; returns where the next one begins.
    private mutating func element(
        at start: Int, end: Int, _ encoding: Encoding, depth: Int, sequence: DICOMTag?, item: Int
    ) throws(Stop) -> Int {
        let tag = DICOMTag(try number16(start, encoding), try number16(start + 2, encoding))
        var position = start + 4
        var length: UInt32
        var isSequence = false
        var isUnknown = false
        if encoding.isImplicit {
            length = try number32(position, encoding)
            position += 4
            // Without a dictionary only an undefined length says that a sequence follows; the two that matter are
            // known.
            isSequence = tag == .sharedFunctionalGroups || tag == .perFrameFunctionalGroups || sequence != nil
        } else {
            guard position + 4 <= bytes.count else { throw .truncated }
            let representation = (bytes[position], bytes[position + 1])
            guard 0x41...0x5a ~= representation.0, 0x41...0x5a ~= representation.1 else { throw .malformed }
            isSequence = representation == (0x53, 0x51)  // SQ
            isUnknown = representation == (0x55, 0x4e)  // UN
            if Self.hasLongLength(representation) {
                length = try number32(position + 4, encoding)
                position += 8
            } else {
                length = UInt32(try number16(position + 2, encoding))
                position += 4
            }
        }
        let isUndefined = length == UInt32.max
        if depth == 0, tag == .pixelData || tag == .floatPixelData || tag == .doublePixelData {
            pixelOffset = position
            pixelLength = isUndefined ? nil : Int(length)
            return position
        }
        guard isUndefined || Int(length) <= end - position else {
            // Inside a sequence of known length that is damage; at the end of the bytes it may be a piece of a file.
            if end == bytes.count { throw .truncated }
            throw .malformed
        }
        if isUndefined {
            // An unknown value of undefined length is an implicit sequence (PS3.5, 6.2.2).
            let inner = isUnknown ? Encoding(isImplicit: true, isBigEndian: false) : encoding
            return try items(
                from: position, end: end, inner, depth: depth, outer: sequence ?? tag, item: item,
                isTop: sequence == nil)
        }
        let next = position + Int(length)
        if isSequence, Self.isEntered(sequence ?? tag), Int(length) >= 8, startsWithItem(position, encoding) {
            _ = try items(
                from: position, end: next, encoding, depth: depth, outer: sequence ?? tag, item: item,
                isTop: sequence == nil)
            return next
        }
        if DICOMTag.kept.contains(tag), Int(length) <= Self.valueLimit, kept < Self.countLimit,
            sequence == nil || Self.isEntered(sequence ?? tag)
        {
            kept += 1
            values[tag, default: []].append(
                Value(
                    sequence: sequence, item: item, bytes: Array(bytes[position..<next]),
                    isBigEndian: encoding.isBigEndian))
        }
        return next
    }

    private func startsWithItem(_ position: Int, _ encoding: Encoding) -> Bool {
        guard let group = try? number16(position, encoding), let element = try? number16(position + 2, encoding) else {
            return false
        }
        return DICOMTag(group, element) == .item
    }

    /// Only the functional groups of multi-frame images say what is wanted here.
    private static func isEntered(_ sequence: DICOMTag) -> Bool {
        sequence == .sharedFunctionalGroups || sequence == .perFrameFunctionalGroups
    }

    /// OB, OD, OF, OL, OV, OW, SQ, SV, UC, UN, UR, UT, UV: two reserved bytes, then a length of four.
    private static func hasLongLength(_ representation: (UInt8, UInt8)) -> Bool {
        switch representation {
        case (0x4f, 0x42), (0x4f, 0x44), (0x4f, 0x46), (0x4f, 0x4c), (0x4f, 0x56), (0x4f, 0x57), (0x53, 0x51),
            (0x53, 0x56), (0x55, 0x43), (0x55, 0x4e), (0x55, 0x52), (0x55, 0x54), (0x55, 0x56):
            true
        default: false
        }
    }

    /// Reads the items of a sequence up to its delimiter or to `end`; returns where the next element begins.
    private mutating func items(
        from start: Int, end: Int, _ encoding: Encoding, depth: Int, outer: DICOMTag, item: Int, isTop: Bool
    ) throws(Stop) -> Int {
        guard depth < Self.depthLimit else { throw .malformed }
        var position = start
        var count = 0
        while position < end {
            let tag = DICOMTag(try number16(position, encoding), try number16(position + 2, encoding))
            let length = try number32(position + 4, encoding)
            position += 8
            if tag == .sequenceEnd { return position }
            guard tag == .item else { throw .malformed }
            let index = isTop ? count : item
            count += 1
            if length == UInt32.max {
                while true {
                    let next = DICOMTag(try number16(position, encoding), try number16(position + 2, encoding))
                    if next == .itemEnd {
                        position += 8
                        break
                    }
                    position = try element(
                        at: position, end: end, encoding, depth: depth + 1, sequence: outer, item: index)
                }
            } else {
                guard Int(length) <= end - position else {
                    if end == bytes.count { throw .truncated }
                    throw .malformed
                }
                let last = position + Int(length)
                if Self.isEntered(outer) {
                    while position < last {
                        position = try element(
                            at: position, end: last, encoding, depth: depth + 1, sequence: outer, item: index)
                    }
                }
                position = last
            }
        }
        return position
    }
}
