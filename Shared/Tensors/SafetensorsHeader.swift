/// What a safetensors header says of one tensor.
package struct SafetensorsEntry: Sendable, Equatable {
    package let name: String
    /// The format's word for the element type, such as `F32`; it may be one that `Tensor` cannot hold.
    package let dtype: String
    package let shape: [Int]
    /// Bytes, counted from the first byte after the header.
    package let byteRange: Range<Int>
}

/// A checked safetensors header.
///
/// Checks what the reference implementation (huggingface/safetensors, `Metadata::validate`) checks: every tensor lies
/// within the data, has the size of its shape, and the tensors cover the data without gap or overlap.
struct SafetensorsHeader {
    /// The format's key for free text.
    static let metadataKey = "__metadata__"
    /// The limit of the reference implementation.
    static let maximumByteCount = 100_000_000
    /// Bits per element of every `dtype` of the format (as of safetensors 0.8).
    private static let bitCounts: [String: Int] = [
        "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
        "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
        "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64,
    ]

    private(set) var metadata: [String: String] = [:]
    /// In the order of their bytes.
    private(set) var entries: [SafetensorsEntry] = []

    /// Reads and checks a header.
    ///
    /// - Parameters:
    ///   - bytes: the JSON text, without the length field.
    ///   - dataByteCount: number of bytes that follow the header.
    /// - Throws: a `SafetensorsError` for whatever is not as the format says.
    init(parsing bytes: UnsafeRawBufferPointer, dataByteCount: Int) throws(SafetensorsError) {
        guard bytes.first == UInt8(ascii: "{") else { throw .malformedHeader(byte: 0, expected: "'{'") }
        var scanner = SafetensorsScanner(bytes)
        var names: Set<String> = []
        var metadata: [String: String] = [:]
        var entries: [SafetensorsEntry] = []
        try scanner.object { (scanner, name) throws(SafetensorsError) in
            guard names.insert(name).inserted else { throw .duplicateName(name) }
            if name == Self.metadataKey {
                metadata = try Self.metadata(&scanner)
            } else {
                entries.append(try Self.entry(named: name, &scanner))
            }
        }
        try scanner.expectEnd()
        entries.sort {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
        }
        try Self.check(entries, dataByteCount: dataByteCount)
        self.metadata = metadata
        self.entries = entries
    }

    private static func metadata(_ scanner: inout SafetensorsScanner) throws(SafetensorsError) -> [String: String] {
        var metadata: [String: String] = [:]
        try scanner.object { (scanner, key) throws(SafetensorsError) in
            guard metadata[key] == nil else { throw .duplicateName(key) }
            metadata[key] = try scanner.string()
        }
        return metadata
    }

    private static func entry(
        named name: String, _ scanner: inout SafetensorsScanner
    ) throws(SafetensorsError) -> SafetensorsEntry {
        var dtype: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { (scanner, field) throws(SafetensorsError) in
            switch field {
            case "dtype" where dtype == nil: dtype = try scanner.string()
            case "shape" where shape == nil: shape = try scanner.integers()
            case "data_offsets" where offsets == nil: offsets = try scanner.integers()
            default: throw scanner.malformed("dtype, shape and data_offsets, each once")
            }
        }
        guard let dtype, let shape, let offsets, offsets.count == 2 else {
            throw scanner.malformed("dtype, shape and two data_offsets of tensor '\(name)'")
        }
        guard offsets[0] <= offsets[1] else {
            throw .invalidOffsets(tensor: name, begin: offsets[0], end: offsets[1], dataByteCount: 0)
        }
        return SafetensorsEntry(name: name, dtype: dtype, shape: shape, byteRange: offsets[0]..<offsets[1])
    }

    private static func check(_ entries: [SafetensorsEntry], dataByteCount: Int) throws(SafetensorsError) {
        var end = 0
        for entry in entries {
            let range = entry.byteRange
            guard range.upperBound <= dataByteCount else {
                throw .invalidOffsets(
                    tensor: entry.name, begin: range.lowerBound, end: range.upperBound, dataByteCount: dataByteCount)
            }
            guard range.lowerBound == end else {
                throw .notContiguous(tensor: entry.name, expectedBegin: end, got: range.lowerBound)
            }
            let expected = try byteCount(of: entry)
            guard range.count == expected else {
                throw .sizeMismatch(tensor: entry.name, expected: expected, got: range.count)
            }
            end = range.upperBound
        }
        guard end == dataByteCount else { throw .trailingBytes(count: dataByteCount - end) }
    }

    private static func byteCount(of entry: SafetensorsEntry) throws(SafetensorsError) -> Int {
        guard let bitCount = bitCounts[entry.dtype] else {
            throw .unknownElementType(tensor: entry.name, dtype: entry.dtype)
        }
        guard let count = try? Tensor.elementCount(shape: entry.shape) else {
            throw .invalidShape(tensor: entry.name, shape: entry.shape)
        }
        let (bits, overflow) = count.multipliedReportingOverflow(by: bitCount)
        guard !overflow else { throw .invalidShape(tensor: entry.name, shape: entry.shape) }
        return bits / 8 + (bits % 8 == 0 ? 0 : 1)
    }
}
