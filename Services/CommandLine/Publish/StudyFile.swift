import Contracts

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reads the file that holds a study.
enum StudyFile {
    /// The file's bytes.
    ///
    /// - Parameter path: A path; `-` is standard input.
    /// - Returns: At most ``EventCoding/bodyLimit`` bytes.
    /// - Throws: ``CommandFailure`` with status `noInput` where it cannot be read, `dataError` where it is too large.
    static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
        guard path != "-" else { return try bytes(of: STDIN_FILENO, path: "standard input") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path) }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw CommandFailure("'\(path)' is a folder; expected a file that holds a study as JSON", .noInput)
        }
        return try bytes(of: descriptor, path: path)
    }

    /// Reads no further than the largest body that a service would read.
    private static func bytes(of descriptor: Int32, path: String) throws(CommandFailure) -> [UInt8] {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = part.withUnsafeMutableBytes { systemRead(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return all }
            if count < 0 {
                if errno == EINTR { continue }
                throw unreadable(path)
            }
            all += part[..<count]
            guard all.count <= EventCoding.bodyLimit else {
                throw CommandFailure(
                    "'\(path)' has more than \(EventCoding.bodyLimit) bytes; a study names its images by location, "
                        + "it does not hold them", .dataError)
            }
        }
    }

    private static func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, bytes, count)
        #else
            Musl.read(descriptor, bytes, count)
        #endif
    }

    private static func unreadable(_ path: String) -> CommandFailure {
        CommandFailure("'\(path)' cannot be read: \(String(cString: strerror(errno)))", .noInput)
    }
}
