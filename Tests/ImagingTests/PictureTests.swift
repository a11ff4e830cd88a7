import Contracts
import Imaging
import Tensors
import Testing

@Suite struct PictureTests {
    private static let affine = Affine(spacing: Point(1, 1, 3), origin: Point(-40, -40, -30))

    /// Brighter to the patient's left and to the front.
    private func volume(_ affine: Affine = affine) throws -> Volume {
        try makeVolume([81, 81, 21], affine: affine) { i, j, k in
            let place = affine.apply(Point(Double(i), Double(j), Double(k)))
            return 500 - 4 * place.x + 3 * place.y
        }
    }

    private func ball(_ affine: Affine = affine) throws -> Region {
        let mask = try makeVolume([81, 81, 21], .uint8, affine: affine) { i, j, k in
            (affine.apply(Point(Double(i), Double(j), Double(k))) - Point(6, -4, 0)).length <= 15 ? 1 : 0
        }
        return try #require(try MaskRegions().regions(of: mask).first)
    }

    @Test func thePatientsRightIsOnTheLeftAndIsSoMarked() throws {
        let axial = SliceView(.axial, through: .zero, extent: SIMD2(80, 80))
        #expect(axial.letters.left == "R" && axial.letters.right == "L")
        #expect(axial.letters.top == "A" && axial.letters.bottom == "P")
        let coronal = SliceView(.coronal, through: .zero, extent: SIMD2(80, 80))
        #expect(coronal.letters.left == "R" && coronal.letters.top == "S")
        let sagittal = SliceView(.sagittal, through: .zero, extent: SIMD2(80, 80))
        #expect(sagittal.letters.left == "A" && sagittal.letters.right == "P" && sagittal.letters.top == "S")
        // The left is brighter, and so is the front: whichever way the voxels are stored.
        for stored in [
            Self.affine,
            Affine(Point(-1, 0, 0), Point(0, 1, 0), Point(0, 0, 3), translation: Point(40, -40, -30)),
            Affine(Point(0, -1, 0), Point(-1, 0, 0), Point(0, 0, -3), translation: Point(40, 40, 30)),
        ] {
            let panel = SlicePanel(view: axial, volume: try volume(stored), window: 100...900, caption: "")
            let picture = panel.painted(width: 160)
            #expect(picture[120, 60].red > picture[40, 60].red)
            #expect(picture[110, 30].red > picture[110, 120].red)
        }
    }

    @Test func anObliqueSliceIsMarkedWithTwoLetters() throws {
        let turned = Affine(
            Point(0.8, 0.6, 0), Point(-0.6, 0.8, 0), Point(0, 0, 3), translation: Point(-8, -56, -30))
        let volume = try volume(turned)
        let view = SliceView(
            SliceFrame(plane: .axial, of: volume.orientation), of: volume, through: .zero, extent: SIMD2(80, 80))
        #expect(view.letters.left == "RA" && view.letters.right == "LP")
        #expect(view.letters.top == "AL" && view.letters.bottom == "PR")
    }

    @Test func pixelsAreSquareInMillimetersHoweverThickTheSlices() throws {
        let region = try ball()
        for plane in Plane.allCases {
            let view = SliceView(plane, through: Point(6, -4, 0), extent: SIMD2(60, 60))
            let picture = SlicePanel(
                view: view, volume: try volume(), window: -10_000...10_000, region: region, caption: ""
            ).painted(width: 240)
            var (low, high) = (SIMD2(240, 240), SIMD2(0, 0))
            for y in 20..<215 {
                for x in 20..<218 where picture[x, y].blue > 200 && picture[x, y].red < 130 {
                    low = pointwiseMin(low, SIMD2(x, y))
                    high = pointwiseMax(high, SIMD2(x, y))
                }
            }
            // A ball of 15 mm at 4 pixels a millimeter, its middle in the picture's; slices of 3 mm make it coarse.
            for axis in 0..<2 {
                #expect(abs(high[axis] - low[axis] - 120) <= (axis == 1 && plane != .axial ? 14 : 8))
                #expect(abs(high[axis] + low[axis] - 239) <= 12)
            }
        }
    }

    @Test func theHeatMapColorsItsOwnPlaceOnly() throws {
        let heat = try makeVolume([16, 16, 16], affine: Affine(spacing: Point(2, 2, 2), origin: Point(5, -15, -15))) {
            i, _, _ in i < 8 ? 1 : 0
        }
        let view = SliceView(.axial, through: .zero, extent: SIMD2(80, 80))
        var panel = SlicePanel(view: view, volume: try volume(), window: 100...900, heatmap: heat, caption: "")
        let picture = panel.painted(width: 160)
        panel.heatmap = nil
        let plain = panel.painted(width: 160)
        func isColored(_ mm: Double) -> Bool { picture[Int(80 - mm * 2), 80] != plain[Int(80 - mm * 2), 80] }
        #expect(isColored(10) && isColored(17))
        // Low values, the other side, and outside the map.
        #expect(!isColored(25) && !isColored(-10) && !isColored(1))
    }

    @Test func aBoxIsOutlinedWhereThePlaneCutsIt() throws {
        let region = try BoxRegions().regions(
            of: [RegionBox(frame: .world, minimum: [-10, -20, -6], maximum: [20, 10, 9])], in: [volume()])[0]
        let view = SliceView(.axial, through: .zero, extent: SIMD2(80, 80))
        let blank = SlicePanel(view: view, volume: try volume(), window: 5000...6000, caption: "")
        var outlined = blank
        outlined.region = region
        let (a, b) = (blank.painted(width: 160), outlined.painted(width: 160))
        let changed = (0..<160).filter { a[$0, 80] != b[$0, 80] }
        // The sides at 20 mm right and 10 mm left: pixels 39.5 and 99.5.
        #expect(changed.allSatisfy { abs($0 - 40) <= 2 || abs($0 - 100) <= 2 })
        #expect(changed.contains { abs($0 - 40) <= 2 } && changed.contains { abs($0 - 100) <= 2 })
        var above = outlined
        above.view.center = Point(0, 0, 30)
        #expect(
            above.painted(width: 160).bytes
                == {
                    var other = blank
                    other.view.center = Point(0, 0, 30)
                    return other.painted(width: 160).bytes
                }())
    }

    @Test func everyLetterThatIsWrittenIsInTheFont() {
        let texts = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;-+=%()[]/<>_!?'*|·×≥³²–"
        for letter in texts {
            var canvas = ColorCanvas(width: 20, height: 20)
            canvas.write(String(letter), x: 2, y: 2)
            #expect(canvas.bytes.contains(255))
            #expect(BitmapFont.width(of: String(letter)) <= 10)
        }
        #expect(BitmapFont.width(of: "") == 0)
        #expect(BitmapFont.width(of: "ab", scale: 1) == 11)
    }

    @Test func aPictureIsAPNGFileThatHoldsWhatWasDrawn() throws {
        var canvas = ColorCanvas(width: 37, height: 23, color: Color(10, 20, 30))
        canvas.fill(x: 5, y: 6, width: 7, height: 8, .white)
        let file = try canvas.png()
        #expect(Array(file.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        #expect(Array(file[12..<16]) == Array("IHDR".utf8))
        #expect(Array(file[16..<26]) == [0, 0, 0, 37, 0, 0, 0, 23, 8, 2])
        #expect(Array(file.suffix(12)) == [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82])
        // No chunk that could hold words.
        for name in ["tEXt", "zTXt", "iTXt", "eXIf", "tIME"] {
            #expect(!String(decoding: file, as: Unicode.ASCII.self).contains(name))
        }
    }
}
