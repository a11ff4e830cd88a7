import Contracts
import Imaging
import Tensors
import Testing

@Suite struct PatchSamplerTests {
    static let affines = [
        Affine.identity, AffineTests.oblique,
        Affine(Point(0, -1.1, 0.1), Point(0.2, -0.1, -0.9), Point(1.3, 0, 0.1), translation: Point(3, 4, 5)),
        Affine(Point(-2, 0, 0), Point(0, 2, 0), Point(0, 0, 2), translation: Point(30, -20, 1)),
    ]

    /// Where the volume's middle lies in the world.
    private func middle(_ volume: Volume) -> Point {
        volume.affine.apply(
            Point(Double(volume.shape[0] - 1), Double(volume.shape[1] - 1), Double(volume.shape[2] - 1)) * 0.5)
    }

    @Test(arguments: affines, [ElementType.float32, .int16])
    func aLinearRampIsSampledExactlyInTheWorldsAxes(affine: Affine, type: ElementType) throws {
        // A ramp in voxel indices of whole numbers, so that int16 holds it too; linear in the world as well.
        let ramp = { (i: Double, j: Double, k: Double) in 3 * i - 2 * j + 5 * k + 40 }
        let volume = try makeVolume([40, 36, 30], type, affine: affine, slope: 0.5, intercept: -7) {
            ramp(Double($0), Double($1), Double($2))
        }
        let spacing = Point(0.31, 0.27, 0.36)
        let grid = try PatchGrid(center: middle(volume) + Point(0.13, -0.21, 0.17), size: [9, 8, 7], spacing: spacing)
        let patch = try PatchSampler().sample([PatchChannel(volume)], on: grid)
        #expect(patch.tensor.shape == [1, 7, 8, 9])
        #expect(patch.coverage == [1])
        let inverse = try affine.inverted()
        let values = patch.tensor.floats()
        for z in 0..<7 {
            for y in 0..<8 {
                for x in 0..<9 {
                    // W runs right, H anterior, D superior from the patch's first sample.
                    let offset = Point(Double(x) - 4, Double(y) - 3.5, Double(z) - 3) * spacing
                    let voxel = inverse.apply(grid.center + offset)
                    let expected = ramp(voxel.x, voxel.y, voxel.z) * 0.5 - 7
                    #expect(abs(Double(values[x + 9 * (y + 8 * z)]) - expected) < 2e-5 * 40)
                }
            }
        }
    }

    @Test func samplesOnVoxelCentersAreTheVoxels() throws {
        let volume = try makeVolume([6, 5, 4], .uint8) { Double($0 + 10 * $1 + 50 * $2) }
        let grid = try PatchGrid(center: Point(2.5, 2, 1.5), size: [6, 5, 4], spacing: Point(1, 1, 1))
        for interpolation in [Interpolation.linear, .nearest] {
            let patch = try PatchSampler(interpolation: interpolation).sample([PatchChannel(volume)], on: grid)
            #expect(patch.tensor.floats() == volume.tensor.floats())
            #expect(patch.coverage == [1])
            #expect(patch.affine == volume.affine)
        }
    }

    @Test func mirroredVolumesGiveTheSamePatch() throws {
        // The same world twice: stored RAS, and stored with i running left.
        let value = { (x: Int, y: Int, z: Int) in Double((x * 7 + y * 13 + z * 29) % 31) }
        let right = try makeVolume([8, 8, 8]) { value($0, $1, $2) }
        let left = try makeVolume(
            [8, 8, 8],
            affine: Affine(Point(-1, 0, 0), Point(0, 1, 0), Point(0, 0, 1), translation: Point(7, 0, 0))
        ) { value(7 - $0, $1, $2) }
        let grid = try PatchGrid(center: Point(3.3, 3.6, 3.1), size: [5, 5, 5], spacing: Point(0.9, 1, 1.1))
        let patch = try PatchSampler().sample([PatchChannel(right), PatchChannel(left)], on: grid)
        let values = patch.tensor.floats()
        for index in 0..<125 { #expect(abs(values[index] - values[index + 125]) < 1e-4) }
    }

    @Test func outsideIsAirOrTheEdgeAndTheShareInsideIsCounted() throws {
        let volume = try makeVolume([4, 4, 4], .int16, slope: 2, intercept: 10) { _, _, _ in 20 }
        // Half of the patch lies left of the volume: samples at x = -4.25 … 3.25; inside from -0.5 on.
        let grid = try PatchGrid(center: Point(-0.5, 1.5, 1.5), size: [16, 4, 4], spacing: Point(0.5, 1, 1))
        let zero = try PatchSampler().sample([PatchChannel(volume)], on: grid)
        let edge = try PatchSampler(outside: .edge).sample([PatchChannel(volume)], on: grid)
        #expect(zero.coverage == [0.5])
        #expect(edge.coverage == [0.5])
        for (index, value) in zero.tensor.floats().enumerated() { #expect(value == (index % 16 < 8 ? 0 : 50)) }
        #expect(edge.tensor.floats().allSatisfy { $0 == 50 })
        let far = try PatchGrid(center: Point(1000, 0, 0), size: [4, 4, 4], spacing: Point(1, 1, 1))
        #expect(try PatchSampler().sample([PatchChannel(volume)], on: far).coverage == [0])
    }

    @Test func aSampleUpToHalfAVoxelBeyondTheCentersTakesTheOutermostVoxel() throws {
        let volume = try makeVolume([4, 1, 1]) { i, _, _ in Double(i + 1) }
        let grid = try PatchGrid(center: Point(1.5, 0.4, -0.4), size: [9, 1, 1], spacing: Point(0.5, 1, 1))
        let patch = try PatchSampler().sample([PatchChannel(volume)], on: grid)
        #expect(patch.tensor.floats() == [1, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4])
        #expect(patch.coverage == [1])
    }

    @Test func masksKeepTheirLabels() throws {
        let mask = try makeVolume([10, 10, 10], .uint8) { i, _, _ in i < 5 ? 0 : 7 }
        let grid = try PatchGrid(center: Point(4.5, 4.5, 4.5), size: [20, 20, 20], spacing: Point(0.4, 0.4, 0.4))
        let values = try PatchSampler(interpolation: .nearest).sample([PatchChannel(mask)], on: grid).tensor.floats()
        #expect(Set(values) == [0, 7])
        for (index, value) in values.enumerated() {
            let x = 4.5 + (Double(index % 20) - 9.5) * 0.4
            #expect(value == (x < 4.5 ? 0 : 7))
        }
    }

    @Test func normalizationIsAppliedOnTheWay() throws {
        let volume = try makeVolume([4, 4, 4], .int16, slope: 2, intercept: 1) { i, _, _ in Double(i) }
        let normalization = NormalizationParameters(shift: 3, scale: 0.5, lower: -0.75, upper: 1.25)
        let grid = try PatchGrid(center: Point(1.5, 1.5, 1.5), size: [4, 4, 4], spacing: Point(1, 1, 1))
        let patch = try PatchSampler().sample([PatchChannel(volume, normalization: normalization)], on: grid)
        // Values 1, 3, 5, 7 become -1, 0, 1, 2, and are clipped.
        #expect(Array(patch.tensor.floats().prefix(4)) == [-0.75, 0, 1, 1.25])
        #expect([1.0, 3, 5, 7].map(normalization.apply) == [-0.75, 0, 1, 1.25])
    }

    @Test func gridsThatAreNoneAreRefused() throws {
        for (center, size, spacing) in [
            (Point.zero, [0, 4, 4], Point(1, 1, 1)), (.zero, [4, 4], Point(1, 1, 1)),
            (.zero, [4, 4, 513], Point(1, 1, 1)),
            (.zero, [4, 4, 4], Point(0, 1, 1)), (.zero, [4, 4, 4], Point(1, .nan, 1)),
            (Point(.infinity, 0, 0), [4, 4, 4], Point(1, 1, 1)), (Point(0, .nan, 0), [4, 4, 4], Point(1, 1, 1)),
            (Point(1e300, 0, 0), [4, 4, 4], Point(1, 1, 1)),
        ] {
            #expect(try reason { _ = try PatchGrid(center: center, size: size, spacing: spacing) } == .boxInvalid)
        }
    }
}
