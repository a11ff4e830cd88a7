import Contracts
import Foundation
import Imaging
import Tensors
import Testing

/// PNG and JPEG cut-outs, as Pillow reads them.
struct PictureReaderTests {
    private func read(_ bytes: [UInt8], _ name: String) throws -> LoadedVolume {
        let folder = try TemporaryFolder()
        try folder.write(bytes, name)
        return try ImageReader().read("file:\(name)", beneath: LocationResolver(roots: [folder.path]), subject: "crop")
    }

    private static func bytes(_ index: Int) throws -> [UInt8] {
        Array(try #require(Data(base64Encoded: PictureFixtures.all[index].base64)))
    }

    @Test(arguments: PictureFixtures.all.indices)
    func picturesAreVolumesOfOneSlice(index: Int) throws {
        let fixture = PictureFixtures.all[index]
        let loaded = try read(Self.bytes(index), fixture.name)
        #expect(loaded.volume.shape == [fixture.width, fixture.height, 1])
        let values = loaded.volume.tensor.floats().map { Int($0) }
        // Two versions of a JPEG decoder may round differently.
        let tolerance = fixture.name.hasSuffix("png") ? 0 : 2
        let largest = zip(values, fixture.pixels).map { abs($0 - $1) }.max() ?? 999
        #expect(largest <= tolerance, "\(fixture.name): \(largest)")
        #expect(
            loaded.notes.map(\.code)
                == (["rgb.png", "palette.png", "alpha.png"].contains(fixture.name) ? [.colorsDropped] : []))
        #expect(loaded.geometrySource == .spacing)
    }

    @Test func aPictureIsCutOutTheRightWayUp() throws {
        let fixture = PictureFixtures.all[0]
        let volume = try read(Self.bytes(0), fixture.name).volume
        let cut = CutOut(try CrossSection(wholeOf: volume), of: volume)
        #expect(cut.width == fixture.width)
        #expect(cut.pixels.map { Int($0) } == fixture.pixels)
    }

    @Test(arguments: PictureFixtures.all.indices)
    func cutOffPicturesAreRefused(index: Int) throws {
        let bytes = try Self.bytes(index)
        for count in stride(from: 4, to: bytes.count - 2, by: max(1, bytes.count / 40)) {
            let error = #expect(throws: ImagingError.self, "\(count) of \(bytes.count)") {
                try read(Array(bytes[..<count]), PictureFixtures.all[index].name)
            }
            #expect(error?.code == .pictureCorrupt)
        }
    }

    @Test(arguments: PictureFixtures.all.indices)
    func damagedPicturesNeverBringTheReaderDown(index: Int) throws {
        var random = PhantomRandom(seed: UInt64(index))
        let whole = try Self.bytes(index)
        for _ in 0..<200 {
            var bytes = whole
            for _ in 0..<(1 + Int(random.next() % 4)) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            do {
                _ = try read(bytes, PictureFixtures.all[index].name)
            } catch let error as ImagingError {
                #expect([.pictureCorrupt, .imageFormatUnsupported, .fileTooLarge].contains(error.code))
            }
        }
    }

    @Test func aPictureThatPromisesTooMuchIsRefusedBeforeItIsBelieved() throws {
        var bytes = try Self.bytes(0)
        // IHDR: 65535 × 65535, with its checksum.
        bytes.replaceSubrange(16..<24, with: [0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff])
        let crc = Self.crc32(Array(bytes[12..<29]))
        withUnsafeBytes(of: crc.bigEndian) { bytes.replaceSubrange(29..<33, with: $0) }
        let error = #expect(throws: ImagingError.self) { try read(bytes, "large.png") }
        #expect(error?.code == .fileTooLarge)
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xedb8_8320 : 0) }
        }
    }
}
