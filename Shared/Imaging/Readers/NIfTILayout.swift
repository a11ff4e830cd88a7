import Contracts

/// What a header promises, once every field of it has been checked: how many voxels of which type lie where.
struct NIfTILayout {
    /// Extents along i, j, k.
    let shape: [Int]
    /// Volumes of that shape, one after the other.
    let volumeCount: Int
    let voxelType: NIfTIVoxelType
    /// Bytes from the file's beginning to the first voxel.
    let voxelOffset: Int
    let slope: Double
    let intercept: Double
    /// What the affine's lengths are multiplied by to give mm.
    let millimetersPerUnit: Double

    /// Of all volumes.
    var voxelCount: Int { shape[0] * shape[1] * shape[2] * volumeCount }
    var voxelBytes: Int { voxelCount * voxelType.byteCount }
    /// Bytes of the whole (inflated) file.
    var fileBytes: Int { voxelOffset + voxelBytes }

    /// Checks a header field by field, before a byte is allocated for what it promises.
    ///
    /// - Throws: `nifti-dimensions-invalid`, `nifti-type-unsupported`, `nifti-header-invalid`, `affine-invalid` or
    ///   `file-too-large`, with the field, what was expected and what came.
    init(_ header: NIfTIHeader, limits: NIfTILimits, subject: String) throws(ImagingError) {
        shape = try Self.shape(header, limits, subject)
        volumeCount = header.dimensions[0] == 4 ? header.dimensions[4] : 1
        voxelType = try Self.voxelType(header, subject)
        voxelOffset = try Self.voxelOffset(header, limits, subject)
        (slope, intercept) = try Self.scaling(header, subject)
        millimetersPerUnit = try Self.units(header, subject)
        try Self.checkGeometry(header, subject)
        // Extents are at most a few thousand each, but the limits are the operator's.
        var bytes = voxelType.byteCount
        for extent in shape + [volumeCount] {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= limits.voxelBytes else {
                throw ImagingError(
                    .fileTooLarge, subject: subject,
                    "expected at most \(limits.voxelBytes) bytes of voxels, the header promises "
                        + "\(shape) of \(voxelType.byteCount) bytes; raise the limit or send a smaller image")
            }
            bytes = product
        }
    }

    private static func shape(
        _ header: NIfTIHeader, _ limits: NIfTILimits, _ subject: String
    ) throws(ImagingError) -> [Int] {
        let rank = header.dimensions[0]
        guard 1...4 ~= rank else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject,
                "dim[0]: expected 1 to 4 axes, found \(rank); send one volume a file")
        }
        for axis in 1...min(3, rank) {
            let extent = header.dimensions[axis]
            guard extent >= 1, extent <= limits.extent else {
                throw ImagingError(
                    .niftiDimensionsInvalid, subject: subject,
                    "dim[\(axis)]: expected 1 to \(limits.extent) voxels, found \(extent)")
            }
        }
        guard rank < 4 || 1...limits.volumes ~= header.dimensions[4] else {
            let expected = limits.volumes == 1 ? "one volume" : "1 to \(limits.volumes) volumes"
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject,
                "dim[4]: expected \(expected), found \(header.dimensions[4]); send one volume a file")
        }
        return (1...3).map { $0 <= rank ? header.dimensions[$0] : 1 }
    }

    private static func voxelType(_ header: NIfTIHeader, _ subject: String) throws(ImagingError) -> NIfTIVoxelType {
        guard let type = NIfTIVoxelType(rawValue: header.datatype) else {
            throw ImagingError(
                .niftiTypeUnsupported, subject: subject,
                "datatype: expected one of \(NIfTIVoxelType.allCases.map(\.rawValue)), found \(header.datatype)")
        }
        guard header.bitsPerVoxel == type.byteCount * 8 else {
            throw ImagingError(
                .niftiTypeUnsupported, subject: subject,
                "bitpix: expected \(type.byteCount * 8) for datatype \(header.datatype), found \(header.bitsPerVoxel)")
        }
        return type
    }

    private static func voxelOffset(
        _ header: NIfTIHeader, _ limits: NIfTILimits, _ subject: String
    ) throws(ImagingError) -> Int {
        // The header is followed by four bytes that announce extensions.
        let lowest = Double(header.version.byteCount + 4)
        let offset = header.voxelOffset
        guard offset.isFinite, offset >= lowest, offset <= lowest + Double(limits.extensionBytes),
            offset == offset.rounded(.towardZero)
        else {
            throw ImagingError(
                .niftiHeaderInvalid, subject: subject,
                "vox_offset: expected a whole number from \(Int(lowest)) to \(Int(lowest) + limits.extensionBytes), "
                    + "found \(offset)")
        }
        return Int(offset)
    }

    /// The standard: a slope of 0 means that the voxels are not scaled; some writers say so by NaN.
    private static func scaling(
        _ header: NIfTIHeader, _ subject: String
    ) throws(ImagingError) -> (slope: Double, intercept: Double) {
        if header.slope == 0 || header.slope.isNaN { return (1, 0) }
        // Beyond this, scaled values would not be finite in single precision.
        guard 1e-30...1e30 ~= abs(header.slope), abs(header.intercept) <= 1e30 else {
            throw ImagingError(
                .niftiHeaderInvalid, subject: subject,
                "scl_slope, scl_inter: expected finite numbers within 10^±30, found \(header.slope), "
                    + "\(header.intercept)")
        }
        return (header.slope, header.intercept)
    }

    private static func units(_ header: NIfTIHeader, _ subject: String) throws(ImagingError) -> Double {
        switch header.units & 0x07 {
        case 0, 2: return 1
        case 1: return 1000
        case 3: return 0.001
        default:
            throw ImagingError(
                .niftiHeaderInvalid, subject: subject,
                "xyzt_units: expected unknown, m, mm or um (0 to 3), found \(header.units & 0x07)")
        }
    }

    /// Spacings must be positive whichever affine is used; the affine that is used must be finite.
    private static func checkGeometry(_ header: NIfTIHeader, _ subject: String) throws(ImagingError) {
        for axis in 1...min(3, header.dimensions[0]) {
            let spacing = header.spacings[axis]
            guard spacing.isFinite, spacing > 0 else {
                throw ImagingError(
                    .niftiHeaderInvalid, subject: subject,
                    "pixdim[\(axis)]: expected a positive number of mm, found \(spacing)")
            }
        }
        if header.sformCode > 0 {
            guard header.sform.allSatisfy(\.isFinite) else {
                throw ImagingError(
                    .affineInvalid, subject: subject, "srow_x, srow_y, srow_z: expected finite numbers")
            }
        } else if header.qformCode > 0 {
            guard header.quaternion.allSatisfy(\.isFinite), header.spacings[0].isFinite else {
                throw ImagingError(
                    .affineInvalid, subject: subject, "quatern and qoffset: expected finite numbers")
            }
            let squares = header.quaternion[..<3].reduce(0) { $0 + $1 * $1 }
            guard squares <= 1 + 1e-4 else {
                throw ImagingError(
                    .affineInvalid, subject: subject,
                    "quatern: expected a unit quaternion, b² + c² + d² is \(squares)")
            }
        }
    }
}
