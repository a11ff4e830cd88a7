package import Contracts

/// Reads DICOM series, as folders of files or single files.
///
/// Headers are read here, pixels by dcm2niix in a confined process, and its files by `NIfTIReader`. The geometry is
/// computed twice, by dcm2niix and from the headers, and both must say the same.
package struct DICOMReader: Sendable {
    private let limits: DICOMLimits
    private let niftiLimits: NIfTILimits
    private let temporaryFolder: String

    /// - Parameters:
    ///   - limits: of folders and conversions.
    ///   - niftiLimits: of what comes of a conversion.
    ///   - temporaryFolder: an absolute path beneath which conversions make private folders; nil for `TMPDIR`, else
    ///     /tmp.
    package init(
        limits: DICOMLimits = DICOMLimits(), niftiLimits: NIfTILimits = NIfTILimits(), temporaryFolder: String? = nil
    ) {
        self.limits = limits
        self.niftiLimits = niftiLimits
        self.temporaryFolder = temporaryFolder ?? PrivateFolder.parent
    }

    /// Whether the programs that it needs are there.
    package static var isAvailable: Bool { DICOMConverter.isInstalled }

    /// The programs that DICOM is read with, each with the package that has it, and where it was found.
    package static var programs: [(name: String, package: String, path: String?)] { DICOMConverter.programs }

    /// Whether a file's bytes hold a DICOM image, by its header.
    package static func hasImage(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in (try? DICOMElements(bytes)).flatMap { DICOMHeader($0) } != nil }
    }

    /// Which series of a folder is meant.
    package struct Choice: Sendable, Equatable {
        /// The publisher's word; wins over everything else.
        package var seriesInstanceUID: String?
        /// What the series is used as; decides between several.
        package var sequence: MRSequence?
        /// Whether several volumes are taken as they are, instead of one chosen or the series refused.
        package var takesAllVolumes = false

        package init(seriesInstanceUID: String? = nil, sequence: MRSequence? = nil) {
            self.seriesInstanceUID = seriesInstanceUID
            self.sequence = sequence
        }
    }

    /// Reads one series of a folder.
    ///
    /// - Parameters:
    ///   - node: what a `LocationResolver` found.
    ///   - choice: which series, where the folder holds several.
    ///   - subject: what errors call the series.
    /// - Returns: its volume (of diffusion-weighted images the trace at the highest b-value), and what is known of it.
    /// - Throws: `series-missing`, `series-ambiguous`, `dicom-invalid`, `dicom-geometry-invalid`,
    ///   `dicom-slices-missing`, `dicom-syntax-unsupported`, `converter-missing`, `converter-failed`,
    ///   `converter-limit`, `image-format-unsupported`, and what `NIfTIReader` throws.
    package func read(
        _ node: LocatedNode, choice: Choice = Choice(), subject: String = "image"
    ) throws(ImagingError) -> LoadedVolume {
        let series: DICOMSeries
        switch node {
        case .file(let file): series = try DICOMFolder(limits: limits).series(of: file, subject: subject)
        case .folder(let folder):
            series = try SeriesChoice(choice).pick(
                among: DICOMFolder(limits: limits).series(in: folder, subject: subject), subject: subject)
        }
        if let uid = choice.seriesInstanceUID, uid != series.uid {
            throw ImagingError(
                .seriesMissing, subject: subject, "expected the series with the given seriesInstanceUID, found another")
        }
        return try load(series, takesAllVolumes: choice.takesAllVolumes, subject: subject)
    }

    private func load(
        _ given: DICOMSeries, takesAllVolumes: Bool, subject: String
    ) throws(ImagingError) -> LoadedVolume {
        var series = given
        guard series.images.allSatisfy({ $0.header.samplesPerPixel == 1 }) else {
            throw ImagingError(
                .imageFormatUnsupported, subject: subject,
                "expected one gray value a pixel, found color; send the series that the scanner acquired")
        }
        var notes = Self.dropDuplicates(of: &series)
        let stack = try DICOMGeometry.stack(of: series, subject: subject)
        let output = try DICOMConverter(limits: limits, temporaryFolder: temporaryFolder).convert(
            series, subject: subject)
        var bounds = niftiLimits
        bounds.volumes = 4096
        bounds.extent = max(bounds.extent, 4096)
        bounds.voxelBytes = max(bounds.voxelBytes, limits.seriesBytes)
        bounds.fileBytes = max(bounds.fileBytes, limits.seriesBytes)
        var loaded = try NIfTIReader(limits: bounds).read(path: output.base + ".nii", subject: subject)
        if let stack {
            let affine = try DICOMGeometry.confirmed(loaded.volume, by: stack, subject: subject)
            if affine != loaded.volume.affine {
                loaded.volumes = try loaded.volumes.map { (volume) throws(ImagingError) in
                    try volume.moved(to: affine, subject: subject)
                }
            }
            notes += stack.notes
        } else if !series.images.contains(where: { $0.header.isMosaic }) {
            notes.append(
                SeriesNote(.geometryUnknown, "the images do not say where they lie in space; directions are made up"))
        }
        let attributes = series.attributes
        loaded.volume = loaded.volumes[0]
        if !takesAllVolumes {
            let bValues = DiffusionFiles.bValues(output.base + ".bval")
            notes += try loaded.chooseVolume(bValues: bValues, subject: subject)
        }
        loaded.notes = notes
        loaded.sha256 = output.sha256
        loaded.byteCount = output.byteCount
        loaded.recognized = SeriesRecognition.recognize(attributes)
        loaded.seriesInstanceUID = series.uid.isEmpty ? nil : series.uid
        loaded.frames = DICOMGeometry.frames(of: series)
        return loaded
    }

    /// The same image sent twice is one image.
    private static func dropDuplicates(of series: inout DICOMSeries) -> [SeriesNote] {
        var seen = Set<String>()
        let before = series.images.count
        series.images.removeAll {
            let uid = $0.header.sopInstanceUID
            return !uid.isEmpty && !seen.insert(uid).inserted
        }
        let dropped = before - series.images.count
        guard dropped > 0 else { return [] }
        return [SeriesNote(.duplicateSlices, "\(dropped) of \(before) images were there twice; each was used once")]
    }
}

extension Volume {
    /// The same voxels elsewhere.
    func moved(to affine: Affine, subject: String) throws(ImagingError) -> Volume {
        try Volume(tensor: tensor, affine: affine, slope: slope, intercept: intercept, subject: subject)
    }
}
