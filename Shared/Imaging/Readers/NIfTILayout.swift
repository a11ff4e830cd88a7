import Contracts

/// What a header promises, once every field of it has been checked: how many voxels of which type lie where.
struct NIfTILayout {
    /// Extents along i, j, k.
    let shape: [Int]
    /// Extents of all axes that the file has, at least three: those beyond the third number its volumes.
    let fileShape: [Int]
    let voxelType: NIfTIVoxelType
    /// Bytes from the file's beginning to the first voxel.
    let voxelOffset: Int
    let slope: Double
    let intercept: Double
    /// What the affine's lengths are multiplied by to give mm.
    let millimetersPerUnit: Double

    /// Voxels of one volume.
    var voxelCount: Int { shape[0] * shape[1] * shape[2] }
    var volumeCount: Int { fileShape[3...].reduce(1, *) }
    /// Bytes of all volumes' voxels.
    var voxelBytes: Int { voxelCount * volumeCount * voxelType.byteCount }
    /// Bytes of the whole (inflated) file.
    var fileBytes: Int { voxelOffset + voxelBytes }

    /// Along each axis beyond the third, where a file may hold any number: what the header's own numbers can say.
    private static let mostVolumes = 65_535

    /// Checks a header field by field, before a byte is allocated for what it promises.
    ///
    /// - Parameters:
    ///   - header: as it stands in the file.
    ///   - limits: how large the image may be.
    ///   - severalVolumes: whether a file may hold any number of volumes, along up to four more axes; else as many as the
    ///     limits say, along the fourth.
    ///   - subject: what errors call the image.
    /// - Throws: `nifti-dimensions-invalid`, `nifti-type-unsupported`, `nifti-header-invalid`, `affine-invalid` or
    ///   `file-too-large`, with the field, what was expected and what came.
    init(
        _ header: NIfTIHeader, limits: NIfTILimits, severalVolumes: Bool = false, subject: String
    ) throws(ImagingError) {
        fileShape = try Self.shape(header, limits, severalVolumes, subject)
        shape = Array(fileShape[..<3])
        voxelType = try Self.voxelType(header, subject)
        voxelOffset = try Self.voxelOffset(header, limits, subject)
        (slope, intercept) = try Self.scaling(header, subject)
        millimetersPerUnit = try Self.units(header, subject)
        try Self.checkGeometry(header, subject)
        // Extents are at most a few thousand each, but the limits are the operator's.
        var bytes = voxelType.byteCount
        for extent in fileShape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard !overflow, product <= limits.voxelBytes else {
                throw ImagingError(
                    .fileTooLarge, subject: subject,
                    "expected at most \(limits.voxelBytes) bytes of voxels, the header promises "
                        + "\(fileShape) of \(voxelType.byteCount) bytes; raise the limit or send a smaller image")
            }
            bytes = product
        }
    }

    private static func shape(
        _ header: NIfTIHeader, _ limits: NIfTILimits, _ severalVolumes: Bool, _ subject: String
    ) throws(ImagingError) -> [Int] {
        let rank = header.dimensions[0]
        let highest = severalVolumes ? 7 : 4
        guard 1...highest ~= rank else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject,
                "dim[0]: expected 1 to \(highest) axes, found \(rank); send one volume a file")
        }
        for axis in 1...rank {
            let extent = header.dimensions[axis]
            let most = axis <= 3 ? limits.extent : severalVolumes ? Self.mostVolumes : limits.volumes
            guard extent >= 1, extent <= most else {
                let expected =
                    axis <= 3 ? "1 to \(most) voxels" : most == 1 ? "one volume" : "1 to \(most) volumes"
                throw ImagingError(
                    .niftiDimensionsInvalid, subject: subject,
                    "dim[\(axis)]: expected \(expected), found \(extent)" + (axis > 3 ? "; send one volume a file" : "")
                )
            }
        }
        return (1...max(3, rank)).map { $0 <= rank ? header.dimensions[$0] : 1 }
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
