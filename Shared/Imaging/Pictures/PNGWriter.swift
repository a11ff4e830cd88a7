internal import CNIfTI
import Contracts

/// Writes gray pictures as PNG (ISO/IEC 15948), without any text chunk.
package enum PNGWriter {
    /// Writes a picture; a file that is there already is replaced in one step.
    ///
    /// - Throws: `file-unreadable` where the file cannot be written.
    package static func write(_ picture: GrayPicture, to path: String) throws(ImagingError) {
        try OutputFile.replace(path, with: encoded(picture))
    }

    /// The bytes of the file.
    ///
    /// - Throws: `internal-error` where zlib has no memory.
    package static func encoded(_ picture: GrayPicture) throws(ImagingError) -> [UInt8] {
        var bytes: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        // 8 bits, gray, deflate, the five filters, not interlaced.
        chunk("IHDR", number(picture.width) + number(picture.height) + [8, 0, 0, 0, 0], &bytes)
        chunk("IDAT", try deflated(filtered(picture)), &bytes)
        chunk("IEND", [], &bytes)
        return bytes
    }

    /// Each row as its difference from the row above.
    private static func filtered(_ picture: GrayPicture) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity((picture.width + 1) * picture.height)
        for y in 0..<picture.height {
            output.append(2)
            for x in 0..<picture.width { output.append(picture[x, y] &- (y == 0 ? 0 : picture[x, y - 1])) }
        }
        return output
    }

    private static func deflated(_ bytes: [UInt8]) throws(ImagingError) -> [UInt8] {
        var count = compressBound(UInt(bytes.count))
        var output = [UInt8](repeating: 0, count: Int(count))
        guard compress2(&output, &count, bytes, UInt(bytes.count), 6) == Z_OK else {
            throw ImagingError(.internalError, .permanent, subject: "output", "zlib could not deflate the picture")
        }
        return Array(output.prefix(Int(count)))
    }

    private static func chunk(_ name: String, _ data: [UInt8], _ bytes: inout [UInt8]) {
        let content = Array(name.utf8) + data
        bytes += number(data.count) + content + number(Int(crc32(0, content, UInt32(content.count))))
    }

    /// Four bytes, the highest first.
    private static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
