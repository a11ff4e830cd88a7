internal import Glibc

/// An open file. It is read through its descriptor, so what was resolved is what is read, whatever is renamed
/// meanwhile.
package final class LocatedFile: Sendable {
    /// Open for reading; closed with this object.
    package let descriptor: Int32
    /// The file's name, for its ending. Never printed: names may be patients'.
    package let name: String

    /// Takes over an open descriptor.
    init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// Opens a file by its path, which is trusted: locations from messages go through `LocationResolver`.
    ///
    /// - Throws: `file-missing`, `file-unreadable`.
    convenience init(opening path: String, subject: String) throws(ImagingError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(errno, doing: "open the file", subject: subject) }
        self.init(descriptor: descriptor, name: path)
    }

    deinit { close(descriptor) }
}
