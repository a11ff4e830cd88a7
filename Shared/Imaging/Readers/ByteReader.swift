/// Numbers out of bytes, at any alignment, in either byte order.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    let isBigEndian: Bool

    func integer<Integer: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Integer.Type) -> Integer {
        let raw = bytes.loadUnaligned(fromByteOffset: offset, as: type)
        return isBigEndian ? Integer(bigEndian: raw) : Integer(littleEndian: raw)
    }

    func float(at offset: Int) -> Double { Double(Float(bitPattern: integer(at: offset, as: UInt32.self))) }

    func double(at offset: Int) -> Double { Double(bitPattern: integer(at: offset, as: UInt64.self)) }
}
