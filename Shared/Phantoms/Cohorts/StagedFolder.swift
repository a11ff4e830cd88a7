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

    func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: staging + "/" + path, withIntermediateDirectories: true)
    }

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: staging + "/" + path))
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

    func write(_ truth: CohortTruth) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(String(decoding: try encoder.encode(truth), as: UTF8.self) + "\n", to: "truth.json")
    }
}
