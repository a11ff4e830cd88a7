import Contracts
import Digests
import Foundation
import Imaging
import Tensors
import Testing

/// Real images with figures by nibabel, where they are: `ONCORELAY_DATA`, or `shared/data` beside the package.
enum ReferenceData {
    struct Entry: Decodable {
        let kind: String
        let shape: [Int]
        let zooms: [Double]?
        let affine: [[Double]]?
        let axcodes: String?
        let sha256: String?

        private enum CodingKeys: String, CodingKey {
            case kind, shape, zooms, affine, axcodes
            case sha256 = "sha256_f64le_fortran"
        }
    }

    static let absence: Comment = "no real images: set ONCORELAY_DATA to their folder"

    static let root: String? = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let beside = package.deletingLastPathComponent().appendingPathComponent("shared/data").path
        let candidates = [ProcessInfo.processInfo.environment["ONCORELAY_DATA"], beside].compactMap { $0 }
        return candidates.first { FileManager.default.fileExists(atPath: $0 + "/REFERENCE_STATS.json") }
    }()

    /// The NIfTI files that are listed and there.
    static func entries() throws -> [(path: String, entry: Entry)] {
        guard let root else { return [] }
        let data = try Data(contentsOf: URL(fileURLWithPath: root + "/REFERENCE_STATS.json"))
        let all = try JSONDecoder().decode([String: Entry].self, from: data)
        return all.filter { $0.value.kind == "nifti" && FileManager.default.fileExists(atPath: root + "/" + $0.key) }
            .map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// SHA-256 of the scaled voxels as float64, little-endian, first axis fastest.
    static func digest(of volume: Volume) -> String { digest(of: [volume]) }

    static func digest(of volumes: [Volume]) -> String {
        let scaled = volumes.flatMap { volume in
            volume.tensor.floats().map { Double($0) * volume.slope + volume.intercept }
        }
        return scaled.withUnsafeBytes { Digest.sha256Hex($0) }
    }

    static let aurora = ["t1", "t2", "flair", "t1c"].map { "BrainLesion+tutorials/AURORA/data/\($0).nii.gz" }
}

@Suite(.enabled(if: ReferenceData.root != nil, ReferenceData.absence))
struct ReferenceDataTests {
    private let root: String
    private let resolver: LocationResolver

    init() throws {
        root = try #require(ReferenceData.root)
        resolver = LocationResolver(roots: [root])
    }

    @Test func realVolumesAreReadAsNibabelReadsThem() throws {
        var count = 0
        for (path, entry) in try ReferenceData.entries() where entry.shape.count <= 3 {
            let volume = try NIfTIReader().read(resolver.resolve(path), subject: path).volume
            #expect(volume.shape == entry.shape, "\(path)")
            for (found, expected) in zip(volume.affine.rows, try #require(entry.affine).flatMap { $0 }) {
                #expect(abs(found - expected) <= 1e-5 * max(1, abs(expected)), "\(path)")
            }
            for (axis, zoom) in try #require(entry.zooms).enumerated() {
                #expect(abs(volume.spacing[axis] - zoom) < 2e-4 * zoom, "\(path), axis \(axis)")
            }
            #expect(volume.orientation.description == entry.axcodes, "\(path)")
            // The digest of every scaled voxel: minimum, maximum and mean are in it.
            #expect(ReferenceData.digest(of: volume) == entry.sha256, "\(path)")
            count += 1
        }
        #expect(count >= 10)
    }

    @Test func realFilesOfSeveralVolumesAreRefusedWithTheReason() throws {
        for (path, entry) in try ReferenceData.entries() where entry.shape.count > 3 {
            #expect(
                try reason { _ = try NIfTIReader().read(resolver.resolve(path)) } == .niftiDimensionsInvalid, "\(path)")
        }
    }

    @Test func everyVolumeOfFourDimensionalFilesIsReadAsNibabelReadsIt() throws {
        var limits = NIfTILimits()
        limits.volumes = 100
        var count = 0
        for (path, entry) in try ReferenceData.entries() where entry.shape.count == 4 {
            let loaded = try NIfTIReader(limits: limits).read(resolver.resolve(path), subject: path)
            #expect(loaded.volume.shape + [loaded.volumes.count] == entry.shape, "\(path)")
            #expect(ReferenceData.digest(of: loaded.volumes) == entry.sha256, "\(path)")
            count += 1
        }
        #expect(count >= 5)
    }

    @Test func aPatchOfAPatientsLesionLiesInAllFourSequences() throws {
        try #require(ReferenceData.aurora.allSatisfy { FileManager.default.fileExists(atPath: root + "/" + $0) })
        let volumes = try ReferenceData.aurora.map { try NIfTIReader().read(resolver.resolve($0)).volume }
        let box = RegionBox(
            id: "lesion-1", frame: .voxel, series: 3, minimum: [70, 38, 56], maximum: [114, 104, 98])
        let region = try BoxRegions().regions(of: [box], in: volumes)[0]
        #expect(region.centroid == Point(92, 239 + 71, 77))
        let normalization = IntensityNormalization(method: .zScore)
        let channels = volumes.map { PatchChannel($0, normalization: normalization.parameters(for: $0)) }
        let grid = try PatchGrid(center: region.centroid, size: [64, 64, 64], spacing: Point(1, 1, 1))
        let patch = try PatchSampler().sample(channels, on: grid)
        #expect(patch.tensor.shape == [4, 64, 64, 64])
        #expect(patch.coverage == [1, 1, 1, 1])
        let values = patch.tensor.floats()
        #expect(values.allSatisfy { $0.isFinite && abs($0) < 20 })
        // At 1 mm on a 1 mm grid, half a voxel off along each axis: a sample is the mean of eight voxels.
        let t1 = volumes[0]
        var sum = 0.0
        for corner in 0..<8 {
            sum += try #require(t1.value(60 + corner % 2, 39 + corner / 2 % 2, 45 + corner / 4))
        }
        #expect(abs(Double(values[0]) - channels[0].normalization.apply(to: sum / 8)) < 1e-4)
    }

    @Test func sequencesInDifferentObliqueFramesMeetInTheWorld() throws {
        let folder = "BrainLesion+tutorials/BraTS-Toolkit/data/OtherEXampleFromTCIA/"
        let paths = try ReferenceData.entries().map(\.path).filter {
            $0.hasPrefix(folder) && !$0.contains("brainles/")
        }
        try #require(paths.count == 4)
        let volumes = try paths.map { try NIfTIReader().read(resolver.resolve($0)).volume }
        let box = RegionBox(frame: .world, minimum: [20.5, 27.8, 20.0], maximum: [56.5, 63.8, 56.0])
        let region = try BoxRegions().regions(of: [box], in: volumes)[0]
        let grid = try PatchGrid(center: region.centroid, size: [32, 32, 32], spacing: Point(1, 1, 1))
        let patch = try PatchSampler().sample(volumes.map { PatchChannel($0) }, on: grid)
        #expect(patch.coverage.allSatisfy { $0 == 1 })
        // Tissue everywhere in the patch's middle, in every sequence.
        let values = patch.tensor.floats()
        for channel in 0..<4 { #expect(values[channel * 32_768 + 16 * (1024 + 32 + 1)] > 10) }
    }

    @Test func aRealLabelMapHasItsRegions() throws {
        let path = "BrainLesion+tutorials/BraTS-Toolkit/data/OtherEXampleFromTCIA/OtherEXampleFromTCIA_brainles/fusion/"
        try #require(FileManager.default.fileExists(atPath: root + "/" + path + "mav.nii.gz"))
        let mask = try NIfTIReader().read(resolver.resolve(path + "mav.nii.gz")).volume
        let components = try MaskRegions().regions(of: mask)
        #expect(components.reduce(0) { $0 + $1.location.volumeMM3 } == 30_179)
        let labels = try MaskRegions().regions(of: mask, labels: [1, 2, 4])
        #expect(labels.reduce(0) { $0 + $1.location.volumeMM3 } == 30_179)
        #expect(try reason { _ = try MaskRegions().regions(of: mask, labels: [3]) } == .maskLabelMissing)
    }
}
