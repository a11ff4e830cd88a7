/// The header of a NIfTI-2 file, for what NIfTI-1 cannot say; offsets after nifti2.h.
enum NIfTI2Header {
    /// Header, and four bytes that say that no extension follows.
    static let voxelOffset = 544

    /// Whether an axis is too long for 16 bits, or slope or intercept would change in single precision.
    static func isNeeded(for image: NIfTIImage) -> Bool {
        image.shape.contains { $0 > 32767 } || Double(Float(image.slope)) != image.slope
            || Double(Float(image.intercept)) != image.intercept
    }

    static func bytes(of image: NIfTIImage) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: voxelOffset)
        func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
            header.withUnsafeMutableBytes {
                $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
            }
        }
        func put(_ value: Double, at offset: Int) { put(value.bitPattern, at: offset) }

        put(Int32(540), at: 0)
        header.replaceSubrange(4..<12, with: [0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a])
        put(Int16(image.type.rawValue), at: 12)
        put(Int16(image.type.byteCount * 8), at: 14)
        put(Int64(image.shape.count), at: 16)
        for axis in 0..<7 { put(Int64(axis < image.shape.count ? image.shape[axis] : 1), at: 24 + 8 * axis) }
        let affine = image.affine
        let qform = NIfTIWriter.quaternion(affine)
        put(qform.handedness, at: 104)
        for axis in 0..<7 { put(axis < 3 ? affine.spacing[axis] : 1, at: 112 + 8 * axis) }
        put(Int64(voxelOffset), at: 168)
        put(image.slope, at: 176)
        put(image.intercept, at: 184)
        // 1: scanner coordinates. A qform cannot hold a sheared affine.
        put(Int32(qform.isExact ? 1 : 0), at: 344)
        put(Int32(1), at: 348)
        for (index, value) in qform.numbers.enumerated() { put(value, at: 352 + 8 * index) }
        for (index, value) in affine.rows.prefix(12).enumerated() { put(value, at: 400 + 8 * index) }
        put(Int32(2), at: 500)  // mm
        return header
    }
}
