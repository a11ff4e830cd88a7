import Contracts
import Imaging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The folder of a dataset, beyond which nothing is read.
struct DatasetFolder: Sendable {
    let root: URL
    private let resolver: LocationResolver

    init(_ root: URL) {
        self.root = root.standardizedFileURL
        resolver = LocationResolver(roots: [self.root.path])
    }

    func url(_ path: String) -> URL { root.appending(path: path) }

    func contains(_ path: String) -> Bool { FileManager.default.fileExists(atPath: url(path).path) }

    /// The names in a folder, sorted, without hidden ones; empty where there is no such folder.
    func names(in path: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url(path).path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    func isFolder(_ path: String) -> Bool {
        var isDirectory: Bool = false
        return FileManager.default.fileExists(atPath: url(path).path, isDirectory: &isDirectory) && isDirectory
    }

    /// Opens a file beneath the folder.
    ///
    /// - Throws: `location-outside-root` for an absolute path and for one that leaves the folder, by `..` or by a link;
    ///   `file-missing` and others where it cannot be opened.
    func open(_ path: String) throws(ImagingError) -> LocatedNode {
        guard !path.hasPrefix("/") else {
            throw ImagingError(
                .locationOutsideRoot, subject: "path", "expected a path relative to the dataset's folder, found another"
            )
        }
        // A file is meant: a colon in its name is no scheme.
        return .file(try resolver.resolve("./" + path, subject: "path"))
    }

    /// A whole text file; nil, and a problem, where it cannot be read.
    func bytes(of path: String, _ problems: inout [DatasetProblem]) -> [UInt8]? {
        do {
            return [UInt8](try Data(contentsOf: url(path)))
        } catch {
            let reason = contains(path) ? "it cannot be read; check its permissions" : "expected the file, found none"
            problems.append(DatasetProblem(path, reason))
            return nil
        }
    }
}

extension ImagingError {
    /// The message without the subject, since a problem names its place itself.
    var reason: String {
        switch code {
        case .locationOutsideRoot: "the path leaves the dataset's folder; put the file into it"
        case .fileMissing: "expected the file, found none"
        default: message.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? message
        }
    }
}
