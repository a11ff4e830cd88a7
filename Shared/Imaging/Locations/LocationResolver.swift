import Contracts
internal import Glibc

/// Finds the files that messages name, beneath the configured roots and nowhere else.
///
/// A relative location is looked for in each root in turn; an absolute one must lie beneath a root. `..` and symbolic
/// links are followed as long as they stay inside their root. The way is walked directory by directory on open
/// descriptors, so that nothing can be exchanged between the check and the opening.
package struct LocationResolver: Sendable {
    private let roots: [String]

    /// - Parameter roots: absolute paths of the folders beneath which locations resolve, in the order of search.
    package init(roots: [String]) {
        self.roots = roots
    }

    /// Opens the file that a location names.
    ///
    /// - Parameters:
    ///   - location: `file:relative/path`, `file:/absolute/path`, or a bare path.
    ///   - subject: what errors call it, for example `series 2 (FLAIR)`; errors never show the location.
    /// - Returns: the open file.
    /// - Throws: `location-outside-root`, `location-scheme-disabled`, `file-missing`, `image-format-unsupported` for a
    ///   directory or another node that is no file, `invalid-field`; `file-unreadable` where permission is refused
    ///   (permanent), or a root is not there or a disk fails (transient).
    package func resolve(_ location: String, subject: String = "image") throws(ImagingError) -> LocatedFile {
        switch try locate(location, subject: subject) {
        case .file(let file): return file
        case .folder:
            throw ImagingError(
                .imageFormatUnsupported, subject: subject, "expected a file such as .nii or .nii.gz, found a folder")
        }
    }

    /// Opens the file or the folder that a location names.
    ///
    /// - Throws: as `resolve`, but a folder is not refused.
    package func locate(_ location: String, subject: String = "image") throws(ImagingError) -> LocatedNode {
        let path = try LocationPath(location, subject: subject)
        var missing: ImagingError?
        var isReachable = false
        for root in roots {
            let descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            isReachable = true
            let walk = BeneathWalk(rootDescriptor: descriptor, rootPaths: Self.spellings(root), subject: subject)
            guard let components = path.isAbsolute ? walk.beneath(path.components) : path.components else { continue }
            do throws(ImagingError) {
                return try walk.open(components)
            } catch  where error.code == .fileMissing {
                missing = error
            }
        }
        if let missing { throw missing }
        guard isReachable else {
            throw ImagingError(
                .fileUnreadable, .transient, subject: subject,
                "none of the \(roots.count) configured roots can be opened; mount them or correct ONCORELAY_ROOTS")
        }
        throw .outside(subject)
    }

    /// A root may be configured through symbolic links: absolute locations may use either spelling.
    private static func spellings(_ root: String) -> [[String]] {
        var spellings = [root]
        if let canonical = realpath(root, nil) {
            spellings.append(String(cString: canonical))
            free(canonical)
        }
        return spellings.map { $0.split(separator: "/").map(String.init).filter { $0 != "." } }
    }
}

extension ImagingError {
    static func outside(_ subject: String) -> ImagingError {
        ImagingError(
            .locationOutsideRoot, subject: subject,
            "expected a location beneath the configured roots, found one that leaves them")
    }
}
