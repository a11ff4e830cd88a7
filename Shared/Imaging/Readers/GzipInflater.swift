internal import CNIfTI
import Contracts

/// Inflates one gzip member out of memory, piece by piece, so that nothing is allocated for what a header has not yet
/// been checked to promise.
final class GzipInflater {
    // zlib's state points back at its stream, so the stream must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private let bytes: UnsafeRawBufferPointer
    private let subject: String
    private var consumed = 0
    private var hasEnded = false

    /// Begins a member.
    ///
    /// - Parameters:
    ///   - bytes: the whole compressed file; valid as long as the inflater is.
    ///   - subject: what errors call the image.
    /// - Throws: `gzip-corrupt` where the bytes do not begin a gzip member, `nifti-truncated` where they are fewer than
    ///   its header.
    init(_ bytes: UnsafeRawBufferPointer, subject: String) throws(ImagingError) {
        guard bytes.count >= 2 else {
            throw Self.truncated(subject, "expected a gzip member, found \(bytes.count) bytes")
        }
        guard bytes[0] == 0x1f, bytes[1] == 0x8b else {
            throw ImagingError(
                .gzipCorrupt, subject: subject, "expected gzip's 1f 8b in a file named .gz, found other bytes")
        }
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        self.bytes = bytes
        self.subject = subject
        // 15 bits of window, and 16: gzip's header and trailer only.
        let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            throw ImagingError(.fileUnreadable, .transient, subject: subject, "zlib has no memory to inflate with")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    private static func truncated(_ subject: String, _ what: String) -> ImagingError {
        ImagingError(.niftiTruncated, subject: subject, "\(what): the file is cut short; transfer it again")
    }

    /// Inflates until `target` is full or the member ends.
    ///
    /// - Parameter target: filled from its beginning.
    /// - Returns: how many bytes were written.
    /// - Throws: `gzip-corrupt` for damaged data or a wrong checksum, `nifti-truncated` where the input ends inside the
    ///   member.
    func inflate(into target: UnsafeMutableRawBufferPointer) throws(ImagingError) -> Int {
        var written = 0
        while written < target.count, !hasEnded {
            written += try step(
                UnsafeMutableRawBufferPointer(rebasing: target[written...].prefix(Int(Int32.max))))
        }
        return written
    }

    /// Takes the member to its end, where zlib compares length and CRC-32, and makes sure that nothing follows.
    ///
    /// - Returns: whether the member ended where the caller had read to; false if it holds more.
    /// - Throws: `gzip-corrupt`, also for what follows the member; `nifti-truncated`.
    func finish() throws(ImagingError) -> Bool {
        var extra: UInt8 = 0
        while !hasEnded {
            let written = try withUnsafeMutableBytes(of: &extra) { buffer throws(ImagingError) in
                try step(buffer)
            }
            if written > 0 { return false }
        }
        guard consumed == bytes.count else {
            throw ImagingError(
                .gzipCorrupt, subject: subject,
                "expected one gzip member, found \(bytes.count - consumed) bytes after it; compress the image anew")
        }
        return true
    }

    /// One call of zlib; returns how many bytes it wrote.
    private func step(_ target: UnsafeMutableRawBufferPointer) throws(ImagingError) -> Int {
        let piece = min(bytes.count - consumed, Int(Int32.max))
        let base = bytes.baseAddress! + consumed
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(piece)
        stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(target.count)
        let status = CNIfTI.inflate(stream, Z_NO_FLUSH)
        consumed += piece - Int(stream.pointee.avail_in)
        let written = target.count - Int(stream.pointee.avail_out)
        switch status {
        case Z_STREAM_END:
            hasEnded = true
        case Z_OK:
            break
        case Z_BUF_ERROR where consumed == bytes.count:
            throw Self.truncated(subject, "the compressed data end before the gzip member does")
        default:
            let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)"
            throw ImagingError(
                .gzipCorrupt, subject: subject, "cannot be inflated (\(reason)); transfer the file again")
        }
        return written
    }
}
