package import Contracts

/// A volume, and what is known of the files that it came from.
package struct LoadedVolume: Sendable {
    package var volume: Volume
    /// All volumes that the files hold; more than one only where the reader was told to take them.
    package var volumes: [Volume]
    /// SHA-256 in lower-case hexadecimal: of the file's bytes as located (compressed where it is); of a DICOM series,
    /// over the files' digests, each in hexadecimal and followed by a line feed, in ascending order. Names of files do
    /// not count.
    package var sha256: String
    /// Bytes of the files as located.
    package var byteCount: Int
    /// What gave the volume its place in space.
    package var geometrySource: NIfTIGeometrySource
    /// What a reader of the result should know.
    package var notes: [SeriesNote]
    /// What the scanner's own words say that it is; nil where there are none.
    package var recognized: RecognizedSeries?
    /// DICOM's name of the series.
    package var seriesInstanceUID: String?
    /// Where each image of a DICOM series lies, in the order of instance numbers; nil for other files and mosaics.
    package var frames: SliceFrames?

    /// - Precondition: at least one volume.
    init(
        volumes: [Volume], sha256: String, byteCount: Int, geometrySource: NIfTIGeometrySource,
        notes: [SeriesNote] = []
    ) {
        volume = volumes[0]
        self.volumes = volumes
        self.sha256 = sha256
        self.byteCount = byteCount
        self.geometrySource = geometrySource
        self.notes = notes
    }
}
