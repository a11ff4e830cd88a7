import Contracts
import Foundation
import Imaging
import Tensors
import Testing

@Suite struct NIfTIDamageTests {
    /// A header field broken in one way.
    struct Damage: Sendable, CustomStringConvertible {
        let name: String
        let expected: ReasonCode
        let apply: @Sendable (NIfTIFixture, inout [UInt8]) -> Void

        var description: String { name }

        init(
            _ name: String, _ expected: ReasonCode, _ apply: @escaping @Sendable (NIfTIFixture, inout [UInt8]) -> Void
        ) {
            self.name = name
            self.expected = expected
            self.apply = apply
        }
    }

    static func dimension(_ index: Int, _ value: Int, _ expected: ReasonCode = .niftiDimensionsInvalid) -> Damage {
        Damage("dim[\(index)] = \(value)", expected) { fixture, bytes in
            let field = fixture.version == .one ? fixture.integer(Int16(value)) : fixture.integer(Int64(value))
            NIfTIFixture.put(field, at: fixture.offset(40 + 2 * index, 16 + 8 * index), in: &bytes)
        }
    }

    static func real(
        _ name: String, _ first: Int, _ second: Int, _ value: Double, _ expected: ReasonCode
    ) -> Damage {
        Damage("\(name) = \(value)", expected) { fixture, bytes in
            NIfTIFixture.put(fixture.real(value), at: fixture.offset(first, second), in: &bytes)
        }
    }

    static func type(_ datatype: Int, _ bits: Int) -> Damage {
        Damage("datatype \(datatype) of \(bits) bits", .niftiTypeUnsupported) { fixture, bytes in
            NIfTIFixture.put(fixture.integer(Int16(datatype)), at: fixture.offset(70, 12), in: &bytes)
            NIfTIFixture.put(fixture.integer(Int16(bits)), at: fixture.offset(72, 14), in: &bytes)
        }
    }

    static let damages: [Damage] = {
        var damages: [Damage] = []
        for rank in [0, -1, 5, 8, 200, 32767] { damages.append(dimension(0, rank)) }
        for extent in [0, -1, 1025, 32767] {
            for axis in 1...3 { damages.append(dimension(axis, extent)) }
        }
        for (datatype, bits) in [(1, 1), (32, 64), (128, 24), (2304, 32), (1536, 64), (0, 0), (4, 8), (16, 16)] {
            damages.append(type(datatype, bits))
        }
        for spacing in [Double.nan, .infinity, -.infinity, 0, -1] {
            for axis in 1...3 {
                let name = "pixdim[\(axis)]"
                damages.append(real(name, 76 + 4 * axis, 104 + 8 * axis, spacing, .niftiHeaderInvalid))
            }
        }
        for value in [Double.nan, .infinity] {
            for index in 0..<12 {
                damages.append(real("srow[\(index)]", 280 + 4 * index, 400 + 8 * index, value, .affineInvalid))
            }
        }
        return damages + otherDamages
    }()

    static let otherDamages = [
        real("srow_x[0], the only number of its row,", 280, 400, 0, .affineInvalid),
        real("scl_slope", 112, 176, .infinity, .niftiHeaderInvalid),
        real("scl_slope", 112, 176, 1e31, .niftiHeaderInvalid),
        real("scl_slope", 112, 176, -1e-31, .niftiHeaderInvalid),
        real("scl_inter", 116, 184, .nan, .niftiHeaderInvalid),
        Damage("sizeof_hdr 0", .niftiHeaderInvalid) { _, bytes in NIfTIFixture.put([0, 0, 0, 0], at: 0, in: &bytes) },
        Damage("no magic", .niftiHeaderInvalid) { fixture, bytes in
            NIfTIFixture.put([0, 0, 0, 0], at: fixture.offset(344, 4), in: &bytes)
        },
        Damage("the magic of a pair", .imageFormatUnsupported) { fixture, bytes in
            NIfTIFixture.put([0x6e, 0x69], at: fixture.offset(344, 4), in: &bytes)
        },
        Damage("xyzt_units 7", .niftiHeaderInvalid) { fixture, bytes in
            NIfTIFixture.put(
                fixture.version == .one ? [7] : fixture.integer(Int32(7)), at: fixture.offset(123, 500), in: &bytes)
        },
    ]

    @Test(arguments: damages)
    func eachDamagedFieldIsRefusedWithItsOwnReason(damage: Damage) throws {
        for version in NIfTIFixture.Version.allCases {
            for isBigEndian in [false, true] {
                let fixture = NIfTIFixture(version: version, isBigEndian: isBigEndian)
                var bytes = fixture.bytes
                damage.apply(fixture, &bytes)
                #expect(try refusal(of: bytes) == damage.expected, "\(version), big-endian \(isBigEndian)")
                let compressed = try NIfTIWriter.compressed(bytes, level: 1)
                #expect(try refusal(of: compressed, name: "image.nii.gz") == damage.expected)
            }
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 0, 351, 352.5, -352, 1e30])
    func aVoxelOffsetThatPointsNowhereIsRefused(offset: Double) throws {
        let fixture = NIfTIFixture()
        var bytes = fixture.bytes
        NIfTIFixture.put(fixture.float(offset), at: 108, in: &bytes)
        #expect(try refusal(of: bytes) == .niftiHeaderInvalid)
    }

    @Test(arguments: [Int64.min, -1, 0, 543, Int64.max])
    func aVoxelOffsetOfVersionTwoThatPointsNowhereIsRefused(offset: Int64) throws {
        let fixture = NIfTIFixture(version: .two)
        var bytes = fixture.bytes
        NIfTIFixture.put(fixture.integer(offset), at: 168, in: &bytes)
        #expect(try refusal(of: bytes) == .niftiHeaderInvalid)
    }

    @Test(arguments: [Int64.max, Int64.min, 1 << 62, 200])
    func extremeExtentsOfVersionTwoAreRefused(extent: Int64) throws {
        for index in 0...4 {
            let fixture = NIfTIFixture(version: .two, shape: [5, 4, 3, 1])
            var bytes = fixture.bytes
            NIfTIFixture.put(fixture.integer(extent), at: 16 + 8 * index, in: &bytes)
            let reason = try refusal(of: bytes)
            // 200 voxels along an axis are possible: then voxels are missing.
            #expect(reason == (extent == 200 && 1...3 ~= index ? .niftiTruncated : .niftiDimensionsInvalid))
        }
    }

    @Test func aHeaderThatPromisesMoreThanTheLimitIsRefusedBeforeItIsBelieved() throws {
        let fixture = NIfTIFixture()
        var bytes = fixture.bytes
        for axis in 1...3 { NIfTIFixture.put(fixture.integer(Int16(1024)), at: 40 + 2 * axis, in: &bytes) }
        #expect(try refusal(of: bytes) == .fileTooLarge)
        var limits = NIfTILimits()
        limits.extent = .max
        limits.voxelBytes = .max
        #expect(try refusal(of: bytes, limits: limits) == .niftiTruncated)
        let large = NIfTIFixture(version: .two)
        var overflowing = large.bytes
        for axis in 1...3 { NIfTIFixture.put(large.integer(Int64(1) << 31), at: 16 + 8 * axis, in: &overflowing) }
        #expect(try refusal(of: overflowing, limits: limits) == .fileTooLarge)
    }

    @Test func severalVolumesInOneFileAreRefused() throws {
        #expect(try refusal(of: NIfTIFixture(shape: [5, 4, 3, 2]).bytes) == .niftiDimensionsInvalid)
    }

    @Test func aDamagedQuaternionIsRefusedWhereItCounts() throws {
        for index in 0..<6 {
            var fixture = NIfTIFixture(qformCode: 1, sformCode: 0)
            fixture.quaternion[index] = .nan
            #expect(try refusal(of: fixture.bytes) == .affineInvalid)
            fixture.sformCode = 1
            #expect(try refusal(of: fixture.bytes) == nil)
        }
        let long = NIfTIFixture(qformCode: 1, sformCode: 0, quaternion: [1, 1, 1, 0, 0, 0])
        #expect(try refusal(of: long.bytes) == .affineInvalid)
    }

    @Test(arguments: NIfTIFixture.Version.allCases)
    func aFileThatIsCutAnywhereIsTruncated(version: NIfTIFixture.Version) throws {
        let bytes = NIfTIFixture(version: version, extensionBytes: 32).bytes
        let compressed = try NIfTIWriter.compressed(bytes, level: 9)
        for count in 0..<bytes.count {
            #expect(try refusal(of: Array(bytes.prefix(count))) == .niftiTruncated, "\(count) bytes")
        }
        for count in 0..<compressed.count {
            #expect(
                try refusal(of: Array(compressed.prefix(count)), name: "image.nii.gz") == .niftiTruncated,
                "\(count) compressed bytes")
        }
    }

    @Test(arguments: [1, 2, 16, 4096])
    func voxelsMoreThanPromisedAreOversized(extra: Int) throws {
        let bytes = NIfTIFixture().bytes + [UInt8](repeating: 0, count: extra)
        #expect(try refusal(of: bytes) == .niftiOversized)
        #expect(try refusal(of: NIfTIWriter.compressed(bytes, level: 6), name: "image.nii.gz") == .niftiOversized)
    }

    @Test func aWholeFileSmallerThanTheFirstPieceThatIsInflatedIsJudgedAlike() throws {
        // 352 + 2 bytes end inside the 544 bytes that are inflated first.
        let bytes = NIfTIFixture(shape: [1, 1, 1]).bytes
        #expect(bytes.count == 354)
        #expect(try refusal(of: NIfTIWriter.compressed(bytes, level: 6), name: "a.nii.gz") == nil)
        #expect(try refusal(of: NIfTIWriter.compressed(bytes + [0], level: 6), name: "a.nii.gz") == .niftiOversized)
        #expect(
            try refusal(of: NIfTIWriter.compressed(bytes.dropLast(), level: 6), name: "a.nii.gz") == .niftiTruncated)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, .signalingNaN])
    func voxelsThatAreNotFiniteAreRefused(value: Double) throws {
        for isBigEndian in [false, true] {
            for (datatype, bits) in [(16, 32), (64, 64)] {
                for place in [0, 1, 8, 58, 59] {
                    var fixture = NIfTIFixture(isBigEndian: isBigEndian, datatype: datatype, bitsPerVoxel: bits)
                    fixture.voxels = (0..<60).flatMap { index in
                        let voxel = index == place ? value : Double(index)
                        return bits == 32 ? fixture.float(voxel) : fixture.double(voxel)
                    }
                    #expect(try refusal(of: fixture.bytes) == .voxelsNonFinite, "voxel \(place)")
                }
            }
        }
    }

    @Test func doublesBeyondSinglePrecisionAreNotFinite() throws {
        var fixture = NIfTIFixture(shape: [1, 1, 1], datatype: 64, bitsPerVoxel: 64)
        fixture.voxels = fixture.double(1e300)
        #expect(try refusal(of: fixture.bytes) == .voxelsNonFinite)
    }

    @Test func valuesThatOverflowWhenScaledAreNotFinite() throws {
        var fixture = NIfTIFixture(shape: [1, 1, 1], datatype: 16, bitsPerVoxel: 32, slope: 1e20)
        fixture.voxels = fixture.float(1e30)
        #expect(try refusal(of: fixture.bytes) == .voxelsNonFinite)
        fixture.slope = 1e5
        #expect(try refusal(of: fixture.bytes) == nil)
    }

    @Test(arguments: NIfTIFixture.Version.allCases)
    func randomlyDamagedHeadersNeverBringTheReaderDown(version: NIfTIFixture.Version) throws {
        var random = PhantomRandom(seed: 99)
        let folder = try TemporaryFolder()
        var refused = 0
        for round in 0..<1500 {
            let fixture = NIfTIFixture(
                version: version, isBigEndian: round % 2 == 0, qformCode: round % 3, sformCode: round % 5)
            var bytes = fixture.bytes
            for _ in 0...(random.next() % 4) {
                // Not the size and the magic, behind which nothing would be looked at.
                let offset = 12 + Int(random.next() % UInt64(fixture.headerBytes - 12))
                bytes[offset] = UInt8(truncatingIfNeeded: random.next())
            }
            let path = try folder.write(bytes, "image.nii")
            do throws(ImagingError) {
                let volume = try NIfTIReader().read(path: path).volume
                #expect(volume.voxelCount * volume.tensor.elementType.byteCount == volume.tensor.buffer.count)
                #expect(volume.affine.isInvertible)
            } catch {
                #expect(error.failureClass == .invalid)
                refused += 1
            }
        }
        #expect(refused > 100)
        #expect(refused < 1500)
    }
}
