import Contracts
import Foundation
import Imaging
import Testing

/// Series made by hand: what is sound is read, what is not is refused with its reason.
@Suite(.enabled(if: DICOMReader.isAvailable, "dcm2niix is not installed"))
struct DICOMReaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(
        _ images: [DICOMFixture], choice: DICOMReader.Choice = DICOMReader.Choice(), limits: DICOMLimits = DICOMLimits()
    ) throws -> LoadedVolume {
        let path = "\(folder.path)/\(UUID().uuidString)"
        try DICOMFixture.write(images, to: path)
        return try DICOMReader(limits: limits).read(.folder(LocatedFolder(path: path)), choice: choice)
    }

    private func reason(_ images: [DICOMFixture], sequence: MRSequence? = nil) -> ImagingError? {
        do {
            _ = try read(images, choice: DICOMReader.Choice(sequence: sequence))
            return nil
        } catch {
            return error as? ImagingError
        }
    }

    private func stack(_ count: Int, step: Double = 3, spacing: Double = 3) -> [DICOMFixture] {
        (0..<count).map {
            DICOMFixture(
                instance: $0 + 1, position: (-8, -8, Double($0) * step), value: 100 * ($0 + 1), spacing: spacing)
        }
    }

    @Test(arguments: [DICOMFixture.Syntax.explicitLittle, .implicitLittle, .explicitBig])
    func slicesOfEachPlainEncodingAreStackedByPosition(syntax: DICOMFixture.Syntax) throws {
        var images = stack(5)
        for index in images.indices { images[index].syntax = syntax }
        let loaded = try read([images[3], images[0], images[4], images[2], images[1]])
        #expect(loaded.volume.shape == [16, 16, 5])
        #expect(loaded.notes.isEmpty)
        #expect(loaded.recognized?.sequence == .t2)
        // The first pixel of slice 3 lies at LPS (−8, −8, 6): RAS (8, 8, 6).
        let place = try loaded.volume.affine.inverted().apply(Point(8, 8, 6))
        #expect(loaded.volume.value(Int(place.x.rounded()), Int(place.y.rounded()), Int(place.z.rounded())) == 300)
        #expect(loaded.frames?.count == 5)
    }

    @Test func aPartOfAStackIsReadAndSaysThatSlicesAreMissing() throws {
        var images = stack(10)
        for index in images.indices { images[index].elements[0x0020_1002] = .text("IS", "10") }
        let loaded = try read(Array(images[2..<7]))
        #expect(loaded.volume.shape == [16, 16, 5])
        #expect(loaded.notes.map(\.code) == [.missingSlices])
        // Every second one is just as even, and says so even where the scanner has not counted.
        let thinned = try read([0, 2, 4, 6].map { stack(7)[$0] })
        #expect(abs(thinned.volume.spacing.z - 6) < 1e-6)
        #expect(thinned.notes.map(\.code) == [.missingSlices])
    }

    @Test func aGapInsideAStackIsRefused() {
        var images = stack(8)
        images.remove(at: 3)
        let error = reason(images)
        #expect(error?.code == .dicomSlicesMissing)
        #expect(error?.message.contains("1 missing inside the stack, the first after slice 3 of 7") == true)
    }

    @Test func anUnevenStackIsRefused() {
        var images = stack(4)
        images.append(DICOMFixture(instance: 5, position: (-8, -8, 13.3)))
        #expect(reason(images)?.code == .dicomGeometryInvalid)
    }

    @Test func slicesOfSeveralDirectionsAreRefused() {
        var images = stack(4)
        images.append(
            DICOMFixture(instance: 5, position: (-8, -8, 12), orientation: [1, 0, 0, 0, 0, -1]))
        #expect(reason(images)?.code == .dicomGeometryInvalid)
    }

    @Test func imagesOfSeveralSizesAreRefused() {
        #expect(
            reason(stack(3) + [DICOMFixture(instance: 4, position: (-8, -8, 9), size: 32)])?.code
                == .dicomGeometryInvalid)
    }

    @Test func aVolumeThatLacksOneImageOfItsSecondTimeIsRefused() {
        var images = stack(4)
        for (index, image) in stack(3).enumerated() {
            var second = image
            second.elements[0x0020_0013] = .text("IS", "\(index + 5)")
            second.elements[0x0008_0018] = .text("UI", "1.2.3.\(index + 5)")
            images.append(second)
        }
        #expect(reason(images)?.code == .dicomSlicesMissing)
    }

    @Test func theSameImageTwiceIsUsedOnce() throws {
        let images = stack(4)
        let loaded = try read(images + [images[1], images[2]])
        #expect(loaded.volume.shape == [16, 16, 4])
        #expect(loaded.notes.map(\.code) == [.duplicateSlices])
    }

    @Test func anObliqueStackLiesWhereItsHeadersSay() throws {
        let angle = 0.3
        let (c, s) = (cos(angle), sin(angle))
        // Rows along x, columns tilted about it; slices along the normal (0, −s, c).
        let images = (0..<6).map { index in
            let along = Double(index) * 2.5
            return DICOMFixture(
                instance: index + 1, position: (-8, -8 - s * along, c * along), orientation: [1, 0, 0, 0, c, s],
                value: 100 * (index + 1), spacing: 2.5)
        }
        let loaded = try read(images)
        // Column 3, row 5 of slice 4, by the standard's formula, in RAS.
        let along = 7.5
        let place = Point(8 - 3, -(-8 - s * along + 5 * c), c * along + 5 * s)
        let voxel = try loaded.volume.affine.inverted().apply(place)
        #expect((0..<3).allSatisfy { abs(voxel[$0] - voxel[$0].rounded()) < 1e-3 })
        #expect(
            loaded.volume.value(Int(voxel.x.rounded()), Int(voxel.y.rounded()), Int(voxel.z.rounded()))
                == Double(400 + 5 * 16 + 3))
    }

    @Test func slicesThatLieBesideOneAnotherAreShearedAndNotMoved() throws {
        // A gantry tilt: the slices are axial, but each lies 0.8 mm behind the one before.
        let images = (0..<8).map { index in
            DICOMFixture(
                instance: index + 1, position: (-8, -8 + 0.8 * Double(index), 3 * Double(index)),
                value: 100 * (index + 1))
        }
        let loaded = try read(images)
        #expect(loaded.notes.map(\.code) == [.slicesSheared])
        #expect(loaded.volume.shape == [16, 16, 8])
        let place = Point(8 - 3, 8 - 0.8 * 6 - 5, 18)
        let voxel = try loaded.volume.affine.inverted().apply(place)
        #expect((0..<3).allSatisfy { abs(voxel[$0] - voxel[$0].rounded()) < 1e-3 })
        #expect(
            loaded.volume.value(Int(voxel.x.rounded()), Int(voxel.y.rounded()), Int(voxel.z.rounded()))
                == Double(700 + 5 * 16 + 3))
    }

    @Test func anEnhancedImageOfSeveralFramesIsAVolume() throws {
        let loaded = try read([DICOMFixture(enhanced: 6)])
        #expect(loaded.volume.shape == [16, 16, 6])
        let voxel = try loaded.volume.affine.inverted().apply(Point(8 - 2, 8 - 4, 9))
        #expect(
            loaded.volume.value(Int(voxel.x.rounded()), Int(voxel.y.rounded()), Int(voxel.z.rounded()))
                == Double(300 + 4 * 16 + 2))
    }

    @Test func aSeriesIsChosenByWhatItIs() throws {
        let t2 = stack(4)
        let flair = (0..<4).map { index in
            var image = DICOMFixture(
                series: "1.2.826.0.1.3680043.10.1561.9.2", instance: index + 1, position: (-8, -8, 3 * Double(index)))
            image.elements[0x0018_0020] = .text("CS", "SE\\IR")
            image.elements[0x0018_0082] = .text("DS", "2500")
            image.elements[0x0008_103E] = .text("LO", "t2_tirm_tra_dark-fluid")
            return image
        }
        let loaded = try read(t2 + flair, choice: DICOMReader.Choice(sequence: .flair))
        #expect(loaded.seriesInstanceUID == "1.2.826.0.1.3680043.10.1561.9.2")
        #expect(loaded.recognized?.sequence == .flair)
        #expect(reason(t2 + flair, sequence: .dwi)?.code == .seriesMissing)
        let ambiguous = reason(t2 + flair)
        #expect(ambiguous?.code == .seriesAmbiguous)
        #expect(ambiguous?.message.contains("FLAIR, 4 images") == true)
        #expect(ambiguous?.message.contains("tirm") == false)
    }

    @Test func aDeflatedSeriesIsRefusedByNameAndPassedOverBesideOthers() throws {
        let deflated = stack(2).map { image in
            var image = image
            image.syntax = .deflated
            return image
        }
        #expect(reason(deflated)?.code == .dicomSyntaxUnsupported)
        let path = "\(folder.path)/\(UUID().uuidString)"
        try DICOMFixture.write(stack(2) + deflated, to: path)
        #expect(try FolderSurvey(LocatedFolder(path: path)).series.map(\.imageCount) == [2])
    }

    @Test func colorIsRefusedByName() {
        let color = stack(2).map { image in
            var image = image
            image.elements[0x0028_0002] = .short(3)
            return image
        }
        #expect(reason(color)?.code == .imageFormatUnsupported)
        #expect(reason(color)?.message.contains("found color") == true)
    }

    @Test func aFolderWithoutImagesIsRefused() throws {
        let path = "\(folder.path)/empty"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data("no image".utf8).write(to: URL(fileURLWithPath: path + "/readme.txt"))
        let error = #expect(throws: ImagingError.self) {
            try DICOMReader().read(.folder(LocatedFolder(path: path)))
        }
        #expect(error?.code == .imageFormatUnsupported)
    }

    @Test func aConversionHasLimits() {
        var limits = DICOMLimits()
        limits.memory = 4 << 20
        // dcm2niix cannot even be loaded into so little.
        #expect(throws: ImagingError.self) { try read(stack(3), limits: limits) }
        limits = DICOMLimits()
        limits.seriesBytes = 1000
        #expect(throws: ImagingError.self) { try read(stack(3), limits: limits) }
        limits = DICOMLimits()
        limits.entries = 2
        #expect(throws: ImagingError.self) { try read(stack(3), limits: limits) }
    }

    @Test func damagedFilesNeverBringTheReaderDown() throws {
        var generator = SplitMix64(state: 42)
        let whole = DICOMFixture(enhanced: 2).bytes
        var refused = 0
        for _ in 0..<40 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: 128..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator)) }
            let path = "\(folder.path)/damaged.dcm"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do {
                _ = try ImageReader().read("file:damaged.dcm", beneath: LocationResolver(roots: [folder.path]))
            } catch {
                refused += 1
            }
        }
        #expect(refused > 10)
    }

    @Test func nothingIsLeftBehind() throws {
        let workshop = "\(folder.path)/workshop"
        try FileManager.default.createDirectory(atPath: workshop, withIntermediateDirectories: true)
        let path = "\(folder.path)/series"
        try DICOMFixture.write(stack(3), to: path)
        let node = LocatedNode.folder(try LocatedFolder(path: path))
        _ = try DICOMReader(temporaryFolder: workshop).read(node)
        var limits = DICOMLimits()
        limits.memory = 4 << 20
        #expect(throws: ImagingError.self) { try DICOMReader(limits: limits, temporaryFolder: workshop).read(node) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: workshop).isEmpty)
        let error = #expect(throws: ImagingError.self) {
            try DICOMReader(temporaryFolder: workshop + "/absent").read(node)
        }
        #expect(error?.code == .fileMissing || error?.code == .fileUnreadable)
    }
}

/// SplitMix64: the same numbers in every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
