import Contracts
internal import Glibc

/// A folder that only this user may enter, removed with everything in it when nobody needs it any more.
final class PrivateFolder {
    let path: String

    /// Makes a folder beneath an absolute path.
    ///
    /// - Throws: `file-unreadable` (transient) where there is no room for a folder.
    init(beneath parent: String, subject: String) throws(ImagingError) {
        var template = Array("\(parent)/oncorelay-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw .system(errno, doing: "make a temporary folder", subject: subject)
        }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { Self.remove(path) }

    /// Where temporary folders are made: `TMPDIR`, else /tmp.
    static var parent: String {
        getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
    }

    func makeFolder(_ name: String, subject: String) throws(ImagingError) -> String {
        let folder = "\(path)/\(name)"
        guard mkdir(folder, 0o700) == 0 else {
            throw .system(errno, doing: "make a temporary folder", subject: subject)
        }
        return folder
    }

    /// Writes a new file.
    ///
    /// - Throws: `file-unreadable` (transient) for a full or failing disk.
    func write(_ bytes: UnsafeRawBufferPointer, to name: String, subject: String) throws(ImagingError) {
        let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system(errno, doing: "write a temporary file", subject: subject) }
        defer { close(descriptor) }
        var offset = 0
        while offset < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system(errno, doing: "write a temporary file", subject: subject) }
            offset += count
        }
    }

    func remove(_ name: String) { unlink("\(path)/\(name)") }

    /// The names of the regular files in a folder and the bytes that they take together.
    static func contents(of folder: String) -> (names: [String], byteCount: Int) {
        guard let stream = opendir(folder) else { return ([], 0) }
        defer { closedir(stream) }
        var names: [String] = []
        var byteCount = 0
        while let name = DirectoryEntry.next(stream) {
            var status = stat()
            guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG
            else { continue }
            names.append(name)
            byteCount += Int(status.st_size)
        }
        return (names.sorted(), byteCount)
    }

    private static func remove(_ folder: String) {
        if let stream = opendir(folder) {
            while let name = DirectoryEntry.next(stream) {
                let entry = "\(folder)/\(name)"
                // What is no folder is unlinked; links are not followed.
                if unlink(entry) != 0, errno == EISDIR || errno == EPERM { remove(entry) }
            }
            closedir(stream)
        }
        rmdir(folder)
    }
}

/// Reading directories.
enum DirectoryEntry {
    /// The next entry's name, without `.` and `..`.
    static func next(_ stream: OpaquePointer) -> String? {
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { return name }
        }
        return nil
    }
}
