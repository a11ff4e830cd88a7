import Contracts
internal import Digests

/// Turns the images of one series into NIfTI files by dcm2niix, in a private folder and a confined process. Compressed
/// pixels are decoded by gdcmconv first: Debian's dcm2niix knows no JPEG-LS, and no compressed multi-frame images.
struct DICOMConverter {
    /// What came of a conversion.
    struct Output {
        /// Owns the files.
        let folder: PrivateFolder
        /// Of the volume; beside it may lie .json, .bval and .bvec of the same name.
        let base: String
        let sha256: String
        let byteCount: Int
    }

    let limits: DICOMLimits
    let temporaryFolder: String

    /// Once a process: looking it up for each series would tell nothing new.
    private static let dcm2niix = ConfinedProgram.find("dcm2niix")
    private static let gdcmconv = ConfinedProgram.find("gdcmconv")

    /// Whether a converter is installed.
    static var isInstalled: Bool { dcm2niix != nil }

    static var programs: [(name: String, package: String, path: String?)] {
        [("dcm2niix", "dcm2niix", dcm2niix), ("gdcmconv", "libgdcm-tools", gdcmconv)]
    }

    /// - Throws: `converter-missing`, `converter-failed`, `converter-limit`, `dicom-syntax-unsupported`,
    ///   `file-too-large`, `file-unreadable`, `series-ambiguous`.
    func convert(_ series: DICOMSeries, subject: String) throws(ImagingError) -> Output {
        guard let dcm2niix = Self.dcm2niix else {
            throw ImagingError(
                .converterMissing, .permanent, subject: subject,
                "DICOM is read by dcm2niix, which is not installed; install the package dcm2niix")
        }
        let folder = try PrivateFolder(beneath: temporaryFolder, subject: subject)
        _ = try folder.makeFolder("in", subject: subject)
        let output = try folder.makeFolder("out", subject: subject)
        let (digest, byteCount) = try copy(series, to: folder, subject: subject)
        // Nothing of the patient's in names; no other folder is looked into; nothing is overwritten.
        let arguments = [
            "-b", "y", "-ba", "y", "-z", "n", "-d", "0", "-f", "volume", "-o", output, "\(folder.path)/in",
        ]
        let status = try program(dcm2niix).run(arguments, in: folder.path, output: output, subject: subject)
        let names = PrivateFolder.contents(of: output).names
        let base = try Self.volume(among: names, status: status, series, subject: subject)
        return Output(folder: folder, base: "\(output)/\(base)", sha256: digest, byteCount: byteCount)
    }

    private func program(_ path: String) -> ConfinedProgram {
        var bounds = ConfinedProgram.Limits()
        bounds.seconds = limits.seconds
        bounds.memory = limits.memory
        bounds.outputBytes = limits.seriesBytes
        return ConfinedProgram(path: path, limits: bounds)
    }

    /// Copies the files, so that what is hashed is what is converted, and under names that say nothing.
    private func copy(
        _ series: DICOMSeries, to folder: PrivateFolder, subject: String
    ) throws(ImagingError) -> (sha256: String, byteCount: Int) {
        var digests: [String] = []
        var total = 0
        for (index, image) in series.images.enumerated() {
            let file = try image.open()
            let contents = try FileBytes(descriptor: file.descriptor, limit: limits.fileBytes, subject: subject)
            withExtendedLifetime(file) {}
            let bytes = contents.bytes
            total += bytes.count
            guard total <= limits.seriesBytes else {
                throw ImagingError(
                    .fileTooLarge, subject: subject,
                    "expected a series of at most \(limits.seriesBytes) bytes, found more")
            }
            digests.append(Digest.sha256Hex(bytes))
            let number = String(index + 1)
            let name = "in/" + String(repeating: "0", count: 6 - min(6, number.count)) + number + ".dcm"
            if !DICOMSyntax.isNative(image.header.transferSyntax) || image.header.pixelLength == nil {
                try folder.write(bytes, to: "packed.dcm", subject: subject)
                try decode("packed.dcm", to: name, in: folder, image.header.transferSyntax, subject: subject)
            } else {
                try folder.write(bytes, to: name, subject: subject)
            }
            withExtendedLifetime(contents) {}
        }
        let text = digests.sorted().map { $0 + "\n" }.joined()
        return (Digest.sha256Hex(Array(text.utf8)), total)
    }

    private func decode(
        _ input: String, to output: String, in folder: PrivateFolder, _ syntax: String, subject: String
    ) throws(ImagingError) {
        guard DICOMSyntax.isNative(syntax) || DICOMSyntax.isCompressed(syntax) else {
            throw ImagingError(
                .dicomSyntaxUnsupported, subject: subject,
                "expected pixels that are plain, JPEG, JPEG-LS, JPEG 2000 or run lengths, found another transfer "
                    + "syntax; send it uncompressed")
        }
        guard let gdcmconv = Self.gdcmconv else {
            throw ImagingError(
                .converterMissing, .permanent, subject: subject,
                "compressed DICOM is decoded by gdcmconv, which is not installed; install the package libgdcm-tools")
        }
        let status = try program(gdcmconv).run(
            ["--raw", "\(folder.path)/\(input)", "\(folder.path)/\(output)"], in: folder.path,
            output: nil, subject: subject)
        folder.remove(input)
        guard status == 0 else {
            throw ImagingError(
                .converterFailed, subject: subject,
                "the pixels of an image cannot be decoded (exit status \(status)); transfer the series again")
        }
    }

    /// The one volume among what dcm2niix has written. Overlays, phases and what it made of its own out of uneven or
    /// tilted slices are not it.
    private static func volume(
        among names: [String], status: Int32, _ series: DICOMSeries, subject: String
    ) throws(ImagingError) -> String {
        let bases = names.filter { $0.hasSuffix(".nii") }.map { String($0.dropLast(4)) }
        let volumes = bases.filter { base in
            !["_ROI", "_Tilt", "_Eq", "_ph", "_imaginary", "_real"].contains { base.contains($0) }
        }
        guard let first = volumes.first else {
            throw ImagingError(
                .converterFailed, subject: subject,
                "dcm2niix made no volume of \(series.images.count) images (exit status \(status)); look at the series "
                    + "in a viewer, and transfer it again")
        }
        guard volumes.count == 1 else {
            throw ImagingError(
                .seriesAmbiguous, subject: subject,
                "expected one volume, the series holds \(volumes.count) (echoes, or slices of several directions); "
                    + "send them as series of their own")
        }
        return first
    }
}
