import Contracts
import Digests
import Foundation
import Imaging
import Tensors
import Testing

@Suite struct NIfTIReaderTests {
    @Test(arguments: NIfTIFixture.Version.allCases, [false, true])
    func bothVersionsInBothByteOrdersGiveTheSameVolume(version: NIfTIFixture.Version, isBigEndian: Bool) throws {
        let fixture = NIfTIFixture(version: version, isBigEndian: isBigEndian)
        let volume = try load(fixture.bytes).volume
        #expect(volume.shape == [5, 4, 3])
        #expect(volume.tensor.shape == [3, 4, 5])
        #expect(volume.tensor.elementType == .int16)
        #expect(volume.tensor.floats() == (0..<60).map(Float.init))
        #expect(volume.affine.rows == fixture.sform + [0, 0, 0, 1])
        #expect(volume.value(4, 3, 2) == 59)
        #expect(volume.value(1, 0, 0) == 1)
        #expect(volume.value(5, 0, 0) == nil)
    }

    @Test(arguments: NIfTIFixture.Version.allCases, [false, true])
    func compressedFilesGiveTheSameVolumeAsPlainOnes(version: NIfTIFixture.Version, isBigEndian: Bool) throws {
        let bytes = NIfTIFixture(version: version, isBigEndian: isBigEndian, shape: [31, 17, 9]).bytes
        let compressed = try NIfTIWriter.compressed(bytes, level: 6)
        let plain = try load(bytes)
        let inflated = try load(compressed, name: "IMAGE.NII.GZ")
        #expect(plain.volume.tensor == inflated.volume.tensor)
        #expect(plain.volume.affine == inflated.volume.affine)
        #expect(plain.sha256 == Digest.sha256Hex(bytes))
        #expect(inflated.sha256 == Digest.sha256Hex(compressed))
        #expect(inflated.byteCount == compressed.count)
    }

    @Test(arguments: [0, 16, 400, 5000])
    func extensionsBetweenHeaderAndVoxelsArePassedOver(extensionBytes: Int) throws {
        let bytes = NIfTIFixture(extensionBytes: extensionBytes).bytes
        #expect(try load(bytes).volume.value(4, 3, 2) == 59)
        let compressed = try NIfTIWriter.compressed(bytes, level: 1)
        #expect(try load(compressed, name: "image.nii.gz").volume.value(4, 3, 2) == 59)
    }

    struct StoredType: Sendable, CustomStringConvertible {
        let datatype: Int
        let bits: Int
        let values: [Double]
        let kept: ElementType

        var description: String { "datatype \(datatype) as \(kept.rawValue)" }

        func encode(_ fixture: NIfTIFixture) -> [UInt8] {
            values.flatMap { value -> [UInt8] in
                switch datatype {
                case 2: fixture.integer(UInt8(value))
                case 4: fixture.integer(Int16(value))
                case 8: fixture.integer(Int32(value))
                case 16: fixture.float(value)
                case 64: fixture.double(value)
                case 256: fixture.integer(Int8(value))
                case 512: fixture.integer(UInt16(value))
                case 768: fixture.integer(UInt32(value))
                default: fixture.integer(Int64(value))
                }
            }
        }
    }

    static let types = [
        StoredType(datatype: 2, bits: 8, values: [0, 1, 200, 255], kept: .uint8),
        StoredType(datatype: 4, bits: 16, values: [-32768, -1, 0, 32767], kept: .int16),
        StoredType(datatype: 8, bits: 32, values: [-5, 0, 7, 32767], kept: .int16),
        StoredType(datatype: 8, bits: 32, values: [-70000, 0, 7, 16_777_216], kept: .float32),
        StoredType(datatype: 16, bits: 32, values: [-1.5, 0, 3.25, 1e30], kept: .float32),
        StoredType(datatype: 64, bits: 64, values: [-1.5, 0, 3.25, 1e30], kept: .float32),
        StoredType(datatype: 256, bits: 8, values: [-128, -1, 0, 127], kept: .int16),
        StoredType(datatype: 512, bits: 16, values: [0, 1, 2, 32767], kept: .int16),
        StoredType(datatype: 512, bits: 16, values: [0, 1, 2, 65535], kept: .float32),
        StoredType(datatype: 768, bits: 32, values: [0, 1, 2, 40000], kept: .float32),
        StoredType(datatype: 1024, bits: 64, values: [-3, 0, 4, 9], kept: .int16),
    ]

    @Test(arguments: types, [false, true])
    func eachVoxelTypeKeepsItsValuesInTheSmallestTypeThatHoldsThem(type: StoredType, isBigEndian: Bool) throws {
        var fixture = NIfTIFixture(isBigEndian: isBigEndian, shape: [4, 1, 1])
        fixture.datatype = type.datatype
        fixture.bitsPerVoxel = type.bits
        fixture.voxels = type.encode(fixture)
        for (bytes, name) in [
            (fixture.bytes, "a.nii"), (try NIfTIWriter.compressed(fixture.bytes, level: 6), "a.nii.gz"),
        ] {
            let volume = try load(bytes, name: name).volume
            #expect(volume.tensor.elementType == type.kept)
            #expect(volume.tensor.floats() == type.values.map { Float($0) })
        }
    }

    @Test func wholeNumbersThatNoKeptTypeHoldsExactlyAreRefused() throws {
        var fixture = NIfTIFixture(shape: [2, 1, 1], datatype: 8, bitsPerVoxel: 32)
        fixture.voxels = fixture.integer(Int32(0)) + fixture.integer(Int32(16_777_217))
        #expect(try refusal(of: fixture.bytes) == .niftiTypeUnsupported)
    }

    @Test func slopeAndInterceptScaleTheValues() throws {
        let volume = try load(NIfTIFixture(slope: 0.5, intercept: -3).bytes).volume
        #expect(volume.value(4, 0, 0) == -1)
    }

    @Test(arguments: [0, Double.nan])
    func aSlopeOfZeroOrNaNMeansNotScaled(slope: Double) throws {
        let volume = try load(NIfTIFixture(slope: slope, intercept: 7).bytes).volume
        #expect(volume.slope == 1)
        #expect(volume.intercept == 0)
    }

    @Test func theSformIsPreferredAndTheQformComesNext() throws {
        let half = 0.5.squareRoot()
        // A quarter turn about z: i runs to anterior, j to left.
        var fixture = NIfTIFixture(qformCode: 1, quaternion: [0, 0, half, 7, 8, 9])
        #expect(try load(fixture.bytes).geometrySource == .sform)
        fixture.sformCode = 0
        let loaded = try load(fixture.bytes)
        #expect(loaded.geometrySource == .qform)
        let expected = Affine(Point(0, 2, 0), Point(-2.5, 0, 0), Point(0, 0, 3), translation: Point(7, 8, 9))
        #expect(loaded.volume.affine.largestDifference(from: expected, over: [5, 4, 3]) < 1e-5)
        #expect(loaded.volume.orientation.description == "ALS")
        fixture.spacings[0] = -1
        #expect(try load(fixture.bytes).volume.orientation.description == "ALI")
        fixture.qformCode = 0
        let bare = try load(fixture.bytes)
        #expect(bare.geometrySource == .spacing)
        #expect(bare.volume.spacing == Point(2, 2.5, 3))
    }

    @Test func metersAndMicrometersBecomeMillimeters() throws {
        #expect(try load(NIfTIFixture(units: 1).bytes).volume.spacing == Point(2000, 2500, 3000))
        let small = try load(NIfTIFixture(units: 3).bytes).volume.spacing
        #expect((small - Point(0.002, 0.0025, 0.003)).length < 1e-12)
    }

    @Test func oneAndTwoDimensionalImagesAreVolumesOfOneSlice() throws {
        var fixture = NIfTIFixture(shape: [6, 5], spacings: [1, 2, 2.5, 0, 0, 0, 0, 0], sformCode: 0)
        #expect(try load(fixture.bytes).volume.shape == [6, 5, 1])
        fixture.shape = [7]
        #expect(try load(fixture.bytes).volume.shape == [7, 1, 1])
        fixture.version = .two
        fixture.isBigEndian = true
        #expect(try load(fixture.bytes).volume.shape == [7, 1, 1])
    }

    @Test func aFourthAxisOfOneVolumeIsDropped() throws {
        #expect(try load(NIfTIFixture(shape: [5, 4, 3, 1]).bytes).volume.shape == [5, 4, 3])
    }

    @Test func geometryGoesThroughAMessageAndBack() throws {
        let volume = try load(NIfTIFixture(slope: 2, intercept: 1).bytes).volume
        let back = try Volume(
            tensor: volume.tensor, geometry: volume.geometry, slope: volume.slope, intercept: volume.intercept)
        #expect(back.hasSameGrid(as: volume, tolerance: 0))
        #expect(volume.geometry.orientation == "RAS")
        var geometry = volume.geometry
        geometry.shape = [4, 5, 3]
        #expect(throws: ImagingError.self) {
            try Volume(tensor: volume.tensor, geometry: geometry, slope: 1, intercept: 0)
        }
    }

    @Test func errorsNameTheSeriesByItsLabelAndNeverTheFile() throws {
        do {
            _ = try load(Array(NIfTIFixture().bytes.dropLast()), name: "Doe^Jane.nii")
            Issue.record("a truncated file was read")
        } catch let error as ImagingError {
            #expect(error.description.hasPrefix("nifti-truncated: series 1 (T1): expected 472 bytes"))
            #expect(!error.description.contains("Doe"))
            #expect(error.failure.failureClass == .invalid)
        }
    }
}
