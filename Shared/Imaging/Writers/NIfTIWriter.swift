internal import CNIfTI
import Contracts
import Tensors

/// Writes volumes as single-file NIfTI-1, little-endian: the same volume makes the same bytes on every machine.
///
/// The text fields stay empty, so that nothing of a patient can be in them.
package enum NIfTIWriter {
    /// Bytes from the file's beginning to the first voxel: header, and four bytes that say that no extension follows.
    static let voxelOffset = 352

    /// Writes a volume; a file that is there already is replaced in one step, so nobody ever reads half of one.
    ///
    /// - Parameters:
    ///   - volume: written in the type it is stored in, with slope and intercept, unless `storage` says otherwise.
    ///   - path: ending in .nii or .nii.gz.
    ///   - storage: another type to store the voxels in.
    ///   - level: of gzip compression, 1 (fast) to 9 (small).
    /// - Throws: `image-format-unsupported` for another ending, `nifti-dimensions-invalid` for more voxels along an
    ///   axis than NIfTI-1 can say, `file-unreadable` where the file cannot be written.
    package static func write(
        _ volume: Volume, to path: String, as storage: NIfTIStorage = .asStored, level: Int = 3
    ) throws(ImagingError) {
        try write(NIfTIImage(volume), to: path, as: storage, level: level)
    }

    /// Writes an image with all its volumes; see ``write(_:to:as:level:)``.
    ///
    /// - Throws: what writing a volume throws.
    package static func write(
        _ image: NIfTIImage, to path: String, as storage: NIfTIStorage = .asStored, level: Int = 3
    ) throws(ImagingError) {
        let name = path.lowercased()
        let bytes = try encoded(image.converted(to: storage, subject: "output"))
        let output: [UInt8]
        if name.hasSuffix(".nii.gz") {
            output = try compressed(bytes, level: level)
        } else if name.hasSuffix(".nii") {
            output = bytes
        } else {
            throw ImagingError(
                .imageFormatUnsupported, subject: "output", "expected a path ending in .nii or .nii.gz")
        }
        try OutputFile.replace(path, with: output)
    }

    /// The bytes of the uncompressed file.
    package static func encoded(_ volume: Volume) throws(ImagingError) -> [UInt8] { try encoded(NIfTIImage(volume)) }

    /// The bytes of the uncompressed file.
    package static func encoded(_ image: NIfTIImage) throws(ImagingError) -> [UInt8] {
        guard image.shape.allSatisfy({ $0 <= 32767 }), image.shape.count <= 7 else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: "output",
                "expected at most 7 axes of at most 32767 voxels, found \(image.shape)")
        }
        var bytes = header(of: image)
        image.voxels.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    private static func header(of image: NIfTIImage) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: voxelOffset)
        func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
            header.withUnsafeMutableBytes {
                $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
            }
        }
        func put(_ value: Double, at offset: Int) { put(Float(value).bitPattern, at: offset) }

        let affine = image.affine
        put(Int32(348), at: 0)
        put(Int16(image.shape.count), at: 40)
        for axis in 0..<7 { put(Int16(axis < image.shape.count ? image.shape[axis] : 1), at: 42 + 2 * axis) }
        put(Int16(image.type.rawValue), at: 70)
        put(Int16(image.type.byteCount * 8), at: 72)
        for axis in 4...7 { put(1.0, at: 76 + 4 * axis) }
        put(Double(voxelOffset), at: 108)
        put(image.slope, at: 112)
        put(image.intercept, at: 116)
        header[123] = 2  // mm
        let qform = quaternion(affine)
        put(qform.handedness, at: 76)
        for axis in 0..<3 { put(affine.spacing[axis], at: 80 + 4 * axis) }
        // 1: scanner coordinates. A qform cannot hold a sheared affine.
        put(Int16(qform.isExact ? 1 : 0), at: 252)
        put(Int16(1), at: 254)
        for (index, value) in qform.numbers.enumerated() { put(value, at: 256 + 4 * index) }
        for (index, value) in affine.rows.prefix(12).enumerated() { put(value, at: 280 + 4 * index) }
        header.replaceSubrange(344..<348, with: [0x6e, 0x2b, 0x31, 0])
        return header
    }

    /// quatern_b, c, d and qoffset_x, y, z by libnifti, and whether they give the affine back within a hundredth of a
    /// voxel.
    private static func quaternion(_ affine: Affine) -> (numbers: [Double], handedness: Double, isExact: Bool) {
        var matrix = nifti_dmat44()
        let rows = affine.rows
        withUnsafeMutableBytes(of: &matrix) { bytes in
            rows.withUnsafeBytes { bytes.copyMemory(from: $0) }
        }
        var (b, c, d, x, y, z) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        var (dx, dy, dz, handedness) = (0.0, 0.0, 0.0, 0.0)
        nifti_dmat44_to_quatern(matrix, &b, &c, &d, &x, &y, &z, &dx, &dy, &dz, &handedness)
        let back = nifti_quatern_to_dmat44(b, c, d, x, y, z, dx, dy, dz, handedness)
        let returned = withUnsafeBytes(of: back) { Array($0.bindMemory(to: Double.self)) }
        let smallest = min(affine.spacing.x, affine.spacing.y, affine.spacing.z)
        let isExact = zip(returned, rows).allSatisfy { abs($0 - $1) <= 1e-3 * smallest }
        return ([b, c, d, x, y, z], handedness, isExact)
    }

    /// One gzip member without name or time.
    package static func compressed(_ bytes: [UInt8], level: Int) throws(ImagingError) -> [UInt8] {
        // zlib's state points back at its stream, so the stream must not move.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        let status = deflateInit2_(
            stream, Int32(min(max(level, 1), 9)), Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            throw ImagingError(.fileUnreadable, .transient, subject: "output", "zlib has no memory to deflate with")
        }
        defer { deflateEnd(stream) }
        let bound = Int(deflateBound(stream, UInt(bytes.count)))
        guard bound <= Int(UInt32.max) else {
            throw ImagingError(.fileTooLarge, subject: "output", "expected less than 4 GiB, found \(bytes.count) bytes")
        }
        var isComplete = false
        let output = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            bytes.withUnsafeBufferPointer { source in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                stream.pointee.avail_in = UInt32(source.count)
                stream.pointee.next_out = target.baseAddress
                stream.pointee.avail_out = UInt32(bound)
                isComplete = deflate(stream, Z_FINISH) == Z_STREAM_END
                count = bound - Int(stream.pointee.avail_out)
            }
        }
        guard isComplete else {
            throw ImagingError(.internalError, .permanent, subject: "output", "zlib could not finish the gzip member")
        }
        return output
    }
}
