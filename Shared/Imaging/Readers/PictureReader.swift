internal import CImageCodecs
import Contracts
internal import Digests
internal import Tensors

/// Reads PNG and JPEG cut-outs (8 and 16 bit, gray and color) as volumes of one slice.
///
/// The picture lies as a radiologist hangs an axial slice: its columns run to the patient's left, its rows to the back,
/// at 1 mm, because a picture says neither where it comes from nor how large its pixels are. Of a picture in colors the
/// luminance is taken.
struct PictureReader {
    /// Pixels of a picture.
    static let pixelLimit = 64 << 20

    enum Format {
        case png
        case jpeg

        /// By the file's first bytes.
        init?(_ bytes: UnsafeRawBufferPointer) {
            if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
                self = .png
            } else if bytes.starts(with: [0xff, 0xd8, 0xff]) {
                self = .jpeg
            } else {
                return nil
            }
        }
    }

    let limits: NIfTILimits

    /// - Throws: `picture-corrupt`, `image-format-unsupported`, `file-too-large`, `file-unreadable`.
    func read(_ file: LocatedFile, subject: String) throws(ImagingError) -> LoadedVolume {
        let contents = try FileBytes(descriptor: file.descriptor, limit: limits.fileBytes, subject: subject)
        return try withExtendedLifetime(contents) { () throws(ImagingError) in
            let bytes = contents.bytes
            guard let format = Format(bytes) else {
                throw ImagingError(
                    .pictureCorrupt, subject: subject, "expected a PNG or JPEG, found other bytes; export it again")
            }
            let (tensor, hasColors) = try decode(bytes, format, subject: subject)
            let affine = Affine(
                Point(-1, 0, 0), Point(0, -1, 0), Point(0, 0, 1), translation: .zero)
            let volume = try Volume(tensor: tensor, affine: affine, subject: subject)
            var notes: [SeriesNote] = []
            if hasColors {
                notes.append(SeriesNote(.colorsDropped, "a picture in colors; its luminance was used"))
            }
            return LoadedVolume(
                volumes: [volume], sha256: Digest.sha256Hex(bytes), byteCount: bytes.count, geometrySource: .spacing,
                notes: notes)
        }
    }

    /// - Returns: `[1, height, width]`, and whether the channels differed anywhere.
    func decode(
        _ bytes: UnsafeRawBufferPointer, _ format: Format, subject: String
    ) throws(ImagingError) -> (tensor: Tensor, hasColors: Bool) {
        var found = picture()
        let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let status =
            switch format {
            case .png: picture_decode_png(base, bytes.count, UInt64(Self.pixelLimit), &found)
            case .jpeg: picture_decode_jpeg(base, bytes.count, UInt64(Self.pixelLimit), &found)
            }
        defer { picture_free(&found) }
        guard status == picture_fine, let pixels = found.pixels else { throw Self.error(status, subject) }
        let count = Int(found.width) * Int(found.height)
        let samples = UnsafeRawBufferPointer(
            start: pixels, count: count * Int(found.channels) * Int(found.bytes_per_sample))
        let shape = [1, Int(found.height), Int(found.width)]
        do {
            if found.bytes_per_sample == 1 {
                let (gray, hasColors) = Self.luminance(samples.bindMemory(to: UInt8.self), found.channels)
                let buffer = gray.withUnsafeBytes { TensorBuffer(copying: $0) }
                return (try Tensor(shape: shape, elementType: .uint8, buffer: buffer), hasColors)
            }
            let (gray, hasColors) = Self.luminance(samples.bindMemory(to: UInt16.self), found.channels)
            guard gray.allSatisfy({ $0 <= 32767 }) else {
                return (try Tensor(shape: shape, floats: gray.map(Float.init)), hasColors)
            }
            let buffer = gray.withUnsafeBytes { TensorBuffer(copying: $0) }
            return (try Tensor(shape: shape, elementType: .int16, buffer: buffer), hasColors)
        } catch {
            throw ImagingError(.niftiDimensionsInvalid, subject: subject, "\(error)")
        }
    }

    /// Rec. ITU-R BT.601 luma, rounded; exact where the three channels are alike.
    private static func luminance<Sample: UnsignedInteger & FixedWidthInteger>(
        _ samples: UnsafeBufferPointer<Sample>, _ channels: UInt32
    ) -> (gray: [Sample], hasColors: Bool) {
        guard channels == 3 else { return (Array(samples), false) }
        var hasColors = false
        let gray = (0..<samples.count / 3).map { (pixel: Int) -> Sample in
            let (red, green, blue) = (samples[3 * pixel], samples[3 * pixel + 1], samples[3 * pixel + 2])
            if red == green, green == blue { return red }
            hasColors = true
            let sum: Int = Int(red) * 299 + Int(green) * 587 + Int(blue) * 114
            return Sample((sum + 500) / 1000)
        }
        return (gray, hasColors)
    }

    private static func error(_ status: picture_status, _ subject: String) -> ImagingError {
        switch status {
        case picture_too_large:
            ImagingError(
                .fileTooLarge, subject: subject, "expected a picture of at most \(pixelLimit) pixels, found more")
        case picture_unsupported:
            ImagingError(
                .imageFormatUnsupported, subject: subject,
                "expected a gray or RGB picture of 8 or 16 bits, found another kind; convert it")
        case picture_no_memory:
            ImagingError(.fileUnreadable, .transient, subject: subject, "no memory to decode the picture in")
        default:
            ImagingError(
                .pictureCorrupt, subject: subject, "the picture is damaged or cut short; transfer it again")
        }
    }
}
