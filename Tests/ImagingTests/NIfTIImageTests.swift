import Contracts
import Foundation
import Imaging
import Tensors
import Testing

/// Files as they are: all types, byte orders and volumes; writing in other types; pictures.
struct NIfTIImageTests {
    private func file(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = NSTemporaryDirectory() + "\(UUID().uuidString)-\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func values(_ image: NIfTIImage) -> [Double] {
        var values: [Double] = []
        image.forEachPiece { values += $0 }
        return values
    }

    private static func bytes<Value: FixedWidthInteger>(_ values: [Value], _ isBigEndian: Bool) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: isBigEndian ? value.bigEndian : value) { Array($0) } }
    }

    private static func stored(_ type: NIfTIVoxelType, _ isBigEndian: Bool) -> ([UInt8], [Double]) {
        let numbers = (0..<120).map { $0 * 3 % 120 }
        switch type {
        case .uint8: return (bytes(numbers.map { UInt8($0 + 130) }, isBigEndian), numbers.map { Double($0 + 130) })
        case .int8: return (bytes(numbers.map { Int8($0 - 100) }, isBigEndian), numbers.map { Double($0 - 100) })
        case .uint16:
            return (bytes(numbers.map { UInt16($0 + 65_000) }, isBigEndian), numbers.map { Double($0 + 65_000) })
        case .int16:
            return (bytes(numbers.map { Int16($0 - 32_000) }, isBigEndian), numbers.map { Double($0 - 32_000) })
        case .uint32:
            return (
                bytes(numbers.map { UInt32($0) + 4_000_000_000 }, isBigEndian), numbers.map { Double($0) + 4e9 }
            )
        case .int32:
            return (bytes(numbers.map { Int32($0) - 2_000_000_000 }, isBigEndian), numbers.map { Double($0) - 2e9 })
        case .uint64: return (bytes(numbers.map { UInt64($0) << 55 }, isBigEndian), numbers.map { Double($0) * 0x1p55 })
        case .int64: return (bytes(numbers.map { Int64($0) << 40 }, isBigEndian), numbers.map { Double($0) * 0x1p40 })
        case .float32:
            return (
                bytes(numbers.map { (Float($0) / 7).bitPattern }, isBigEndian), numbers.map { Double(Float($0) / 7) }
            )
        case .float64:
            return (bytes(numbers.map { (Double($0) / 7).bitPattern }, isBigEndian), numbers.map { Double($0) / 7 })
        }
    }

    @Test(arguments: NIfTIVoxelType.allCases, [false, true])
    func everyTypeAndByteOrderIsReadExactlyWithAllVolumes(type: NIfTIVoxelType, isBigEndian: Bool) throws {
        var fixture = NIfTIFixture()
        fixture.version = .two
        fixture.isBigEndian = isBigEndian
        fixture.shape = [5, 4, 3, 2]
        fixture.datatype = type.rawValue
        fixture.bitsPerVoxel = type.byteCount * 8
        fixture.slope = 0.5
        fixture.intercept = -3
        let (bytes, expected) = Self.stored(type, isBigEndian)
        fixture.voxels = bytes
        let path = try file(fixture.bytes, "image.nii")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let image = try NIfTIReader().readImage(path: path)
        #expect(image.shape == [5, 4, 3, 2])
        #expect(image.type == type)
        #expect(values(image) == expected.map { $0 * 0.5 - 3 })
        // Written and read again it is the same, in its own type and as numbers.
        let copy = path + ".copy.nii.gz"
        defer { try? FileManager.default.removeItem(atPath: copy) }
        try NIfTIWriter.write(image, to: copy)
        let again = try NIfTIReader().readImage(path: copy)
        #expect(again.type == type)
        #expect(values(again) == values(image))
        #expect(ImageStatistics(again) == ImageStatistics(image))
        try NIfTIWriter.write(image, to: copy, as: .type(.float64))
        let numbers = try NIfTIReader().readImage(path: copy)
        #expect(numbers.slope == 1)
        #expect(values(numbers) == values(image))
    }

    @Test func oneOfSeveralVolumesIsTakenByItsNumber() throws {
        var fixture = NIfTIFixture()
        fixture.shape = [5, 4, 3, 2]
        fixture.voxels = Self.bytes((0..<120).map { Int16($0) }, false)
        let path = try file(fixture.bytes, "image.nii")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let image = try NIfTIReader().readImage(path: path)
        #expect(image.volumeCount == 2)
        #expect(try image.volume(1).value(2, 0, 0) == 62)
        #expect(try reason { _ = try image.volume(2) } == .niftiDimensionsInvalid)
        #expect(try reason { _ = try NIfTIReader().read(path: path) } == .niftiDimensionsInvalid)
        let joined = try NIfTIImage([image.volume(0), image.volume(1)], axes: [2])
        #expect(values(joined) == values(image))
    }

    @Test func valuesThatDoNotFitATypeAreRefusedAndOthersAreRounded() throws {
        let image = NIfTIImage(try makeVolume([4, 1, 1]) { i, _, _ in Double(i) * 100.5 })
        #expect(values(try image.converted(to: .type(.int16))) == [0, 101, 201, 302])
        #expect(try reason { _ = try image.converted(to: .type(.uint8)) } == .niftiTypeUnsupported)
    }

    @Test func aContactSheetShowsThreePlanesInTheirTrueProportions() throws {
        let volume = try makeVolume([20, 30, 10], affine: Affine(spacing: Point(2, 1, 4), origin: .zero)) { i, j, k in
            Double(i + j + k)
        }
        let sheet = ContactSheet.picture(of: volume)
        // 40 × 30 × 40 mm: the longer sides have 224 pixels, the shorter ones 168.
        #expect(sheet.width == 5 * 224 + 6 * 6)
        #expect(sheet.height == 168 + 224 + 224 + 4 * 6)
        let bytes = try PNGWriter.encoded(sheet)
        #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        #expect(Array(bytes.suffix(8)) == [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82])
    }
}
