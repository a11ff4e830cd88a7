package import Contracts

/// What lies in a study's folder, found without reading a single voxel: NIfTI files (with or without BIDS sidecars),
/// DICOM series, pictures, masks and contours.
package struct FolderSurvey: Sendable {
    /// One series that a study may name.
    package struct Series: Sendable, Equatable {
        package enum Kind: String, Sendable {
            case nifti
            case dicom
            case picture
        }

        package let kind: Kind
        /// From the folder on: a file, or of a DICOM series the folder that holds it (empty for this folder itself).
        package let path: String
        package let seriesInstanceUID: String?
        package let recognized: RecognizedSeries
        /// Files of a DICOM series; 1 for others.
        package let imageCount: Int
        /// What tells it from others without its description; nil where nothing but its path is known.
        package var facts: SeriesFacts?
    }

    package let series: [Series]
    /// Label maps, by their names.
    package let masks: [String]
    /// ImageJ contours.
    package let contours: [String]
    /// Of the DICOM images; several where the folder holds more than one study.
    package let studyInstanceUIDs: [String]

    /// Words in the name of a NIfTI file that say that it is a label map.
    private static let maskWords: Set<String> = [
        "mask", "seg", "segmentation", "label", "labels", "lesion", "lesions", "roi", "rois", "dseg", "tumor",
    ]

    /// - Parameters:
    ///   - folder: of one study.
    ///   - limits: how much of it is looked at.
    /// - Throws: `file-too-large` for more entries than the limit, `file-unreadable`.
    package init(_ folder: LocatedFolder, limits: DICOMLimits = DICOMLimits()) throws(ImagingError) {
        let paths = try folder.files(depth: limits.depth, limit: limits.entries, subject: "folder")
        var series: [Series] = []
        var masks: [String] = []
        var contours: [String] = []
        var others: [String] = []
        for path in paths {
            let name = path.lowercased()
            if name.hasSuffix(".nii") || name.hasSuffix(".nii.gz") {
                if Self.words(Self.stem(path)).contains(where: Self.maskWords.contains) {
                    masks.append(path)
                } else {
                    series.append(Self.nifti(path, in: folder))
                }
            } else if name.hasSuffix(".png") || name.hasSuffix(".jpg") || name.hasSuffix(".jpeg") {
                series.append(
                    Series(
                        kind: .picture, path: path, seriesInstanceUID: nil,
                        recognized: RecognizedSeries(sequence: nil, evidence: []), imageCount: 1))
            } else if name.hasSuffix(".roi") {
                contours.append(path)
            } else if ![".json", ".bval", ".bvec", ".tsv", ".txt", ".md", ".zip"].contains(where: name.hasSuffix) {
                others.append(path)
            }
        }
        let found = try DICOMFolder(limits: limits).series(among: others, in: folder, subject: "folder")
        series += found.map { one in
            Series(
                kind: .dicom, path: Self.commonFolder(of: one.images.map(\.path)),
                seriesInstanceUID: one.uid.isEmpty ? nil : one.uid,
                recognized: SeriesRecognition.recognize(one.attributes), imageCount: one.images.count,
                facts: SeriesFacts(one))
        }
        self.series = series
        self.masks = masks
        self.contours = contours
        studyInstanceUIDs = Set(found.flatMap { $0.images.compactMap(\.header.studyInstanceUID) }).sorted()
    }

    /// By the sidecar beside it, else by its name.
    private static func nifti(_ path: String, in folder: LocatedFolder) -> Series {
        var attributes = SeriesAttributes()
        let base = path.dropLast(path.lowercased().hasSuffix(".gz") ? 7 : 4)
        var recognized = RecognizedSeries(sequence: nil, evidence: [])
        var facts: SeriesFacts?
        if let sidecar = try? folder.open(base + ".json", subject: "sidecar"),
            let found = SeriesAttributes(sidecar: sidecar)
        {
            recognized = SeriesRecognition.recognize(found)
            facts = SeriesFacts(found)
        }
        if recognized.sequence == nil, recognized.other == nil {
            attributes.seriesDescription = words(stem(path)).joined(separator: " ")
            recognized = SeriesRecognition.recognize(attributes)
        }
        return Series(
            kind: .nifti, path: path, seriesInstanceUID: nil, recognized: recognized, imageCount: 1, facts: facts)
    }

    /// A file's name without folders and ending, and without BIDS's words for subject and session, which say nothing
    /// of the sequence.
    private static func stem(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.prefix { $0 != "." }.split(separator: "_")
            .filter { !$0.lowercased().hasPrefix("sub-") && !$0.lowercased().hasPrefix("ses-") }
            .joined(separator: "_")
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "+") }.map(String.init)
    }

    private static func commonFolder(of paths: [String]) -> String {
        let folders = paths.map { Array($0.split(separator: "/").map(String.init).dropLast()) }
        guard var common = folders.first else { return "" }
        for folder in folders.dropFirst() {
            let length = zip(common, folder).prefix { $0 == $1 }.count
            common = Array(common[..<length])
        }
        return common.joined(separator: "/")
    }
}
