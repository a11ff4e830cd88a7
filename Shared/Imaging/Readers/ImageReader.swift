package import Contracts

/// Reads whatever a location may name: NIfTI, a PNG or JPEG cut-out, a DICOM file, or a folder of DICOM files.
package struct ImageReader: Sendable {
    private let nifti: NIfTIReader
    /// For files with b-values beside them.
    private let severalVolumes: NIfTIReader
    private let dicom: DICOMReader
    private let pictures: PictureReader

    package init(limits: NIfTILimits = NIfTILimits(), dicom: DICOMLimits = DICOMLimits()) {
        nifti = NIfTIReader(limits: limits)
        var bounds = limits
        bounds.volumes = 4096
        severalVolumes = NIfTIReader(limits: bounds)
        self.dicom = DICOMReader(limits: dicom, niftiLimits: limits)
        pictures = PictureReader(limits: limits)
    }

    /// Reads a located file or folder.
    ///
    /// Which reader takes a file is decided by its name: .nii and .nii.gz, .png, .jpg and .jpeg; .dcm, .ima and names
    /// without an ending are DICOM. A folder is a folder of DICOM files.
    ///
    /// - Parameters:
    ///   - node: what a `LocationResolver` found.
    ///   - choice: which series of a DICOM folder.
    ///   - subject: what errors call the image, for example `series 2 (FLAIR)`.
    /// - Returns: the volume, and what is known of its files.
    /// - Throws: what the readers throw; `image-format-unsupported` for other files.
    package func read(
        _ node: LocatedNode, choice: DICOMReader.Choice = DICOMReader.Choice(), subject: String = "image"
    ) throws(ImagingError) -> LoadedVolume {
        guard case .file(let file) = node else { return try dicom.read(node, choice: choice, subject: subject) }
        let name = file.name.lowercased()
        if name.hasSuffix(".nii.gz") || name.hasSuffix(".nii") { return try nifti.read(file, subject: subject) }
        if name.hasSuffix(".png") || name.hasSuffix(".jpg") || name.hasSuffix(".jpeg") {
            return try pictures.read(file, subject: subject)
        }
        let front = try FileBytes(beginningOf: file.descriptor, count: 132, limit: Int.max, subject: subject)
        guard name.hasSuffix(".dcm") || name.hasSuffix(".ima") || DICOMElements.isDICOM(front.bytes) else {
            throw ImagingError(
                .imageFormatUnsupported, subject: subject,
                "expected .nii, .nii.gz, .png, .jpg, a DICOM file or a folder of them, found another kind of file")
        }
        return try dicom.read(node, choice: choice, subject: subject)
    }

    /// Reads what a location names, with what lies beside a NIfTI file: a BIDS sidecar (.json) for recognition, and
    /// b-values (.bval) by which one of several volumes is chosen.
    ///
    /// - Throws: what `LocationResolver` and the readers throw.
    package func read(
        _ location: String, beneath resolver: LocationResolver, choice: DICOMReader.Choice = DICOMReader.Choice(),
        subject: String = "image"
    ) throws(ImagingError) -> LoadedVolume {
        let node = try resolver.locate(location, subject: subject)
        guard case .file(let file) = node, let base = Self.base(of: location, name: file.name) else {
            return try read(node, choice: choice, subject: subject)
        }
        let bValues = (try? resolver.resolve(base + ".bval", subject: subject)).flatMap { DiffusionFiles.bValues($0) }
        var loaded = try (bValues == nil ? nifti : severalVolumes).read(file, subject: subject)
        loaded.notes += try loaded.chooseVolume(bValues: bValues, subject: subject)
        if let sidecar = try? resolver.resolve(base + ".json", subject: subject),
            var attributes = SeriesAttributes(sidecar: sidecar)
        {
            if let bValues { attributes.bValues = Set(bValues).sorted() }
            loaded.recognized = SeriesRecognition.recognize(attributes)
        }
        return loaded
    }

    /// A NIfTI file's location without its ending.
    private static func base(of location: String, name: String) -> String? {
        for ending in [".nii.gz", ".nii"] where name.lowercased().hasSuffix(ending) {
            // An ending that is written with percent escapes, or that a link gives another name, has no neighbors.
            guard location.lowercased().hasSuffix(ending) else { return nil }
            return String(location.dropLast(ending.count))
        }
        return nil
    }
}
