import Contracts
import Foundation
import Imaging
import Testing

@Suite struct GzipTests {
    private static let name = "image.nii.gz"

    @Test func whatIsNotGzipIsRefused() throws {
        #expect(try refusal(of: NIfTIFixture().bytes, name: Self.name) == .gzipCorrupt)
        #expect(try refusal(of: [0x1f, 0x8b] + [UInt8](repeating: 0xff, count: 64), name: Self.name) == .gzipCorrupt)
        #expect(try refusal(of: NIfTIWriter.compressed(NIfTIFixture().bytes, level: 6)) == .niftiHeaderInvalid)
    }

    @Test func aWrongChecksumOrLengthIsRefused() throws {
        let compressed = try NIfTIWriter.compressed(NIfTIFixture().bytes, level: 6)
        for offset in compressed.count - 8..<compressed.count {
            var damaged = compressed
            damaged[offset] ^= 0x10
            #expect(try refusal(of: damaged, name: Self.name) == .gzipCorrupt, "byte \(offset)")
        }
    }

    @Test func noFlippedBitOfTheDataGoesUnnoticed() throws {
        let bytes = NIfTIFixture(shape: [9, 8, 7]).bytes
        let compressed = try NIfTIWriter.compressed(bytes, level: 6)
        let intact = try load(compressed, name: Self.name)
        // Bytes 4 to 9 hold time, flags and system, which say nothing of the content.
        for offset in 10..<compressed.count {
            for bit in [0, 5] {
                var damaged = compressed
                damaged[offset] ^= UInt8(1 << bit)
                do {
                    let volume = try load(damaged, name: Self.name).volume
                    #expect(volume.tensor == intact.volume.tensor, "byte \(offset), bit \(bit)")
                } catch let error as ImagingError {
                    #expect(error.failureClass == .invalid)
                }
            }
        }
    }

    @Test func anythingAfterTheMemberIsRefused() throws {
        let bytes = NIfTIFixture().bytes
        let member = try NIfTIWriter.compressed(bytes, level: 6)
        #expect(try refusal(of: member + [0], name: Self.name) == .gzipCorrupt)
        #expect(try refusal(of: member + member, name: Self.name) == .gzipCorrupt)
        let halves =
            try NIfTIWriter.compressed(Array(bytes.prefix(400)), level: 6)
            + NIfTIWriter.compressed(Array(bytes.dropFirst(400)), level: 6)
        #expect(try refusal(of: halves, name: Self.name) == .niftiTruncated)
    }

    @Test func aBombIsRefusedBeforeItIsInflated() throws {
        // 4 MiB of zeros in 4 KiB, under limits as tight.
        var limits = NIfTILimits()
        limits.inflationFloor = 1 << 20
        let fixture = NIfTIFixture(shape: [256, 256, 64], datatype: 2, bitsPerVoxel: 8, voxels: [])
        let bytes = fixture.bytes + [UInt8](repeating: 0, count: 256 * 256 * 64)
        let bomb = try NIfTIWriter.compressed(bytes, level: 9)
        #expect(try refusal(of: bomb, name: Self.name, limits: limits) == .fileTooLarge)
        // An empty mask of a usual size compresses as well, and is no bomb.
        #expect(try refusal(of: bomb, name: Self.name) == nil)
        limits.inflationRatio = 2000
        #expect(try refusal(of: bomb, name: Self.name, limits: limits) == nil)
    }

    @Test func aPromiseThatNoCompressionKeepsIsTruncated() throws {
        let fixture = NIfTIFixture(shape: [1024, 1024, 40], voxels: [])
        let compressed = try NIfTIWriter.compressed(fixture.bytes, level: 9)
        #expect(try refusal(of: compressed, name: Self.name) == .niftiTruncated)
    }

    @Test func aBombBehindASmallHeaderIsOversized() throws {
        let bytes = NIfTIFixture().bytes + [UInt8](repeating: 0, count: 8 << 20)
        #expect(try refusal(of: NIfTIWriter.compressed(bytes, level: 1), name: Self.name) == .niftiOversized)
    }

    @Test func aFileBeyondTheLimitIsRefused() throws {
        var limits = NIfTILimits()
        limits.fileBytes = 400
        #expect(try refusal(of: NIfTIFixture().bytes, limits: limits) == .fileTooLarge)
    }
}
