/// The tensors of a safetensors file, by name. The tensors share the file's bytes.
package struct SafetensorsFile: Sendable {
    /// Free text of the header.
    package let metadata: [String: String]
    /// What the header says of each tensor, in the order of their bytes.
    package let entries: [SafetensorsEntry]
    private let buffer: TensorBuffer
    private let dataStart: Int
    private let indices: [String: Int]

    /// Names of the tensors, in the order of their bytes.
    package var names: [String] { entries.map(\.name) }

    /// Reads a file's header and checks it.
    ///
    /// - Parameter buffer: the whole file.
    /// - Throws: a `SafetensorsError` for everything that a hostile or damaged file may hold.
    package init(_ buffer: TensorBuffer) throws(SafetensorsError) {
        let lengthFieldSize = 8
        guard buffer.count >= lengthFieldSize else {
            throw .truncated(expected: UInt64(lengthFieldSize), got: buffer.count)
        }
        let declared = buffer.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard declared <= UInt64(SafetensorsHeader.maximumByteCount) else {
            throw .headerTooLong(declared: declared, limit: SafetensorsHeader.maximumByteCount)
        }
        let dataStart = lengthFieldSize + Int(declared)
        guard buffer.count >= dataStart else { throw .truncated(expected: UInt64(dataStart), got: buffer.count) }
        let header = try buffer.withUnsafeBytes { bytes throws(SafetensorsError) in
            try SafetensorsHeader(
                parsing: UnsafeRawBufferPointer(rebasing: bytes[lengthFieldSize..<dataStart]),
                dataByteCount: buffer.count - dataStart)
        }
        self.metadata = header.metadata
        self.entries = header.entries
        self.buffer = buffer
        self.dataStart = dataStart
        self.indices = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
    }

    /// Lends the whole file's bytes, such as for a digest of exactly what the tensors show.
    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try buffer.withUnsafeBytes(body)
    }

    /// Lends the bytes of one tensor.
    func withBytes<Result>(of entry: SafetensorsEntry, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = dataStart + entry.byteRange.lowerBound
        return buffer.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[start..<start + entry.byteRange.count]))
        }
    }

    /// The tensor of this name, or nil when there is none or its `dtype` is one that tensors cannot hold.
    package func tensor(_ name: String) -> Tensor? {
        try? requiredTensor(name)
    }

    /// Names of the tensors of float64, which `float32Tensor` rounds.
    package var doubleNames: [String] { entries.filter { $0.dtype == Self.double }.map(\.name) }

    private static let double = "F64"

    /// The tensor of this name; of float64, its numbers rounded to float32.
    ///
    /// - Throws: as ``requiredTensor(_:)`` for every other type that tensors cannot hold.
    package func float32Tensor(_ name: String) throws(SafetensorsError) -> Tensor {
        guard let index = indices[name], entries[index].dtype == Self.double else { return try requiredTensor(name) }
        let entry = entries[index]
        let bytes = buffer.slice(
            dataStart + entry.byteRange.lowerBound..<dataStart + entry.byteRange.upperBound)
        let floats = bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 8).map { offset in
                Float(
                    Double(
                        bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))))
            }
        }
        do {
            return try Tensor(shape: entry.shape, floats: floats)
        } catch {
            throw .sizeMismatch(tensor: name, expected: entry.byteRange.count, got: entry.byteRange.count)
        }
    }

    /// The tensor of this name.
    ///
    /// - Throws: `noSuchTensor`, or `unsupportedElementType` for a `dtype` such as `F64`.
    package func requiredTensor(_ name: String) throws(SafetensorsError) -> Tensor {
        guard let index = indices[name] else { throw .noSuchTensor(name: name, tensorCount: entries.count) }
        let entry = entries[index]
        guard let elementType = ElementType(safetensorsName: entry.dtype) else {
            throw .unsupportedElementType(tensor: name, dtype: entry.dtype)
        }
        let start = dataStart + entry.byteRange.lowerBound
        do {
            return try Tensor(
                shape: entry.shape, elementType: elementType,
                buffer: buffer.slice(start..<start + entry.byteRange.count))
        } catch {
            throw .sizeMismatch(tensor: name, expected: entry.byteRange.count, got: entry.byteRange.count)
        }
    }
}
