import Contracts
internal import Digests
internal import Glibc

/// Reads ImageJ's `.roi` files, one selection each (big-endian; ImageJ writes the layout down in its RoiDecoder).
///
/// Polygon, freehand, traced, rectangle and oval selections, whole-numbered and sub-pixel. What encloses no area
/// (lines, points, angles), composite selections, text, pictures and rounded rectangles are refused by name.
package enum ImageJContourReader {
    /// A selection has a few hundred corners; more than this is no outline of anything.
    static let cornerLimit = 100_000
    /// No picture is larger, so no coordinate is.
    static let largestCoordinate = 65_536.0
    static let fileLimit = 4 << 20
    private static let headerBytes = 64

    /// Reads a located file.
    ///
    /// - Parameters:
    ///   - file: what a `LocationResolver` found.
    ///   - subject: what errors call the contour.
    /// - Returns: the contour, and the SHA-256 of its file in lower-case hexadecimal.
    /// - Throws: `contour-invalid` for a damaged file, `contour-unsupported` for another kind of selection,
    ///   `image-format-unsupported` for another file name, `file-too-large` or `file-unreadable`.
    package static func read(
        _ file: LocatedFile, subject: String = "contour"
    ) throws(ImagingError) -> (contour: ImageJContour, sha256: String) {
        guard file.name.lowercased().hasSuffix(".roi") else {
            throw ImagingError(
                .imageFormatUnsupported, subject: subject, "expected a file named .roi, found another name")
        }
        let contents = try FileBytes(descriptor: file.descriptor, limit: fileLimit, subject: subject)
        return try withExtendedLifetime(contents) { () throws(ImagingError) in
            (try decode(contents.bytes, subject: subject), Digest.sha256Hex(contents.bytes))
        }
    }

    /// Reads a selection out of memory.
    ///
    /// - Throws: `contour-invalid` or `contour-unsupported`.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, subject: String = "contour"
    ) throws(ImagingError) -> ImageJContour {
        let reader = ByteReader(bytes: bytes, isBigEndian: true)
        guard bytes.count >= headerBytes else {
            throw invalid(subject, "expected at least \(headerBytes) bytes, found \(bytes.count)")
        }
        guard bytes.prefix(4).elementsEqual("Iout".utf8) else {
            throw invalid(subject, "expected a file that begins with 'Iout', found other bytes")
        }
        let header = Header(reader)
        try header.check(subject)
        let outline: ImageJContour.Outline
        switch header.kind {
        case .rectangle, .oval:
            let (x, y, width, height) = try box(header, reader, subject)
            outline =
                header.kind == .oval
                ? .oval(x: x, y: y, width: width, height: height)
                : .rectangle(x: x, y: y, width: width, height: height)
        case .polygon, .freehand, .traced:
            outline = .polygon(try corners(header, reader, subject))
        }
        return ImageJContour(outline: outline, slice: header.slice)
    }

    private static func box(
        _ header: Header, _ reader: ByteReader, _ subject: String
    ) throws(ImagingError) -> (Double, Double, Double, Double) {
        var numbers = [
            Double(header.left), Double(header.top), Double(header.right - header.left),
            Double(header.bottom - header.top),
        ]
        if header.isSubPixel { numbers = [18, 22, 26, 30].map { reader.float(at: $0) } }
        guard numbers.allSatisfy({ abs($0) <= largestCoordinate }), numbers[2] > 0, numbers[3] > 0 else {
            throw invalid(subject, "expected a width and a height above 0 within a picture, found \(numbers)")
        }
        return (numbers[0], numbers[1], numbers[2], numbers[3])
    }

    private static func corners(
        _ header: Header, _ reader: ByteReader, _ subject: String
    ) throws(ImagingError) -> [SIMD2<Double>] {
        let count = header.cornerCount
        guard 3...cornerLimit ~= count else {
            throw invalid(subject, "expected 3 to \(cornerLimit) corners, found \(count)")
        }
        // Whole numbers stand first, counted from the bounds' corner; sub-pixel selections repeat them as floats.
        let start = headerBytes + (header.isSubPixel ? 4 * count : 0)
        let width = header.isSubPixel ? 4 : 2
        guard reader.bytes.count >= start + 2 * width * count else {
            throw invalid(
                subject,
                "expected \(start + 2 * width * count) bytes for \(count) corners, found \(reader.bytes.count); "
                    + "transfer the file again")
        }
        var corners: [SIMD2<Double>] = []
        corners.reserveCapacity(count)
        for index in 0..<count {
            let corner: SIMD2<Double>
            if header.isSubPixel {
                corner = SIMD2(
                    reader.float(at: start + 4 * index), reader.float(at: start + 4 * (count + index)))
            } else {
                let x = reader.integer(at: start + 2 * index, as: Int16.self)
                let y = reader.integer(at: start + 2 * (count + index), as: Int16.self)
                corner = SIMD2(Double(max(0, x)) + Double(header.left), Double(max(0, y)) + Double(header.top))
            }
            guard abs(corner.x) <= largestCoordinate, abs(corner.y) <= largestCoordinate else {
                throw invalid(subject, "expected coordinates within a picture, found another at corner \(index + 1)")
            }
            corners.append(corner)
        }
        return corners
    }

    static func invalid(_ subject: String, _ text: String) -> ImagingError {
        ImagingError(.contourInvalid, subject: subject, text)
    }
}

/// The first 64 bytes, and the slice from the second header.
private struct Header {
    enum Kind: UInt8 {
        case polygon = 0
        case rectangle = 1
        case oval = 2
        case freehand = 7
        case traced = 8
    }

    private static let names: [UInt8: String] = [
        3: "line", 4: "freehand line", 5: "polyline", 6: "empty selection", 9: "angle", 10: "point",
    ]
    private static let subpixelOption: UInt16 = 128
    private static let subpixelVersion = 217

    let version: Int
    let type: UInt8
    let top: Int
    let left: Int
    let bottom: Int
    let right: Int
    let cornerCount: Int
    let compositeBytes: Int
    let subtype: Int
    let isSubPixel: Bool
    let arcSize: Int
    let slice: Int?

    init(_ reader: ByteReader) {
        func short(_ offset: Int) -> Int { Int(reader.integer(at: offset, as: Int16.self)) }
        version = short(4)
        type = reader.bytes[6]
        (top, left, bottom, right) = (short(8), short(10), short(12), short(14))
        let count = Int(reader.integer(at: 16, as: UInt16.self))
        isSubPixel =
            reader.integer(at: 50, as: UInt16.self) & Self.subpixelOption != 0 && version >= Self.subpixelVersion
        // Selections of more corners than two bytes count have their number in four, further on.
        cornerCount = count == 0 ? Int(reader.integer(at: 18, as: Int32.self)) : count
        compositeBytes = Int(reader.integer(at: 36, as: Int32.self))
        subtype = short(48)
        arcSize = short(54)
        slice = Self.slice(reader)
    }

    /// `kind` is asked for after `check`, which refuses what has none.
    var kind: Kind { Kind(rawValue: type) ?? .polygon }

    func check(_ subject: String) throws(ImagingError) {
        guard let kind = Kind(rawValue: type) else {
            guard let name = Self.names[type] else {
                throw ImageJContourReader.invalid(subject, "expected a kind from 0 to 10, found \(type)")
            }
            throw unsupported(subject, "\(name), which encloses no area")
        }
        if compositeBytes != 0 { throw unsupported(subject, "composite selection; split it into its parts") }
        if subtype == 1 { throw unsupported(subject, "text") }
        if subtype == 4 { throw unsupported(subject, "picture") }
        if kind == .rectangle, arcSize > 0 { throw unsupported(subject, "rounded rectangle") }
        guard version > 0 else {
            throw ImageJContourReader.invalid(subject, "expected a version above 0, found \(version)")
        }
    }

    private func unsupported(_ subject: String, _ found: String) -> ImagingError {
        ImagingError(
            .contourUnsupported, subject: subject,
            "expected a polygon, freehand, traced, rectangle or oval selection, found a \(found)")
    }

    /// A stack's position, or the z of a hyperstack.
    private static func slice(_ reader: ByteReader) -> Int? {
        let position = Int(reader.integer(at: 56, as: Int32.self))
        if position > 0 { return position }
        let second = Int(reader.integer(at: 60, as: Int32.self))
        guard second >= 64, second <= reader.bytes.count - 12 else { return nil }
        let z = Int(reader.integer(at: second + 8, as: Int32.self))
        return z > 0 ? z : nil
    }
}
