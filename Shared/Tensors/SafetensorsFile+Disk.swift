import Glibc

extension SafetensorsFile {
    /// Maps a file into memory, read-only and shared: processes that map the same weights share one copy.
    ///
    /// The file must not be shortened while it is mapped (the system would end the process); files written by `write`
    /// are replaced, never shortened.
    ///
    /// - Parameter path: the file.
    /// - Returns: its tensors, which share the mapping.
    /// - Throws: `file` when the system refuses, and what `Safetensors.decode` throws.
    package static func map(path: String) throws(SafetensorsError) -> SafetensorsFile {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("examine", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .file(operation: "map", path: path, reason: "it is not a regular file")
        }
        let count = Int(status.st_size)
        guard count > 0 else { throw .truncated(expected: 8, got: 0) }
        guard let memory = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), memory != MAP_FAILED else {
            throw failure("map", path)
        }
        let address = UInt(bitPattern: memory)
        let buffer = TensorBuffer(adopting: UnsafeRawBufferPointer(start: memory, count: count), isMappedFile: true) {
            munmap(UnsafeMutableRawPointer(bitPattern: address), count)
        }
        return try SafetensorsFile(buffer)
    }

    /// Writes a file so that readers see either the old one or the whole new one.
    ///
    /// - Parameters:
    ///   - tensors: names and tensors.
    ///   - metadata: free text for the header.
    ///   - path: the file; one that exists is replaced.
    /// - Throws: `file` when the system refuses, `duplicateName`, `reservedName`.
    package static func write(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String
    ) throws(SafetensorsError) {
        let pieces = try Safetensors.pieces(tensors, metadata: metadata)
        let temporary = path + ".\(getpid())-\(UInt32.random(in: 0...UInt32.max)).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("create", temporary) }
        do throws(SafetensorsError) {
            defer { close(descriptor) }
            for piece in [TensorBuffer(copying: pieces.header)] + pieces.payloads {
                try piece.withUnsafeBytes { bytes throws(SafetensorsError) in
                    try writeAll(bytes, to: descriptor, path: temporary)
                }
            }
            // The name must not become visible before the bytes are on disk.
            guard fsync(descriptor) == 0 else { throw failure("flush", temporary) }
            guard rename(temporary, path) == 0 else { throw failure("replace", path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static func writeAll(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
    ) throws(SafetensorsError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            guard written >= 0 || errno == EINTR else { throw failure("write", path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[max(written, 0)...])
        }
    }

    private static func failure(_ operation: String, _ path: String) -> SafetensorsError {
        .file(operation: operation, path: path, reason: String(cString: strerror(errno)))
    }
}
