internal import CImageCodecs
import Contracts

/// Writes gray pictures as baseline JPEG.
package enum JPEGWriter {
    /// Writes a picture; a file that is there already is replaced in one step.
    ///
    /// - Parameters:
    ///   - picture: 8-bit gray.
    ///   - path: of the file.
    ///   - quality: libjpeg's, 1 to 100.
    /// - Throws: `file-unreadable` where the file cannot be written, `internal-error` where libjpeg has no memory.
    package static func write(_ picture: GrayPicture, to path: String, quality: Int = 92) throws(ImagingError) {
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = picture.pixels.withUnsafeBufferPointer {
            picture_encode_jpeg(
                $0.baseAddress, UInt32(picture.width), UInt32(picture.height), Int32(min(max(quality, 1), 100)), &bytes,
                &count)
        }
        defer { picture_free_bytes(bytes) }
        guard status == picture_fine, let bytes else {
            throw ImagingError(.internalError, .permanent, subject: "output", "libjpeg could not encode the picture")
        }
        try OutputFile.replace(path, with: Array(UnsafeBufferPointer(start: bytes, count: count)))
    }
}
