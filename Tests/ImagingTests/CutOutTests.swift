import Contracts
import Imaging
import Tensors
import Testing

@Suite struct CutOutTests {
    /// The value of a voxel tells its place in the world: right + 100 · anterior + 10000 · superior.
    private func placed(_ shape: [Int], _ affine: Affine) throws -> Volume {
        try makeVolume(shape, affine: affine) {
            let world = affine.apply(Point(Double($0), Double($1), Double($2)))
            return world.x + 100 * world.y + 10_000 * world.z
        }
    }

    private static let stored = [
        Affine.identity,
        Affine(Point(-1, 0, 0), Point(0, -1, 0), Point(0, 0, 1), translation: Point(11, 11, 0)),
        Affine(Point(0, -1, 0), Point(0, 0, -1), Point(1, 0, 0), translation: Point(0, 11, 11)),
        Affine(Point(0, 0, 1), Point(-1, 0, 0), Point(0, 1, 0), translation: Point(11, 0, 0)),
    ]

    @Test(arguments: stored)
    func picturesHangTheSameWayHoweverTheVolumeIsStored(affine: Affine) throws {
        let volume = try placed([12, 12, 12], affine)
        let box = RegionBox(frame: .world, minimum: [1.5, 3.5, 6.5], maximum: [4.5, 5.5, 7.5])
        let region = try BoxRegions().regions(of: [box], in: [volume])[0]
        // Right 2, 3, 4; anterior 4, 5; superior 7.
        let axial = CutOut(try CrossSection(of: region, in: volume, plane: .axial), of: volume)
        #expect([axial.height, axial.width] == [2, 3])
        #expect(axial.pixels == [70504, 70503, 70502, 70404, 70403, 70402])
        let coronal = CutOut(try CrossSection(of: region, in: volume, plane: .coronal), of: volume)
        #expect([coronal.height, coronal.width] == [1, 3])
        #expect([[70404, 70403, 70402], [70504, 70503, 70502]].contains(coronal.pixels))
        let sagittal = CutOut(try CrossSection(of: region, in: volume, plane: .sagittal), of: volume)
        #expect([sagittal.height, sagittal.width] == [1, 2])
        #expect(sagittal.pixels == [70503, 70403])
    }

    @Test func theLargestCrossSectionIsCutAlongTheMargin() throws {
        // A cross-section that grows to slice 3 and shrinks again.
        let widths = [0, 2, 4, 7, 5, 1]
        let mask = try makeVolume([12, 12, 6], .uint8) { i, j, k in
            2..<2 + widths[k] ~= i && (widths[k] > 0 && 4..<7 ~= j) ? 1 : 0
        }
        let region = try MaskRegions().regions(of: mask)[0]
        let section = try CrossSection(of: region, in: mask, plane: .axial)
        #expect(section.slice == 3)
        #expect(section.columns == 2...8)
        #expect(section.rows == 4...6)
        let sagittal = try CrossSection(of: region, in: mask, plane: .sagittal)
        #expect(sagittal.slice == 2)
        #expect(sagittal.rows == 1...5)
        #expect(sagittal.columns == 4...6)
        let coronal = try CrossSection(of: region, in: mask, plane: .coronal)
        #expect(coronal.slice == 4)
        #expect(coronal.rows == 1...5)
        #expect(coronal.columns == 2...8)
    }

    @Test func aRegionOfAnotherSeriesIsFoundByItsPlace() throws {
        let mask = try makeVolume([40, 40, 10], .uint8, affine: Affine(spacing: Point(0.5, 0.5, 2), origin: .zero)) {
            10..<20 ~= $0 && 12..<18 ~= $1 && 3..<5 ~= $2 ? 1 : 0
        }
        let region = try MaskRegions().regions(of: mask)[0]
        // In mm: right 4.75…9.75, anterior 5.75…8.75, superior 5…9.
        let volume = try placed([20, 20, 20], .identity)
        let section = try CrossSection(of: region, in: volume, plane: .axial)
        #expect(section.columns == 5...9)
        #expect(section.rows == 6...8)
        #expect(section.slice == 7)
        let away = try placed([20, 20, 20], Affine(spacing: Point(1, 1, 1), origin: Point(100, 0, 0)))
        #expect(
            try reason { _ = try CrossSection(of: region, in: away, plane: .axial) } == .boxOutsideVolume)
    }

    @Test func anImageOfOneSliceIsARegionOfItsOwn() throws {
        let volume = try placed([6, 4, 1], .identity)
        let section = try CrossSection(wholeOf: volume)
        #expect(section.frame.plane == .axial)
        let picture = CutOut(section, of: volume)
        #expect([picture.height, picture.width] == [4, 6])
        #expect(picture.pixels.first == 305)
        #expect(picture.pixels.last == 0)
        let sagittal = Affine(Point(0, -1, 0), Point(0, 0, -1), Point(1, 0, 0), translation: .zero)
        #expect(try CrossSection(wholeOf: placed([6, 4, 1], sagittal)).frame.plane == .sagittal)
        #expect(try reason { _ = try CrossSection(wholeOf: placed([6, 4, 2], .identity)) } == .niftiDimensionsInvalid)
    }

    @Test func picturesArePaddedNotScaledAndTheMeanIsSubtracted() throws {
        let volume = try makeVolume([5, 2, 1], .uint8) { i, j, _ in Double(10 + i + 5 * j) }
        let picture = CutOut(try CrossSection(wholeOf: volume), of: volume)
        let (tensor, isCropped) = try CutOutPadding(side: 9, fill: 3, mean: [1, 2, 4], scale: 2).input(from: picture)
        #expect(tensor.shape == [3, 9, 9])
        #expect(!isCropped)
        let values = tensor.floats()
        for channel in 0..<3 {
            for row in 0..<9 {
                for column in 0..<9 {
                    // Two rows begin at 3, five columns at 2.
                    let isInside = 3..<5 ~= row && 2..<7 ~= column
                    let pixel = isInside ? picture.pixels[(row - 3) * 5 + column - 2] : 3
                    #expect(values[channel * 81 + row * 9 + column] == (pixel - [1, 2, 4][channel]) * 2)
                }
            }
        }
    }

    @Test func whatIsLargerThanTheSquareLosesItsMarginAndSaysSo() throws {
        let volume = try makeVolume([310, 300, 1], .int16) { i, j, _ in Double(i + 400 * j % 30_000) }
        let picture = CutOut(try CrossSection(wholeOf: volume), of: volume)
        let (tensor, isCropped) = try CutOutPadding().input(from: picture)
        #expect(isCropped)
        #expect(tensor.shape == [3, 299, 299])
        // Five columns and no row are lost before the picture's part.
        #expect(tensor.floats()[0] == picture.pixels[5])
        #expect(tensor.floats()[299] == picture.pixels[310 + 5])
    }

    @Test func aMeanImageIsSubtractedPixelByPixel() throws {
        let volume = try makeVolume([3, 3, 1], .uint8) { i, j, _ in Double(i + 3 * j) }
        let picture = CutOut(try CrossSection(wholeOf: volume), of: volume)
        let (tensor, _) = try CutOutPadding(side: 3).input(from: picture, meanImage: picture.pixels)
        #expect(tensor.floats().allSatisfy { $0 == 0 })
        #expect(
            try reason { _ = try CutOutPadding(side: 3).input(from: picture, meanImage: [1, 2]) } == .modelInputMismatch
        )
        #expect(try reason { _ = try CutOutPadding(mean: [1, 2]).input(from: picture) } == .modelInputMismatch)
    }
}
