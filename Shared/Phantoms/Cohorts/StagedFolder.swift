import Imaging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Why a cohort of phantoms could not be written.
package struct CohortError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was expected, what came, and what to do.
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A folder that is there as a whole or not at all: it is filled under another name beside it, and renamed at the end.
struct StagedFolder {
    /// Where to write.
    let staging: String
    private let target: String

    /// - Parameter target: may be absent or an empty folder.
    /// - Throws: ``CohortError`` where something is there already, or the folder cannot be made.
    init(_ target: String) throws(CohortError) {
        var target = target
        while target.count > 1, target.hasSuffix("/") { target.removeLast() }
        self.target = target
        staging = "\(target).partial-\(getpid())"
        let manager = FileManager.default
        if manager.fileExists(atPath: target) {
            guard (try? manager.contentsOfDirectory(atPath: target))?.isEmpty == true else {
                throw CohortError("\(target): expected no such file, or an empty folder; name another, or remove it")
            }
        }
        do {
            try manager.createDirectory(atPath: staging, withIntermediateDirectories: true)
        } catch {
            throw CohortError("\(staging): the folder cannot be made (\(error)); check that its parent is writable")
        }
    }

    /// - Throws: ``CohortError`` where the folder cannot be made.
    func makeFolder(_ path: String) throws(CohortError) {
        do {
            try FileManager.default.createDirectory(atPath: staging + "/" + path, withIntermediateDirectories: true)
        } catch {
            throw CohortError("\(path): the folder cannot be made; check that there is room on the disk")
        }
    }

    /// - Throws: `ImagingError` where the file cannot be written.
    func write(_ text: String, to path: String) throws(ImagingError) {
        try OutputFile.replace(staging + "/" + path, with: Array(text.utf8))
    }

    /// Writes a value as JSON, keys sorted.
    ///
    /// - Throws: `ImagingError` where the file cannot be written.
    func write(json value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", to: path)
    }

    /// Gives the folder its name.
    ///
    /// - Throws: ``CohortError`` where it cannot be renamed, because something was put there meanwhile.
    func finish() throws(CohortError) {
        // An empty folder is replaced; a full one makes rename fail.
        guard rename(staging, target) == 0 else {
            let reason = String(cString: strerror(errno))
            throw CohortError("\(target): the finished folder cannot be put there (\(reason)); it was removed again")
        }
    }

    /// Fills a folder that appears as a whole; on any error nothing stays.
    ///
    /// - Parameters:
    ///   - target: absent or an empty folder.
    ///   - fill: writes into the folder's staging place.
    /// - Returns: what `fill` returned.
    /// - Throws: ``CohortError``, or what `fill` throws.
    static func whole<Result>(
        _ target: String, _ fill: (StagedFolder) async throws -> Result
    ) async throws -> Result {
        let staged = try StagedFolder(target)
        do {
            let result = try await fill(staged)
            try staged.finish()
            return result
        } catch {
            try? FileManager.default.removeItem(atPath: staged.staging)
            throw error
        }
    }
}
