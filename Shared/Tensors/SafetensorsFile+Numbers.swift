extension SafetensorsFile {
    /// Shape and values of a tensor of any plain number type, such as labels that another program wrote as `I64`.
    ///
    /// - Parameter name: of the tensor.
    /// - Returns: the shape, and its numbers in order; whole numbers beyond 2⁵³ are rounded.
    /// - Throws: `noSuchTensor`; `unsupportedElementType` for a type that is no plain number, such as `F8_E4M3`.
    package func numbers(_ name: String) throws(SafetensorsError) -> (shape: [Int], values: [Double]) {
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw .noSuchTensor(name: name, tensorCount: entries.count)
        }
        if ElementType(safetensorsName: entry.dtype) != nil {
            return (entry.shape, try requiredTensor(name).floats().map(Double.init))
        }
        let values: [Double]? = withBytes(of: entry) { bytes in
            func read<Number: FixedWidthInteger>(_: Number.Type) -> [Double] {
                stride(from: 0, to: bytes.count, by: MemoryLayout<Number>.size).map {
                    Double(Number(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Number.self)))
                }
            }
            switch entry.dtype {
            case "I64": return read(Int64.self)
            case "U64": return read(UInt64.self)
            case "I32": return read(Int32.self)
            case "U32": return read(UInt32.self)
            case "U16": return read(UInt16.self)
            case "I8": return read(Int8.self)
            case "BOOL": return read(UInt8.self)
            case "F64":
                return stride(from: 0, to: bytes.count, by: 8).map {
                    Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
                }
            default: return nil
            }
        }
        guard let values else { throw .unsupportedElementType(tensor: name, dtype: entry.dtype) }
        return (entry.shape, values)
    }
}
