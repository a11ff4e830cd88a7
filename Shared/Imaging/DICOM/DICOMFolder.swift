import Contracts

/// The images of one DICOM series among located files.
struct DICOMSeries {
    struct Image {
        /// From the folder on; empty for a file by itself.
        let path: String
        /// Opens the file anew.
        let open: () throws(ImagingError) -> LocatedFile
        let header: DICOMHeader
    }

    let uid: String
    /// By instance number, then in the order of their names.
    var images: [Image]

    /// Of the first image, with the b-values of all.
    var attributes: SeriesAttributes {
        guard var attributes = images.first?.header.attributes else { return SeriesAttributes() }
        attributes.bValues = Set(images.flatMap(\.header.attributes.bValues)).sorted()
        return attributes
    }
}

/// Finds the DICOM series in a folder or a file, by their headers.
struct DICOMFolder {
    let limits: DICOMLimits

    /// How much of a file is read at first; headers with large private elements take more.
    private static let firstPiece = 64 << 10

    /// - Returns: the series with pixels in them, each with its images in order; ordered by UID.
    /// - Throws: `image-format-unsupported` where no file is DICOM, `dicom-syntax-unsupported` where none is that can be
    ///   read, `file-too-large`, `file-unreadable`.
    func series(in folder: LocatedFolder, subject: String) throws(ImagingError) -> [DICOMSeries] {
        let paths = try folder.files(depth: limits.depth, limit: limits.entries, subject: subject)
        let series = try series(among: paths, in: folder, subject: subject)
        guard !series.isEmpty else {
            // One by one they are passed over: only where nothing else is there do they matter.
            for path in paths { try refuseDeflated(folder.open(path, subject: subject), subject: subject) }
            throw ImagingError(
                .imageFormatUnsupported, subject: subject, "expected a folder with DICOM images, found none in it")
        }
        return series
    }

    /// The series among some of a folder's files; those that are no DICOM images are passed over.
    func series(
        among paths: [String], in folder: LocatedFolder, subject: String
    ) throws(ImagingError) -> [DICOMSeries] {
        var series: [String: DICOMSeries] = [:]
        for path in paths {
            guard let header = try header(of: folder.open(path, subject: subject), subject: subject) else { continue }
            let image = DICOMSeries.Image(
                path: path, open: { () throws(ImagingError) in try folder.open(path, subject: subject) }, header: header
            )
            series[header.seriesInstanceUID, default: DICOMSeries(uid: header.seriesInstanceUID, images: [])]
                .images.append(image)
        }
        return series.values.map(Self.ordered).sorted { $0.uid < $1.uid }
    }

    /// The series of one file, which holds one slice or all of them.
    ///
    /// - Throws: `dicom-invalid` where it holds no image, `dicom-syntax-unsupported`.
    func series(of file: LocatedFile, subject: String) throws(ImagingError) -> DICOMSeries {
        guard let header = try header(of: file, subject: subject) else {
            try refuseDeflated(file, subject: subject)
            throw ImagingError(.dicomInvalid, subject: subject, "expected a DICOM image, found none in the file")
        }
        return DICOMSeries(
            uid: header.seriesInstanceUID, images: [DICOMSeries.Image(path: "", open: { file }, header: header)])
    }

    /// Sorting is stable in the order of names, so equal instance numbers stay where they are.
    private static func ordered(_ series: DICOMSeries) -> DICOMSeries {
        let sorted = series.images.enumerated().sorted {
            ($0.element.header.instanceNumber ?? Int.max, $0.offset)
                < ($1.element.header.instanceNumber ?? Int.max, $1.offset)
        }
        return DICOMSeries(uid: series.uid, images: sorted.map(\.element))
    }

    /// - Throws: `dicom-syntax-unsupported` for a file that says that it is deflated.
    private func refuseDeflated(_ file: LocatedFile, subject: String) throws(ImagingError) {
        let piece = try FileBytes(
            beginningOf: file.descriptor, count: Self.firstPiece, limit: limits.fileBytes, subject: subject)
        do throws(DICOMElements.Stop) {
            _ = try DICOMElements(piece.bytes)
        } catch {
            guard error == .deflated else { return }
            throw ImagingError(
                .dicomSyntaxUnsupported, subject: subject,
                "expected a data set as it is, found a deflated one; send it as explicit little endian")
        }
    }

    /// - Returns: nil for a file that is no DICOM image.
    private func header(of file: LocatedFile, subject: String) throws(ImagingError) -> DICOMHeader? {
        var count = Self.firstPiece
        while true {
            let piece = try FileBytes(
                beginningOf: file.descriptor, count: count, limit: limits.fileBytes, subject: subject)
            do throws(DICOMElements.Stop) {
                return DICOMHeader(try DICOMElements(piece.bytes))
            } catch {
                guard error == .truncated, piece.bytes.count == count, count < limits.headerBytes else { return nil }
                count *= 4
            }
        }
    }
}
