import Contracts
internal import Digests
internal import Tensors

/// Reads single-file NIfTI-1 and NIfTI-2 images (.nii and .nii.gz, either byte order).
///
/// The file is read once. Its header and its length are checked before anything is allocated for what they promise; the
/// bytes that were checked are the bytes that are hashed, inflated and loaded. libnifti interprets the checked header.
package struct NIfTIReader: Sendable {
    package let limits: NIfTILimits

    package init(limits: NIfTILimits = NIfTILimits()) { self.limits = limits }

    /// Reads a file by its path, which is trusted: locations from messages go through `LocationResolver`.
    ///
    /// - Parameters:
    ///   - path: ending in .nii or .nii.gz.
    ///   - subject: what errors call the image, for example `series 2 (FLAIR)`.
    /// - Returns: the volume, and what is known of its file.
    /// - Throws: `file-missing`, `file-unreadable`, and what `read(_:subject:)` throws.
    package func read(path: String, subject: String = "image") throws(ImagingError) -> LoadedVolume {
        try read(LocatedFile(opening: path, subject: subject), subject: subject)
    }

    /// Reads a located file.
    ///
    /// - Parameters:
    ///   - file: what a `LocationResolver` found.
    ///   - subject: what errors call the image, for example `series 2 (FLAIR)`.
    /// - Returns: the volume, and what is known of its file.
    /// - Throws: `image-format-unsupported`, `file-too-large`, `file-unreadable`, `gzip-corrupt`,
    ///   `nifti-header-invalid`, `nifti-dimensions-invalid`, `nifti-type-unsupported`, `nifti-truncated`,
    ///   `nifti-oversized`, `affine-invalid` or `voxels-non-finite`.
    package func read(_ file: LocatedFile, subject: String = "image") throws(ImagingError) -> LoadedVolume {
        try withBytes(of: file, subject: subject) { bytes, isCompressed throws(ImagingError) in
            try read(bytes, isCompressed: isCompressed, subject: subject)
        }
    }

    /// Lends a file's bytes, and whether its name says that they are compressed.
    func withBytes<Output>(
        of file: LocatedFile, subject: String,
        _ body: (UnsafeRawBufferPointer, Bool) throws(ImagingError) -> Output
    ) throws(ImagingError) -> Output {
        let name = file.name.lowercased()
        let isCompressed = name.hasSuffix(".nii.gz")
        guard isCompressed || name.hasSuffix(".nii") else {
            throw ImagingError(
                .imageFormatUnsupported, subject: subject, "expected a file named .nii or .nii.gz, found another name")
        }
        let contents = try FileBytes(descriptor: file.descriptor, limit: limits.fileBytes, subject: subject)
        return try withExtendedLifetime(contents) { () throws(ImagingError) in
            try body(contents.bytes, isCompressed)
        }
    }

    /// Reads a file that lies in memory.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - isCompressed: whether it is a gzip member.
    ///   - subject: what errors call the image.
    /// - Returns: the volume, and what is known of its file.
    /// - Throws: what reading a located file throws once its bytes are read.
    package func read(
        _ bytes: UnsafeRawBufferPointer, isCompressed: Bool, subject: String = "image"
    ) throws(ImagingError) -> LoadedVolume {
        nonisolated(unsafe) let bytes = bytes
        let (loaded, sha256) = Both.of(
            { () throws(ImagingError) in
                try load(bytes, isCompressed: isCompressed, subject: subject, makeVolumes)
            }, { Digest.sha256Hex(bytes) }, atOnce: bytes.count > Self.largeFile)
        let (volumes, source) = try loaded.get()
        return LoadedVolume(volumes: volumes, sha256: sha256, byteCount: bytes.count, geometrySource: source)
    }

    /// What has been checked of a file, on its way to voxels.
    struct Checked {
        let header: NIfTIHeader
        let layout: NIfTILayout
        let affine: Affine
        let source: NIfTIGeometrySource
        let subject: String
    }

    /// From so many bytes on a file is hashed while it is inflated.
    private static let largeFile = 1 << 20

    /// Writes the `layout.voxelBytes` bytes of a file's voxels.
    typealias Fill = (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void

    /// Checks a file's header and length, and hands its voxels on: as they lie in memory already where they do, and in
    /// any case by what writes them.
    func load<Output>(
        _ bytes: UnsafeRawBufferPointer, isCompressed: Bool, severalVolumes: Bool = false, subject: String,
        _ make: (Checked, TensorBuffer?, Fill) throws(ImagingError) -> Output
    ) throws(ImagingError) -> Output {
        isCompressed
            ? try inflated(bytes, severalVolumes, subject: subject, make)
            : try plain(bytes, severalVolumes, subject: subject, make)
    }

    private func plain<Output>(
        _ bytes: UnsafeRawBufferPointer, _ severalVolumes: Bool, subject: String,
        _ make: (Checked, TensorBuffer?, Fill) throws(ImagingError) -> Output
    ) throws(ImagingError) -> Output {
        let header = try NIfTIHeader(bytes, subject: subject)
        let layout = try NIfTILayout(header, limits: limits, severalVolumes: severalVolumes, subject: subject)
        guard bytes.count >= layout.fileBytes else { throw truncated(layout, found: bytes.count, subject) }
        guard bytes.count == layout.fileBytes else {
            throw oversized(layout, "found \(bytes.count)", subject)
        }
        return try make(checked(header, layout, bytes, subject), nil) { target throws(ImagingError) in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[layout.voxelOffset...]))
        }
    }

    private func inflated<Output>(
        _ bytes: UnsafeRawBufferPointer, _ severalVolumes: Bool, subject: String,
        _ make: (Checked, TensorBuffer?, Fill) throws(ImagingError) -> Output
    ) throws(ImagingError) -> Output {
        let inflater = try GzipInflater(bytes, subject: subject)
        let front = UnsafeMutableRawBufferPointer.allocate(byteCount: NIfTIHeader.largestByteCount, alignment: 16)
        defer { front.deallocate() }
        let frontCount = try inflater.inflate(into: front)
        let headerBytes = UnsafeRawBufferPointer(rebasing: front[..<frontCount])
        let header = try NIfTIHeader(headerBytes, subject: subject)
        let layout = try NIfTILayout(header, limits: limits, severalVolumes: severalVolumes, subject: subject)
        try checkRatio(layout, compressed: bytes.count, subject)
        let checked = try checked(header, layout, headerBytes, subject)
        if let voxels = Self.inflatedAtOnce(bytes, layout) {
            return try make(checked, voxels) { target throws(ImagingError) in
                voxels.withUnsafeBytes { target.copyMemory(from: $0) }
            }
        }
        return try make(checked, nil) { target throws(ImagingError) in
            // What lies between header and voxels is passed over; small images may lie in the front piece already.
            var position = frontCount
            if layout.voxelOffset > position {
                position += try skip(layout.voxelOffset - position, inflater)
                guard position == layout.voxelOffset else { throw truncated(layout, found: position, subject) }
            }
            let known = UnsafeRawBufferPointer(rebasing: front[min(layout.voxelOffset, frontCount)..<frontCount])
            guard known.count <= target.count else { throw oversized(layout, "found more", subject) }
            target.copyMemory(from: known)
            position += try inflater.inflate(
                into: UnsafeMutableRawBufferPointer(rebasing: target[known.count...]))
            guard position == layout.fileBytes else { throw truncated(layout, found: position, subject) }
            guard try inflater.finish() else { throw oversized(layout, "found more", subject) }
        }
    }

    /// The fast way, for a file that is whole and undamaged: its voxels where they were inflated to. nil where it is
    /// not, and nothing is known of it then.
    private static func inflatedAtOnce(_ bytes: UnsafeRawBufferPointer, _ layout: NIfTILayout) -> TensorBuffer? {
        var isWhole = false
        let file = TensorBuffer.filled(count: layout.fileBytes) { isWhole = WholeInflater.inflate(bytes, into: $0) }
        return isWhole ? file.slice(layout.voxelOffset..<layout.fileBytes) : nil
    }

    private func skip(_ count: Int, _ inflater: GzipInflater) throws(ImagingError) -> Int {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { scratch.deallocate() }
        return try inflater.inflate(into: scratch)
    }

    private func checked(
        _ header: NIfTIHeader, _ layout: NIfTILayout, _ headerBytes: UnsafeRawBufferPointer, _ subject: String
    ) throws(ImagingError) -> Checked {
        let (affine, source) = try NIfTIGeometry.affine(
            of: header, bytes: headerBytes, millimetersPerUnit: layout.millimetersPerUnit, subject: subject)
        return Checked(header: header, layout: layout, affine: affine, source: source, subject: subject)
    }

    private func makeVolumes(
        _ checked: Checked, _ voxels: TensorBuffer?, _ fill: Fill
    ) throws(ImagingError) -> ([Volume], NIfTIGeometrySource) {
        let layout = checked.layout
        let loader = VoxelLoader(
            layout: layout, isBigEndian: checked.header.isBigEndian, subject: checked.subject)
        let tensor = try loader.load(voxels, fill)
        let volumes = try Self.parts(of: tensor, count: layout.volumeCount).map { (part) throws(ImagingError) in
            try Volume(
                tensor: part, affine: checked.affine, slope: layout.slope, intercept: layout.intercept,
                subject: checked.subject)
        }
        return (volumes, checked.source)
    }

    /// The volumes of `[t, k, j, i]`, which share its bytes.
    private static func parts(of tensor: Tensor, count: Int) -> [Tensor] {
        guard count > 1 else { return [tensor] }
        let size = tensor.buffer.count / count
        return (0..<count).compactMap { index in
            try? Tensor(
                shape: Array(tensor.shape.dropFirst()), elementType: tensor.elementType,
                buffer: tensor.buffer.slice((index * size)..<((index + 1) * size)))
        }
    }

    /// Deflate cannot do better than 1032 to 1, so a promise beyond that is broken before it is tried.
    private func checkRatio(
        _ layout: NIfTILayout, compressed: Int, _ subject: String
    ) throws(ImagingError) {
        if layout.fileBytes > compressed * 1032 {
            throw ImagingError(
                .niftiTruncated, subject: subject,
                "expected \(layout.fileBytes) bytes inflated, \(compressed) compressed bytes cannot hold them; "
                    + "transfer the file again")
        }
        guard layout.fileBytes > limits.inflationFloor else { return }
        guard layout.fileBytes <= compressed * limits.inflationRatio else {
            throw ImagingError(
                .fileTooLarge, subject: subject,
                "expected at most \(limits.inflationRatio) times \(compressed) compressed bytes, the header promises "
                    + "\(layout.fileBytes); raise the ratio if such an image is meant")
        }
    }

    private func truncated(_ layout: NIfTILayout, found: Int, _ subject: String) -> ImagingError {
        ImagingError(
            .niftiTruncated, subject: subject,
            "expected \(layout.fileBytes) bytes (\(layout.fileShape) voxels of \(layout.voxelType.byteCount) bytes after "
                + "\(layout.voxelOffset)), found \(found); transfer the file again")
    }

    private func oversized(_ layout: NIfTILayout, _ found: String, _ subject: String) -> ImagingError {
        ImagingError(
            .niftiOversized, subject: subject,
            "expected \(layout.fileBytes) bytes (\(layout.fileShape) voxels of \(layout.voxelType.byteCount) bytes after "
                + "\(layout.voxelOffset)), \(found); export the image again")
    }
}
