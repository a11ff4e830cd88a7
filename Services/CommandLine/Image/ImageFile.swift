import Imaging

/// How the image commands read.
enum ImageFile {
    /// Reads an image; errors name its file. NIfTI is read with all its volumes, in its own type; a DICOM folder or file
    /// and a PNG or JPEG as one volume.
    ///
    /// - Parameters:
    ///   - path: of a file, or of a folder of DICOM files.
    ///   - series: the Series Instance UID of one of a folder's series.
    /// - Returns: the image with all its volumes.
    /// - Throws: `ImagingError` naming the path.
    static func read(_ path: String, series: String? = nil) throws -> NIfTIImage {
        let name = path.lowercased()
        if name.hasSuffix(".nii") || name.hasSuffix(".nii.gz") {
            return try NIfTIReader().readImage(path: path, subject: path)
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        let folder = (path.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
        let resolver = LocationResolver(roots: [folder.isEmpty ? "." : folder])
        let loaded = try ImageReader().read(
            "file:" + LocationText.encoded(parts.last.map(String.init) ?? ""), beneath: resolver,
            choice: DICOMReader.Choice(seriesInstanceUID: series), subject: path)
        return NIfTIImage(loaded.volume, geometrySource: loaded.geometrySource)
    }

    /// Does the same with each volume and puts the outcomes together again.
    static func eachVolume(of image: NIfTIImage, _ change: (Volume) throws -> Volume) throws -> NIfTIImage {
        let volumes = try (0..<image.volumeCount).map { try change(image.volume($0)) }
        return try NIfTIImage(volumes, axes: Array(image.shape[3...]))
    }
}

/// File names as locations.
enum LocationText {
    /// Percent escapes for whatever a location could read otherwise.
    static func encoded(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95: bytes.append(byte)
            default: bytes += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
