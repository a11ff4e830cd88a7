import Contracts
internal import Glibc

/// What a location names.
package enum LocatedNode: Sendable {
    case file(LocatedFile)
    case folder(LocatedFolder)
}

/// An open folder. What lies in it is reached through its descriptor; links in it are not followed.
package final class LocatedFolder: Sendable {
    private let descriptor: Int32

    /// Takes over an open descriptor.
    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Opens a folder by its path, which is trusted: locations from messages go through `LocationResolver`.
    package convenience init(path: String, subject: String = "folder") throws(ImagingError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(errno, doing: "open the folder", subject: subject) }
        self.init(descriptor: descriptor)
    }

    /// The regular files in the folder and in those beneath it, by their paths from here, in order of their names.
    ///
    /// - Parameters:
    ///   - depth: of folders to look into, 0 for none.
    ///   - limit: of entries.
    ///   - subject: what errors call the folder.
    /// - Returns: paths with `/` between their parts.
    /// - Throws: `file-too-large` for more entries, `file-unreadable`.
    package func files(depth: Int, limit: Int, subject: String) throws(ImagingError) -> [String] {
        var found: [String] = []
        var seen = 0
        var pending: [(path: String, depth: Int)] = [("", 0)]
        while let folder = pending.popLast() {
            let copy = openat(
                descriptor, folder.path.isEmpty ? "." : folder.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard copy >= 0, let stream = fdopendir(copy) else {
                let number = errno
                if copy >= 0 { close(copy) }
                throw .system(number, doing: "read a folder", subject: subject)
            }
            defer { closedir(stream) }
            while let name = DirectoryEntry.next(stream) {
                seen += 1
                guard seen <= limit else {
                    throw ImagingError(
                        .fileTooLarge, subject: subject, "expected a folder of at most \(limit) entries, found more")
                }
                var status = stat()
                guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
                let path = folder.path.isEmpty ? name : "\(folder.path)/\(name)"
                switch status.st_mode & S_IFMT {
                case S_IFREG: found.append(path)
                case S_IFDIR where folder.depth < depth: pending.append((path, folder.depth + 1))
                default: break
                }
            }
        }
        return found.sorted()
    }

    /// Opens one of the files, by its path as `files` gave it.
    package func open(_ path: String, subject: String) throws(ImagingError) -> LocatedFile {
        // Each step by itself: a folder that was exchanged for a link meanwhile is not entered.
        var directory = dup(descriptor)
        guard directory >= 0 else { throw .system(errno, doing: "open a file", subject: subject) }
        defer { close(directory) }
        let steps = path.split(separator: "/").map(String.init)
        for step in steps.dropLast() {
            let next = openat(directory, step, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw .system(errno, doing: "open a folder", subject: subject) }
            close(directory)
            directory = next
        }
        let name = steps.last ?? ""
        let file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw .system(errno, doing: "open a file", subject: subject) }
        return LocatedFile(descriptor: file, name: name)
    }
}
