import Contracts
import Foundation
import Imaging
import Tensors
import Testing

@Suite struct NIfTIWriterTests {
    @Test(arguments: [ElementType.uint8, .int16, .float32], ["volume.nii", "volume.nii.gz"])
    func whatIsWrittenIsReadBack(type: ElementType, name: String) throws {
        let folder = try TemporaryFolder()
        let volume = try makeVolume(
            [7, 6, 5], type, affine: AffineTests.oblique, slope: 0.5, intercept: type == .uint8 ? 0 : -4
        ) { Double(($0 * 31 + $1 * 7 + $2) % 200) }
        let path = folder.path + "/" + name
        try NIfTIWriter.write(volume, to: path)
        let back = try NIfTIReader().read(path: path)
        #expect(back.volume.tensor == volume.tensor)
        #expect(back.volume.slope == volume.slope)
        #expect(back.volume.intercept == volume.intercept)
        #expect(back.geometrySource == .sform)
        // Single precision holds coordinates to a few micrometers.
        #expect(back.volume.hasSameGrid(as: volume, tolerance: 1e-4))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    }

    @Test func theQformSaysTheSameAsTheSformWhereItCan() throws {
        let half = 0.5.squareRoot()
        for affine in [
            Affine(spacing: Point(1, 2, 3), origin: Point(4, 5, 6)),
            Affine(Point(-1, 0, 0), Point(0, 2, 0), Point(0, 0, 3), translation: Point(4, 5, 6)),
            Affine(Point(half, half, 0), Point(-half, half, 0), Point(0, 0, 1), translation: Point(1, 2, 3)),
        ] {
            var bytes = try NIfTIWriter.encoded(try makeVolume([4, 4, 4], .uint8, affine: affine) { _, _, _ in 1 })
            NIfTIFixture.put([0, 0], at: 254, in: &bytes)
            let loaded = try load(bytes)
            #expect(loaded.geometrySource == .qform)
            #expect(loaded.volume.affine.largestDifference(from: affine, over: [4, 4, 4]) < 1e-5)
        }
    }

    @Test func aShearedAffineHasNoQform() throws {
        let sheared = Affine(Point(1, 0, 0), Point(0.5, 1, 0), Point(0, 0, 1), translation: .zero)
        let bytes = try NIfTIWriter.encoded(try makeVolume([4, 4, 4], .uint8, affine: sheared) { _, _, _ in 1 })
        #expect(bytes[252] == 0)
        #expect(try load(bytes).volume.affine == sheared)
    }

    @Test func theSameVolumeMakesTheSameBytesWithoutTextOrTime() throws {
        let volume = try makeVolume([9, 9, 9], .int16) { Double($0 * $1 - $2) }
        let bytes = try NIfTIWriter.encoded(volume)
        #expect(try NIfTIWriter.encoded(volume) == bytes)
        let compressed = try NIfTIWriter.compressed(bytes, level: 6)
        #expect(compressed == (try NIfTIWriter.compressed(bytes, level: 6)))
        // Neither name nor time in the gzip member; no text in the header.
        #expect(Array(compressed[3..<8]) == [0, 0, 0, 0, 0])
        #expect(bytes[148..<252].allSatisfy { $0 == 0 })
        #expect(bytes[328..<344].allSatisfy { $0 == 0 })
    }

    @Test func whatCannotBeWrittenLeavesNothingBehind() throws {
        let folder = try TemporaryFolder()
        let volume = try makeVolume([2, 2, 2], .uint8) { _, _, _ in 1 }
        #expect(
            try reason { try NIfTIWriter.write(volume, to: folder.path + "/a.img") } == .imageFormatUnsupported)
        #expect(
            try reason { try NIfTIWriter.write(volume, to: folder.path + "/absent/a.nii") } == .fileUnreadable)
        try FileManager.default.createDirectory(atPath: folder.path + "/b.nii", withIntermediateDirectories: false)
        #expect(try reason { try NIfTIWriter.write(volume, to: folder.path + "/b.nii") } == .fileUnreadable)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["b.nii"])
    }

    @Test func volumesOfOtherTypesOrSizesAreNone() throws {
        let half = try Tensor(shape: [2, 2, 2], floats: [Float](repeating: 1, count: 8)).converted(to: .float16)
        #expect(try reason { _ = try Volume(tensor: half, affine: .identity) } == .niftiTypeUnsupported)
        let flat = try Tensor(shape: [2, 4], floats: [Float](repeating: 1, count: 8))
        #expect(try reason { _ = try Volume(tensor: flat, affine: .identity) } == .niftiDimensionsInvalid)
        let fine = try Tensor(shape: [2, 2, 2], floats: [Float](repeating: 1, count: 8))
        #expect(
            try reason {
                _ = try Volume(tensor: fine, affine: Affine(spacing: Point(0, 1, 1), origin: .zero))
            } == .affineInvalid)
        #expect(try reason { _ = try Volume(tensor: fine, affine: .identity, slope: 0) } == .niftiHeaderInvalid)
    }

    @Test func voxelsThatBeginAtAnOddByteAreReadAsWell() throws {
        let values: [Float] = [1, -2, 3, -4, 5, -6, 7, -8]
        for type in [ElementType.int16, .float32] {
            let aligned = try Tensor(shape: [2, 2, 2], floats: values).converted(to: type)
            let bytes = aligned.buffer.withUnsafeBytes { [0] + Array($0) }
            let shifted = TensorBuffer(copying: bytes).slice(1..<bytes.count)
            let volume = try Volume(
                tensor: Tensor(shape: [2, 2, 2], elementType: type, buffer: shifted), affine: .identity)
            #expect(volume.value(1, 1, 1) == -8)
            #expect(volume.value(0, 1, 0) == 3)
        }
    }
}
