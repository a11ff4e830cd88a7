import Contracts
import Imaging
import Tensors
import Testing

@Suite struct ImageJContourTests {
    @Test func aWholeNumberedPolygonFillsThePixelsWhoseCentersLieInside() throws {
        // A right triangle with legs of 4 pixels: centers below the diagonal.
        let contour = try RoiBytes(corners: [(10, 20), (14, 24), (10, 24)]).decoded()
        #expect(contour.outline == .polygon([SIMD2(10, 20), SIMD2(14, 24), SIMD2(10, 24)]))
        let runs = contour.pixels(width: 100, height: 100)
        // Centers exactly on the diagonal, which is an edge to the right of them, are inside.
        #expect(runs == (0..<4).map { PixelRun(y: 20 + $0, x: 10..<11 + $0) })
    }

    @Test func sharedEdgesBelongToOneOfTwoNeighbors() throws {
        let left = try RoiBytes(corners: [(0, 0), (5, 0), (5, 6), (0, 6)]).decoded().pixels(width: 20, height: 20)
        let right = try RoiBytes(corners: [(5, 0), (9, 0), (9, 6), (5, 6)]).decoded().pixels(width: 20, height: 20)
        #expect(left == (0..<6).map { PixelRun(y: $0, x: 0..<5) })
        #expect(right == (0..<6).map { PixelRun(y: $0, x: 5..<9) })
    }

    @Test func subPixelCornersAreTakenAsTheyAre() throws {
        let corners: [(Double, Double)] = [(3.6, 2.4), (7.4, 2.4), (7.4, 5.6), (3.6, 5.6)]
        let contour = try RoiBytes(corners: corners, isSubPixel: true).decoded()
        let runs = contour.pixels(width: 20, height: 20)
        // Centers 4.5 to 6.5 across and 2.5 to 5.5 down.
        #expect(runs == (2...5).map { PixelRun(y: $0, x: 4..<7) })
    }

    @Test func rectanglesAndOvalsFillTheirBounds() throws {
        let rectangle = try RoiBytes(kind: 1, bounds: (2, 3, 6, 8)).decoded()
        #expect(rectangle.pixels(width: 20, height: 20) == (2..<6).map { PixelRun(y: $0, x: 3..<8) })
        let oval = try RoiBytes(kind: 2, bounds: (10, 10, 50, 70)).decoded().pixels(width: 100, height: 100)
        let area = oval.reduce(0) { $0 + $1.x.count }
        #expect(abs(Double(area) / (Double.pi * 20 * 30) - 1) < 0.01)
        #expect(oval.first?.y == 10 && oval.last?.y == 49)
        #expect(oval.map(\.x.lowerBound).min() == 10 && oval.map(\.x.upperBound).max() == 70)
    }

    @Test func aPolygonThatCrossesItselfIsFilledEvenOdd() throws {
        let bow = try RoiBytes(corners: [(0, 0), (10, 10), (10, 0), (0, 10)]).decoded().pixels(width: 20, height: 20)
        #expect(bow.filter { $0.y == 0 }.isEmpty == false)
        #expect(bow.first { $0.y == 5 }?.x.count ?? 0 < 6)
        let area = bow.reduce(0) { $0 + $1.x.count }
        #expect(abs(area - 50) <= 10)
    }

    @Test func whatLiesOutsideThePictureIsCutOff() throws {
        let runs = try RoiBytes(corners: [(-5, -5), (4, -5), (4, 3), (-5, 3)], isSubPixel: true).decoded()
            .pixels(width: 3, height: 2)
        #expect(runs == [PixelRun(y: 0, x: 0..<3), PixelRun(y: 1, x: 0..<3)])
    }

    @Test func theSliceIsThePositionOrTheSecondHeadersZ() throws {
        #expect(try RoiBytes(corners: RoiBytes.square, position: 8).decoded().slice == 8)
        #expect(try RoiBytes(corners: RoiBytes.square).decoded().slice == nil)
        #expect(try RoiBytes(corners: RoiBytes.square, z: 11).decoded().slice == 11)
    }

    @Test(arguments: [
        (RoiBytes(kind: 3, bounds: (0, 0, 4, 4)), "line"), (RoiBytes(kind: 10, bounds: (0, 0, 4, 4)), "point"),
        (RoiBytes(kind: 5, bounds: (0, 0, 4, 4)), "polyline"),
        (RoiBytes(kind: 1, bounds: (0, 0, 4, 4), compositeBytes: 200), "composite"),
        (RoiBytes(kind: 1, bounds: (0, 0, 4, 4), arcSize: 6), "rounded"),
        (RoiBytes(kind: 1, bounds: (0, 0, 4, 4), subtype: 1), "text"),
    ])
    func whatEnclosesNoAreaIsRefusedByName(file: RoiBytes, name: String) throws {
        let error = #expect(throws: ImagingError.self) { try file.decoded() }
        #expect(error?.code == .contourUnsupported)
        #expect(error?.message.contains(name) == true)
    }

    @Test func aTruncatedFileIsDamagedAtEveryLength() throws {
        for isSubPixel in [false, true] {
            let bytes = RoiBytes(corners: RoiBytes.square, isSubPixel: isSubPixel).bytes
            for length in 0..<bytes.count {
                let error = #expect(throws: ImagingError.self) { try RoiBytes.decode(Array(bytes[..<length])) }
                #expect(error?.code == .contourInvalid)
            }
        }
    }

    @Test func damagedBytesEndInAnErrorOrAContour() {
        var random = SeededNoise(seed: 7)
        let good = RoiBytes(corners: RoiBytes.square, isSubPixel: true, z: 3).bytes
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                let runs = try RoiBytes.decode(bytes).pixels(width: 64, height: 48)
                #expect(runs.allSatisfy { 0..<48 ~= $0.y && $0.x.lowerBound >= 0 && $0.x.upperBound <= 64 })
            } catch {
                #expect([.contourInvalid, .contourUnsupported].contains((error as? ImagingError)?.code))
            }
        }
    }

    @Test func aContourLandsOnTheSliceThatThePublisherCounts() throws {
        // As dcm2niix stores a series: rows upside down, slices from inferior to superior, instances the other way.
        let affine = Affine(Point(-0.5, 0, 0), Point(0, 0.5, 0), Point(0, 0, 3), translation: Point(40, -30, 5))
        let volume = try makeVolume([40, 30, 6], .uint8, affine: affine) { _, _, _ in 1 }
        let origins = (0..<6).map { affine.apply(Point(0, 29, Double(5 - $0))) }
        let stack = try PictureStack(
            origins: origins, columnStep: affine.first, rowStep: Point.zero - affine.second, in: volume)
        #expect(stack == PictureStack(slices: [5, 4, 3, 2, 1, 0], reversesRows: true))
        let contour = try RoiBytes(corners: [(4, 2), (10, 2), (10, 5), (4, 5)], position: 2).decoded()
        let voxels = try ContourRegions.voxels(of: contour, id: "a", slice: 2, stack: stack, in: volume)
        #expect(voxels.runs.map(\.k) == [4, 4, 4])
        #expect(voxels.runs.map(\.j) == [25, 26, 27])
        #expect(voxels.runs.allSatisfy { $0.start == 4 && $0.end == 10 })
        let region = try #require(ContourRegions.regions(of: [(voxels: voxels, volume: volume)]).first)
        #expect(region.id == "a")
        #expect(abs(region.location.volumeMM3 - 18 * 0.75) < 1e-9)
        #expect(region.location.touchesBorder == false)
        // The middle of columns 4…9 and rows 2…4 of the second picture.
        let middle = origins[1] + affine.first * 6.5 - affine.second * 3
        #expect((region.centroid - middle).length < 1e-9)
    }

    @Test func aContourOnNoSliceOrAroundNoPixelIsRefused() throws {
        let volume = try makeVolume([40, 30, 6], .uint8) { _, _, _ in 1 }
        let stack = PictureStack(storedOrderOf: volume)
        func code(_ contour: ImageJContour, _ slice: Int) -> ReasonCode? {
            #expect(throws: ImagingError.self) {
                _ = try ContourRegions.voxels(of: contour, id: nil, slice: slice, stack: stack, in: volume)
            }?.code
        }
        let square = try RoiBytes(corners: RoiBytes.square).decoded()
        #expect(code(square, 7) == .contourOutsideVolume)
        #expect(code(try RoiBytes(corners: [(90, 2), (95, 2), (95, 5)]).decoded(), 1) == .contourOutsideVolume)
        // The file itself says otherwise.
        #expect(code(try RoiBytes(corners: RoiBytes.square, position: 3).decoded(), 2) == .contourInvalid)
    }
}

/// An ImageJ file, written as its format says.
struct RoiBytes: Sendable, CustomTestStringConvertible {
    static let square: [(Double, Double)] = [(2, 2), (8, 2), (8, 8), (2, 8)]

    let bytes: [UInt8]

    var testDescription: String { "\(bytes.count) bytes of kind \(bytes[6])" }

    init(
        kind: UInt8, bounds: (top: Int, left: Int, bottom: Int, right: Int), compositeBytes: Int = 0, subtype: Int = 0,
        arcSize: Int = 0
    ) {
        var header = Self.header(kind, bounds)
        Self.put(compositeBytes, 4, at: 36, in: &header)
        Self.put(subtype, 2, at: 48, in: &header)
        Self.put(arcSize, 2, at: 54, in: &header)
        bytes = header
    }

    init(corners: [(Double, Double)], isSubPixel: Bool = false, position: Int = 0, z: Int = 0) {
        let xs = corners.map(\.0)
        let ys = corners.map(\.1)
        let (left, top) = (Int((xs.min() ?? 0).rounded(.down)), Int((ys.min() ?? 0).rounded(.down)))
        var file = Self.header(
            isSubPixel ? 0 : 7, (top, left, Int((ys.max() ?? 0).rounded(.up)), Int((xs.max() ?? 0).rounded(.up))))
        Self.put(corners.count, 2, at: 16, in: &file)
        Self.put(isSubPixel ? 128 : 0, 2, at: 50, in: &file)
        Self.put(position, 4, at: 56, in: &file)
        for x in xs { Self.append(Int(x) - left, 2, to: &file) }
        for y in ys { Self.append(Int(y) - top, 2, to: &file) }
        if isSubPixel {
            for value in xs + ys { Self.append(Int(Float(value).bitPattern), 4, to: &file) }
        }
        if z > 0 {
            Self.put(file.count, 4, at: 60, in: &file)
            for value in [0, 0, z, 0] { Self.append(value, 4, to: &file) }
        }
        bytes = file
    }

    func decoded() throws -> ImageJContour { try Self.decode(bytes) }

    static func decode(_ bytes: [UInt8]) throws -> ImageJContour {
        try bytes.withUnsafeBytes { try ImageJContourReader.decode($0) }
    }

    private static func header(_ kind: UInt8, _ bounds: (top: Int, left: Int, bottom: Int, right: Int)) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 64)
        header.replaceSubrange(0..<4, with: Array("Iout".utf8))
        put(227, 2, at: 4, in: &header)
        header[6] = kind
        for (index, value) in [bounds.top, bounds.left, bounds.bottom, bounds.right].enumerated() {
            put(value, 2, at: 8 + 2 * index, in: &header)
        }
        return header
    }

    private static func put(_ value: Int, _ count: Int, at offset: Int, in bytes: inout [UInt8]) {
        for index in 0..<count { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - index))) }
    }

    private static func append(_ value: Int, _ count: Int, to bytes: inout [UInt8]) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - index)))) }
    }
}
