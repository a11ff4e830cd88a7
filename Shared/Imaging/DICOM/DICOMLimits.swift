/// How much a folder of DICOM files may hold before it is refused; the defaults hold every clinical MR study.
package struct DICOMLimits: Sendable, Equatable {
    /// Entries of the folder and of those in it.
    package var entries = 20_000
    /// How deep folders in it are looked into.
    package var depth = 5
    /// Bytes of one file.
    package var fileBytes = 512 << 20
    /// Bytes of the files of one series together.
    package var seriesBytes = 1 << 30
    /// Bytes of a file that its header may take.
    package var headerBytes = 32 << 20
    /// Seconds that a conversion may take.
    package var seconds = 60
    /// Bytes of address space that a conversion may take.
    package var memory = 4 << 30

    package init() {}
}
