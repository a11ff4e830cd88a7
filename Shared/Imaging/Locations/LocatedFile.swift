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

    deinit { close(descriptor) }
}
