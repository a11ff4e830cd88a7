import Contracts
import Foundation
import Imaging
import Tensors
import Testing

/// Whole volumes against SimpleITK; see Fixtures/make_fixtures.py.
struct ResamplingTests {
    static func fixture(_ name: String) throws -> SafetensorsFile {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures"))
        return try SafetensorsFile.map(path: url.path)
    }

    private let file: SafetensorsFile
    private let volume: Volume

    init() throws {
        file = try Self.fixture("resampling")
        volume = try Volume(tensor: file.requiredTensor("voxels"), affine: Self.affine("affine", file))
    }

    private static func affine(_ name: String, _ file: SafetensorsFile) throws -> Affine {
        try #require(Affine(rows: file.requiredTensor(name).floats().map(Double.init)))
    }

    private func expected(_ grid: String, _ interpolation: Interpolation) throws -> (VolumeGrid, [Float]) {
        let tensor = try file.requiredTensor("\(grid).\(interpolation.rawValue)")
        return (
            try VolumeGrid(shape: tensor.shape.reversed(), affine: Self.affine("\(grid).affine", file)), tensor.floats()
        )
    }

    @Test(arguments: ["ties", "permuted"])
    func nearestVoxelsAreSimpleITKsToTheLast(grid: String) throws {
        let (grid, voxels) = try expected(grid, .nearest)
        let found = try VolumeResampler(.nearest).resample(volume, to: grid)
        #expect(found.tensor.elementType == .int16)
        #expect(found.tensor.floats() == voxels)
    }

    @Test(arguments: ["ties", "permuted", "oblique"], [Interpolation.linear, .cubic])
    func linearAndCubicAreSimpleITKs(name: String, interpolation: Interpolation) throws {
        let (grid, voxels) = try expected(name, interpolation)
        let found = try VolumeResampler(interpolation).resample(volume, to: grid).tensor.floats()
        let range = (voxels.max() ?? 0) - (voxels.min() ?? 0)
        // Samples on the outer faces may fall to either side by rounding; all others are compared.
        let inverse = try volume.affine.inverted().composed(with: grid.affine)
        var (compared, largest) = (0, Float(0))
        for k in 0..<grid.shape[2] {
            for j in 0..<grid.shape[1] {
                for i in 0..<grid.shape[0] {
                    let place = inverse.apply(Point(Double(i), Double(j), Double(k)))
                    let isOnFace = (0..<3).contains { axis in
                        abs(place[axis] + 0.5) < 1e-4 || abs(place[axis] - Double(volume.shape[axis]) + 0.5) < 1e-4
                    }
                    if isOnFace { continue }
                    let index = i + grid.shape[0] * (j + grid.shape[1] * k)
                    largest = max(largest, abs(found[index] - voxels[index]))
                    compared += 1
                }
            }
        }
        #expect(largest < 1e-5 * range)
        #expect(compared > voxels.count / 2)
    }

    @Test(arguments: Interpolation.allCases)
    func patchesAreTheSameSamples(interpolation: Interpolation) throws {
        let grid = try PatchGrid(center: Point(2, 1, 20), size: [9, 8, 7], spacing: Point(1.25, 1.5, 1.75))
        let patch = try PatchSampler(interpolation: interpolation).sample([PatchChannel(volume)], on: grid)
        let whole = try VolumeResampler(interpolation).resample(
            volume, to: VolumeGrid(shape: grid.size, affine: patch.affine))
        for (one, other) in zip(patch.tensor.floats(), whole.tensor.floats()) { #expect(abs(one - other) < 2e-2) }
    }

    @Test func theOwnGridGivesTheVoxelsBack() throws {
        for interpolation in Interpolation.allCases {
            let found = try VolumeResampler(interpolation).resample(volume, to: VolumeGrid(of: volume)).tensor.floats()
            let difference = zip(found, volume.tensor.floats()).map { abs($0 - $1) }.max() ?? 1
            #expect(difference < (interpolation == .cubic ? 1e-3 : 1e-6))
        }
    }

    @Test func outsideStandsTheAskedIntensityWhateverTheScale() throws {
        let scaled = try makeVolume([4, 4, 4], .int16, slope: 2, intercept: 10) { _, _, _ in 20 }
        let far = try VolumeGrid(shape: [3, 3, 3], affine: Affine(spacing: Point(1, 1, 1), origin: Point(90, 0, 0)))
        for interpolation in Interpolation.allCases {
            let found = try VolumeResampler(interpolation, outside: 6).resample(scaled, to: far)
            #expect(found.value(1, 1, 1) == 6)
        }
    }

    @Test func otherSpacingsKeepTheFirstVoxelAndRoundTheExtents() throws {
        let grid = try VolumeGrid(of: volume).respaced(Point(1, 1, 1))
        #expect(grid.shape == [36, 26, 43])
        #expect(grid.affine.translation == volume.affine.translation)
        #expect(try reason { _ = try VolumeGrid(of: volume).respaced(Point(0, 1, 1)) } == .boxInvalid)
        #expect(
            try reason { _ = try VolumeGrid(of: volume).respaced(Point(0.001, 1, 1)) } == .niftiDimensionsInvalid)
    }

    @Test func everyOrientationKeepsEachVoxelInItsPlace() throws {
        #expect(Set(Orientation.all.map(\.description)).count == 48)
        for target in Orientation.all {
            #expect(Orientation(code: target.description) == target)
            let turned = volume.reoriented(to: target)
            #expect(turned.orientation == target)
            let back = turned.reoriented(to: volume.orientation)
            #expect(back.tensor == volume.tensor)
            #expect(back.affine == volume.affine)
            let inverse = try volume.affine.inverted()
            for corner in [(0, 0, 0), (2, 3, 1)] {
                let world = turned.affine.apply(Point(Double(corner.0), Double(corner.1), Double(corner.2)))
                let voxel = inverse.apply(world)
                #expect(
                    turned.value(corner.0, corner.1, corner.2)
                        == volume.value(Int(voxel.x.rounded()), Int(voxel.y.rounded()), Int(voxel.z.rounded())))
            }
        }
        #expect(Orientation(code: "RLS") == nil)
        #expect(Orientation(code: "RA") == nil)
        #expect(volume.affine.flippedWorld.flippedWorld == volume.affine)
    }
}
