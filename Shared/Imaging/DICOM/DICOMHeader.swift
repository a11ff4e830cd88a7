/// What one DICOM file says of its image, as far as geometry and the choice of a series need it.
///
/// Text of patients is never read: what is not listed in ``DICOMTag/kept`` stays in the file.
struct DICOMHeader: Sendable {
    let transferSyntax: String
    let studyInstanceUID: String?
    let seriesInstanceUID: String
    let sopInstanceUID: String
    let instanceNumber: Int?
    let columns: Int
    let rows: Int
    let samplesPerPixel: Int
    let frameCount: Int
    /// Where each frame's first voxel lies and how its rows and columns run; empty where the file does not say.
    let frames: [DICOMPlane]
    let spacingBetweenSlices: Double?
    let sliceThickness: Double?
    /// (0020,1002): how many images the acquisition had when the scanner wrote them.
    let imagesInAcquisition: Int?
    /// Several slices tiled into one picture, as Siemens does.
    let isMosaic: Bool
    let attributes: SeriesAttributes
    let pixelOffset: Int
    let pixelLength: Int?

    var isMultiFrame: Bool { frameCount > 1 }

    /// nil for a file without pixels or without extents: a directory, a report.
    ///
    /// - Parameter elements: of one file.
    init?(_ elements: DICOMElements) {
        guard let pixelOffset = elements.pixelOffset, let columns = elements.integer(.columns),
            let rows = elements.integer(.rows), columns > 0, rows > 0
        else { return nil }
        self.pixelOffset = pixelOffset
        pixelLength = elements.pixelLength
        self.columns = columns
        self.rows = rows
        transferSyntax = elements.text(.transferSyntaxUID) ?? DICOMSyntax.implicitLittleEndian
        studyInstanceUID = elements.text(.studyInstanceUID)
        seriesInstanceUID = elements.text(.seriesInstanceUID) ?? ""
        sopInstanceUID = elements.text(.sopInstanceUID) ?? ""
        instanceNumber = elements.number(.instanceNumber).flatMap { Int(exactly: $0) }
        samplesPerPixel = elements.integer(.samplesPerPixel) ?? 1
        frameCount = max(1, elements.number(.numberOfFrames).flatMap { Int(exactly: $0) } ?? 1)
        guard frameCount <= Self.frameLimit else { return nil }
        spacingBetweenSlices = elements.number(.spacingBetweenSlices, includingFunctionalGroups: true)
        sliceThickness = elements.number(.sliceThickness, includingFunctionalGroups: true)
        imagesInAcquisition = elements.number(.imagesInAcquisition).flatMap { Int(exactly: $0) }
        let attributes = SeriesAttributes(elements)
        self.attributes = attributes
        isMosaic = attributes.imageType.contains("MOSAIC")
        frames = Self.frames(elements, count: frameCount)
    }

    private static let frameLimit = 65_536

    private static func frames(_ elements: DICOMElements, count: Int) -> [DICOMPlane] {
        let positions = elements.vectors(.imagePosition, count: 3)
        let orientations = elements.vectors(.imageOrientation, count: 6)
        let spacings = elements.vectors(.pixelSpacing, count: 2)
        return (0..<count).compactMap { frame in
            guard let position = positions(frame), let orientation = orientations(frame),
                let spacing = spacings(frame)
            else { return nil }
            return DICOMPlane(position: position, orientation: orientation, spacing: spacing)
        }
    }
}

/// A picture's place in space, in RAS+ mm (DICOM writes LPS+; PS3.3, C.7.6.2.1.1).
struct DICOMPlane: Sendable, Equatable {
    /// Of the middle of the first pixel.
    let origin: Point
    /// From one column to the next, mm.
    let columnStep: Point
    /// From one row to the next, mm.
    let rowStep: Point

    /// Unit normal of the slice.
    var normal: Point {
        let cross = columnStep.cross(rowStep)
        return cross * (1 / cross.length)
    }

    /// nil for spacings or directions that span no plane.
    ///
    /// - Parameters:
    ///   - position: (0020,0032).
    ///   - orientation: (0020,0037): along a row, then down a column.
    ///   - spacing: (0028,0030): between rows, then between columns.
    init?(position: [Double], orientation: [Double], spacing: [Double]) {
        let along = Point(-orientation[0], -orientation[1], orientation[2])
        let down = Point(-orientation[3], -orientation[4], orientation[5])
        guard spacing.allSatisfy({ $0 > 0 && $0 < 1e4 }), abs(along.length - 1) < 1e-2, abs(down.length - 1) < 1e-2,
            abs(along.dot(down)) < 1e-2, position.allSatisfy({ abs($0) < 1e6 })
        else { return nil }
        origin = Point(-position[0], -position[1], position[2])
        columnStep = along * spacing[1]
        rowStep = down * spacing[0]
    }

    /// The world position of a pixel, column and row counted from 0 in pixel centers.
    func point(column: Double, row: Double) -> Point { origin + columnStep * column + rowStep * row }
}

extension DICOMElements {
    /// The attribute of the data set itself, else that of the shared functional groups.
    private func value(_ tag: DICOMTag, includingFunctionalGroups: Bool = true) -> Value? {
        guard let found = values[tag] else { return nil }
        return found.first { $0.sequence == nil }
            ?? (includingFunctionalGroups
                ? found.first { $0.sequence == .sharedFunctionalGroups } ?? found.first : nil)
    }

    func text(_ tag: DICOMTag) -> String? {
        value(tag).map { DICOMText.string($0.bytes) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    func texts(_ tag: DICOMTag) -> [String] { value(tag).map { DICOMText.strings($0.bytes) } ?? [] }

    /// Numbers as text (DS, IS), or as eight bytes (FD).
    func number(_ tag: DICOMTag, includingFunctionalGroups: Bool = true) -> Double? {
        value(tag, includingFunctionalGroups: includingFunctionalGroups).flatMap(Self.number)
    }

    static func number(_ value: Value) -> Double? {
        if let number = DICOMText.numbers(value.bytes)?.first { return number }
        return value.bytes.withUnsafeBytes { bytes in
            let reader = ByteReader(bytes: bytes, isBigEndian: value.isBigEndian)
            let number: Double? =
                switch bytes.count {
                case 8: reader.double(at: 0)
                case 4: reader.float(at: 0)
                default: nil
                }
            return number.flatMap { $0.isFinite ? $0 : nil }
        }
    }

    /// An unsigned short (US).
    func integer(_ tag: DICOMTag) -> Int? {
        guard let value = value(tag), value.bytes.count >= 2 else { return nil }
        return value.bytes.withUnsafeBytes {
            Int(ByteReader(bytes: $0, isBigEndian: value.isBigEndian).integer(at: 0, as: UInt16.self))
        }
    }

    /// Decimal strings by frame: a frame's own, else those shared by all.
    func vectors(_ tag: DICOMTag, count: Int) -> (Int) -> [Double]? {
        func numbers(_ value: Value) -> [Double]? {
            DICOMText.numbers(value.bytes).flatMap { $0.count >= count ? Array($0.prefix(count)) : nil }
        }
        let found = values[tag] ?? []
        var own: [Int: [Double]] = [:]
        for value in found where value.sequence == .perFrameFunctionalGroups { own[value.item] = numbers(value) }
        let shared = found.first { $0.sequence == .sharedFunctionalGroups } ?? found.first { $0.sequence == nil }
        let common = shared.flatMap(numbers)
        return { own[$0] ?? common }
    }
}
