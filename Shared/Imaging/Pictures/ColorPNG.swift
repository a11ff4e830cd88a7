internal import CNIfTI
import Contracts

extension ColorCanvas {
    /// The picture as a PNG file (8-bit RGB, ISO/IEC 15948), without any text or time.
    ///
    /// - Throws: `internal-error` where zlib cannot deflate.
    package func png() throws(ImagingError) -> [UInt8] {
        var rows: [UInt8] = []
        rows.reserveCapacity((width * 3 + 1) * height)
        for y in 0..<height {
            // Filter "up": a slice differs little from row to row.
            rows.append(y == 0 ? 0 : 2)
            let start = y * width * 3
            for index in start..<start + width * 3 {
                rows.append(y == 0 ? bytes[index] : bytes[index] &- bytes[index - width * 3])
            }
        }
        var count = compressBound(UInt(rows.count))
        var deflated = [UInt8](repeating: 0, count: Int(count))
        guard compress2(&deflated, &count, rows, UInt(rows.count), 6) == Z_OK else {
            throw ImagingError(.internalError, .permanent, subject: "picture", "zlib could not deflate it")
        }
        var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        Self.append("IHDR", Self.bigEndian(width) + Self.bigEndian(height) + [8, 2, 0, 0, 0], to: &file)
        Self.append("IDAT", Array(deflated[..<Int(count)]), to: &file)
        Self.append("IEND", [], to: &file)
        return file
    }

    private static func append(_ name: String, _ data: [UInt8], to file: inout [UInt8]) {
        let body = Array(name.utf8) + data
        file += bigEndian(data.count) + body + bigEndian(Int(crc32(0, body, UInt32(body.count))))
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
