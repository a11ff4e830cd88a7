import Contracts
internal import Glibc

/// Files that are replaced in one step, so that nobody ever reads half of one.
package enum OutputFile {
    /// Writes bytes beside the file and puts them in its place.
    ///
    /// - Throws: `file-unreadable` where the file cannot be written.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(ImagingError) {
        let temporary = path + ".\(getpid()).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure() }
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + offset, $0.count - offset) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = failure()
                close(descriptor)
                unlink(temporary)
                throw error
            }
            offset += count
        }
        guard close(descriptor) == 0, rename(temporary, path) == 0 else {
            let error = failure()
            unlink(temporary)
            throw error
        }
    }

    private static func failure() -> ImagingError {
        ImagingError(
            .fileUnreadable, .permanent, subject: "output",
            "could not write the file (\(String(cString: strerror(errno)))); check that its folder is writable and has room"
        )
    }
}
