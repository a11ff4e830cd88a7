import Contracts

/// The fields of a NIfTI-1 or NIfTI-2 header that say where the voxels are and what they mean, as they stand in the
/// file; nothing is believed yet (`validate` does that).
///
/// Offsets after nifti1.h and nifti2.h of the NIfTI Data Format Working Group.
struct NIfTIHeader {
    enum Version: Int {
        case one = 1
        case two = 2

        /// Bytes of the header itself, without the four that announce extensions.
        var byteCount: Int { self == .one ? 348 : 540 }
    }

    let version: Version
    let isBigEndian: Bool
    /// dim[0…7]: the number of axes, then the extents.
    let dimensions: [Int]
    let datatype: Int
    let bitsPerVoxel: Int
    /// pixdim[0…7]: qfac, then the spacings.
    let spacings: [Double]
    let voxelOffset: Double
    let slope: Double
    let intercept: Double
    /// xyzt_units.
    let units: Int
    let qformCode: Int
    let sformCode: Int
    /// quatern_b, c, d and qoffset_x, y, z.
    let quaternion: [Double]
    /// srow_x, srow_y, srow_z.
    let sform: [Double]

    /// The most bytes that a header can take: NIfTI-2 with its four extension bytes.
    static let largestByteCount = 544

    /// Finds version and byte order, and reads the fields.
    ///
    /// - Parameters:
    ///   - bytes: the beginning of the file.
    ///   - subject: what errors call the image.
    /// - Throws: `nifti-truncated` where the header is not all there, `nifti-header-invalid` for another `sizeof_hdr`
    ///   or magic, `image-format-unsupported` for the two-file form (.hdr and .img).
    init(_ bytes: UnsafeRawBufferPointer, subject: String) throws(ImagingError) {
        guard bytes.count >= 4 else {
            throw ImagingError(
                .niftiTruncated, subject: subject,
                "expected a NIfTI header of at least 348 bytes, found \(bytes.count); transfer the file again")
        }
        let little = ByteReader(bytes: bytes, isBigEndian: false).integer(at: 0, as: Int32.self)
        let big = ByteReader(bytes: bytes, isBigEndian: true).integer(at: 0, as: Int32.self)
        switch (little, big) {
        case (348, _): (version, isBigEndian) = (.one, false)
        case (540, _): (version, isBigEndian) = (.two, false)
        case (_, 348): (version, isBigEndian) = (.one, true)
        case (_, 540): (version, isBigEndian) = (.two, true)
        default:
            throw ImagingError(
                .niftiHeaderInvalid, subject: subject,
                "expected sizeof_hdr 348 (NIfTI-1) or 540 (NIfTI-2) in either byte order, found \(little)")
        }
        guard bytes.count >= version.byteCount else {
            throw ImagingError(
                .niftiTruncated, subject: subject,
                "expected a header of \(version.byteCount) bytes, found \(bytes.count); transfer the file again")
        }
        try Self.checkMagic(bytes, version, subject: subject)
        let reader = ByteReader(bytes: bytes, isBigEndian: isBigEndian)
        switch version {
        case .one:
            dimensions = (0..<8).map { Int(reader.integer(at: 40 + 2 * $0, as: Int16.self)) }
            datatype = Int(reader.integer(at: 70, as: Int16.self))
            bitsPerVoxel = Int(reader.integer(at: 72, as: Int16.self))
            spacings = (0..<8).map { reader.float(at: 76 + 4 * $0) }
            voxelOffset = reader.float(at: 108)
            slope = reader.float(at: 112)
            intercept = reader.float(at: 116)
            units = Int(bytes[123])
            qformCode = Int(reader.integer(at: 252, as: Int16.self))
            sformCode = Int(reader.integer(at: 254, as: Int16.self))
            quaternion = (0..<6).map { reader.float(at: 256 + 4 * $0) }
            sform = (0..<12).map { reader.float(at: 280 + 4 * $0) }
        case .two:
            dimensions = (0..<8).map { Int(reader.integer(at: 16 + 8 * $0, as: Int64.self)) }
            datatype = Int(reader.integer(at: 12, as: Int16.self))
            bitsPerVoxel = Int(reader.integer(at: 14, as: Int16.self))
            spacings = (0..<8).map { reader.double(at: 104 + 8 * $0) }
            voxelOffset = Double(reader.integer(at: 168, as: Int64.self))
            slope = reader.double(at: 176)
            intercept = reader.double(at: 184)
            units = Int(reader.integer(at: 500, as: Int32.self))
            qformCode = Int(reader.integer(at: 344, as: Int32.self))
            sformCode = Int(reader.integer(at: 348, as: Int32.self))
            quaternion = (0..<6).map { reader.double(at: 352 + 8 * $0) }
            sform = (0..<12).map { reader.double(at: 400 + 8 * $0) }
        }
    }

    private static func checkMagic(
        _ bytes: UnsafeRawBufferPointer, _ version: Version, subject: String
    ) throws(ImagingError) {
        let expected: [UInt8]
        let found: [UInt8]
        switch version {
        case .one:
            expected = [0x6e, 0x2b, 0x31, 0]
            found = Array(bytes[344..<348])
        case .two:
            // "n+2", then the bytes by which PNG notices transfers in text mode.
            expected = [0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a]
            found = Array(bytes[4..<12])
        }
        guard found != expected else { return }
        if found[0] == 0x6e, found[1] == 0x69 {
            throw ImagingError(
                .imageFormatUnsupported, subject: subject,
                "expected a single-file NIfTI (.nii or .nii.gz), found the header of a .hdr and .img pair; convert it")
        }
        throw ImagingError(
            .niftiHeaderInvalid, subject: subject,
            "expected the NIfTI-\(version.rawValue) magic \(expected), found \(found)")
    }
}
