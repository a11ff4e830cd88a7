import Contracts
internal import Glibc
internal import Tensors

/// The whole contents of a file, read once, so that what is checked is what is loaded whatever happens to the file.
final class FileBytes {
    private let buffer: TensorBuffer
    private let size: Int

    /// Valid as long as this is.
    var bytes: UnsafeRawBufferPointer {
        buffer.withUnsafeBytes { UnsafeRawBufferPointer(start: $0.baseAddress, count: size) }
    }

    /// Reads an open file from its beginning.
    ///
    /// - Throws: `image-format-unsupported` for what is not a regular file, `file-too-large`, or `file-unreadable`
    ///   (transient) for a read error and for a file that changes its length meanwhile.
    convenience init(descriptor: Int32, limit: Int, subject: String) throws(ImagingError) {
        let size = try Self.size(descriptor, limit: limit, subject: subject)
        try self.init(descriptor, size: size, isWhole: true, subject: subject)
    }

    /// Reads the beginning of an open file: so many bytes, or fewer where it is shorter.
    ///
    /// - Throws: as the other initializer.
    convenience init(
        beginningOf descriptor: Int32, count: Int, limit: Int, subject: String
    ) throws(ImagingError) {
        let size = try Self.size(descriptor, limit: limit, subject: subject)
        try self.init(descriptor, size: min(size, count), isWhole: size <= count, subject: subject)
    }

    private static func size(_ descriptor: Int32, limit: Int, subject: String) throws(ImagingError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .system(errno, doing: "look at the file", subject: subject)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ImagingError(
                .imageFormatUnsupported, subject: subject, "expected a regular file, found another kind of node")
        }
        let size = Int(status.st_size)
        guard size <= limit else {
            throw ImagingError(
                .fileTooLarge, subject: subject,
                "expected a file of at most \(limit) bytes, found \(size); raise the limit or send a smaller image")
        }
        return size
    }

    private init(_ descriptor: Int32, size: Int, isWhole: Bool, subject: String) throws(ImagingError) {
        // Of a whole file one byte more is asked for, to see one that has grown.
        buffer = try TensorBuffer.filled(count: size + (isWhole ? 1 : 0)) { memory throws(ImagingError) in
            let count = try Self.read(descriptor, into: memory, subject: subject)
            guard count == size else {
                throw ImagingError(
                    .fileUnreadable, .transient, subject: subject,
                    "expected \(size) bytes, read \(count): the file is still being written; it will be tried again")
            }
        }
        self.size = size
    }

    private static func read(
        _ descriptor: Int32, into memory: UnsafeMutableRawBufferPointer, subject: String
    ) throws(ImagingError) -> Int {
        var offset = 0
        while offset < memory.count {
            let count = pread(descriptor, memory.baseAddress! + offset, memory.count - offset, off_t(offset))
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(errno, doing: "read the file", subject: subject)
            }
            if count == 0 { break }
            offset += count
        }
        return offset
    }
}
