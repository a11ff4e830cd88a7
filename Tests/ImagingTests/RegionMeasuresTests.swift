import Contracts
import Imaging
import Tensors
import Testing

@Suite struct RegionMeasuresTests {
    /// A mask of an ellipsoid given in world mm by its middle and half axes along right, anterior, superior.
    private func ellipsoid(
        _ shape: [Int], _ affine: Affine, center: Point, halfAxes: Point
    ) throws -> Region {
        let mask = try makeVolume(shape, .uint8, affine: affine) { i, j, k in
            let offset = (affine.apply(Point(Double(i), Double(j), Double(k))) - center) / halfAxes
            return offset.dot(offset) <= 1 ? 1 : 0
        }
        return try #require(try MaskRegions().regions(of: mask).first)
    }

    private static let turned = Affine(
        Point(0.8, 0.6, 0), Point(-0.54, 0.72, 0.1), Point(0.08, -0.06, 1.2), translation: Point(-30, -20, -25))

    @Test(arguments: [
        Affine.identity, Affine(spacing: Point(0.8, 0.9, 1.1), origin: Point(-5, 3, 1)), turned,
        Affine(Point(0, 0, -1), Point(-1, 0, 0), Point(0, 1, 0), translation: Point(60, -3, 55)),
    ])
    func aSphereHasTheMeasuresOfASphere(affine: Affine) throws {
        let middle = affine.apply(Point(30, 29.5, 30.2))
        let radius = 17.0
        let region = try ellipsoid([62, 60, 61], affine, center: middle, halfAxes: Point(radius, radius, radius))
        let exact = 4.0 / 3 * Double.pi * radius * radius * radius
        #expect(abs(region.location.volumeMM3 / exact - 1) < 0.01)
        #expect((region.centroid - middle).length < 0.1)
        // A surface between voxels is off by half a voxel at each end at most.
        #expect(abs(region.location.longestDiameterMM - 2 * radius) < 1.2)
        #expect(abs(region.location.shortAxisMM - 2 * radius) < 1.2)
        for axis in 0..<3 { #expect(abs(region.maximum[axis] - region.minimum[axis] - 34) < 2.5) }
    }

    @Test func anEllipsoidsAxesAreFoundInTheWorldWhateverTheGrid() throws {
        // Longest along superior; in the axial plane 22 by 12 mm.
        let half = Point(6, 11, 16)
        let straight = try ellipsoid(
            [40, 50, 60], Affine(spacing: Point(0.7, 0.7, 0.7), origin: .zero), center: Point(14, 17, 21),
            halfAxes: half)
        #expect(abs(straight.location.longestDiameterMM - 32) < 0.5)
        #expect(abs(straight.location.shortAxisMM - 12) < 0.5)
        // Sagittal storage: i runs posterior, j inferior, k right.
        let sagittal = Affine(Point(0, -0.7, 0), Point(0, 0, -0.7), Point(0.7, 0, 0), translation: Point(0, 35, 42))
        let turned = try ellipsoid([50, 60, 40], sagittal, center: Point(14, 17, 21), halfAxes: half)
        #expect(abs(turned.location.longestDiameterMM - 32) < 0.5)
        #expect(abs(turned.location.shortAxisMM - 12) < 0.5)
        // i runs superior.
        let upright = Affine(Point(0, 0, 0.7), Point(0.7, 0, 0), Point(0, 0.7, 0), translation: .zero)
        let standing = try ellipsoid([60, 40, 50], upright, center: Point(14, 17, 21), halfAxes: half)
        #expect(abs(standing.location.longestDiameterMM - 32) < 0.5)
        #expect(abs(standing.location.shortAxisMM - 12) < 0.5)
    }

    @Test func aSingleVoxelIsAsLongAsItsLongestEdge() throws {
        let mask = try makeVolume([3, 3, 3], .uint8, affine: Affine(spacing: Point(1, 2, 5), origin: .zero)) {
            [$0, $1, $2] == [1, 1, 1] ? 1 : 0
        }
        let region = try MaskRegions().regions(of: mask)[0]
        #expect(region.location.volumeMM3 == 10)
        #expect(region.location.longestDiameterMM == 5)
        #expect(region.location.shortAxisMM == 1)
        #expect(region.minimum == Point(0.5, 1, 2.5))
        #expect(region.maximum == Point(1.5, 3, 7.5))
    }

    @Test func theLongestDiameterIsThatOfAllPairsOfFaces() throws {
        var random = PhantomRandom(seed: 5)
        for affine in [Affine.identity, Self.turned] {
            for _ in 0..<6 {
                let blob = try makeVolume([9, 8, 7], .uint8, affine: affine) { _, _, _ in
                    random.uniform() < 0.35 ? 1 : 0
                }
                for region in try MaskRegions(limit: 1000).regions(of: blob) {
                    #expect(abs(region.location.longestDiameterMM - longestByAllPairs(region)) < 1e-9)
                }
            }
        }
    }

    /// The definition: every face between a voxel inside and one outside, every pair of their middles.
    private func longestByAllPairs(_ region: Region) -> Double {
        guard let voxels = region.voxels else { return -1 }
        var inside: Set<[Int]> = []
        for run in voxels.runs { for i in run.start..<run.end { inside.insert([i, run.j, run.k]) } }
        var faces: [Point] = []
        for voxel in inside {
            for axis in 0..<3 {
                for side in [-1, 1] {
                    var neighbor = voxel
                    neighbor[axis] += side
                    guard !inside.contains(neighbor) else { continue }
                    var face = Point(Double(voxel[0]), Double(voxel[1]), Double(voxel[2]))
                    face[axis] += Double(side) / 2
                    faces.append(voxels.affine.apply(face))
                }
            }
        }
        var longest = 0.0
        for (index, first) in faces.enumerated() {
            for second in faces[..<index] { longest = max(longest, (first - second).length) }
        }
        return longest
    }

    @Test func theShortAxisIsMeasuredInTheSliceWhereTheRegionIsLongest() throws {
        // Slice 0: 12 by 2; slice 1: 5 by 5.
        let mask = try makeVolume([14, 8, 2], .uint8) { i, j, k in
            k == 0 ? (i < 12 && j < 2 ? 1 : 0) : (i < 5 && j < 5 ? 1 : 0)
        }
        let region = try MaskRegions().regions(of: mask)[0]
        // The longest in-plane diameter goes from (-0.5, 0) to (11.5, 1), a little askew: so does the chord across it.
        #expect(abs(region.location.shortAxisMM - 2 * 145.0.squareRoot() / 12) < 1e-9)
    }

    @Test func aWholeHeadIsMeasuredAsWell() throws {
        let region = try ellipsoid(
            [100, 110, 90], Affine(spacing: Point(2, 2, 2), origin: .zero), center: Point(100.3, 110.7, 90.1),
            halfAxes: Point(75, 95, 70))
        #expect(abs(region.location.longestDiameterMM - 190) < 2)
        #expect(abs(region.location.shortAxisMM - 150) < 2)
    }
}

@Suite struct RegionBorderTests {
    private func region(_ shape: [Int], _ box: (low: [Int], high: [Int]), spacing: Point = Point(1, 1, 2)) throws
        -> Region
    {
        let mask = try makeVolume(shape, .uint8, affine: Affine(spacing: spacing, origin: .zero)) { i, j, k in
            zip([i, j, k], zip(box.low, box.high)).allSatisfy { $1.0...$1.1 ~= $0 } ? 1 : 0
        }
        return try #require(try MaskRegions().regions(of: mask).first)
    }

    @Test func aRegionThatReachesAFaceOfItsImageSaysSo() throws {
        #expect(try region([10, 10, 10], ([2, 2, 2], [7, 7, 7])).location.touchesBorder == false)
        for axis in 0..<3 {
            var (low, high) = ([2, 2, 2], [7, 7, 7])
            low[axis] = 0
            #expect(try region([10, 10, 10], (low, high)).location.touchesBorder == true)
            (low[axis], high[axis]) = (2, 9)
            #expect(try region([10, 10, 10], (low, high)).location.touchesBorder == true)
        }
        // A single slice is all border along its normal; that tells nothing.
        #expect(try region([10, 10, 1], ([2, 2, 0], [7, 7, 0])).location.touchesBorder == false)
    }

    @Test func theLongestAxialDiameterLiesInOneSlice() throws {
        // 6 by 8 voxels in the plane (without the half voxels at the corners), 5 slices of 2 mm.
        let location = try region([20, 20, 20], ([2, 2, 2], [7, 9, 6])).location
        let axial = try #require(location.longestAxialDiameterMM)
        #expect(abs(axial - (6.0 * 6 + 8 * 8).squareRoot()) < 1)
        #expect(abs(location.longestDiameterMM - (6.0 * 6 + 8 * 8 + 10 * 10).squareRoot()) < 2)
        #expect(location.shortAxisMM < axial)
    }

    @Test func aBoxAtTheEdgeOfItsSeriesTouchesItsBorder() throws {
        let volume = try makeVolume([20, 20, 20]) { _, _, _ in 1 }
        func touches(_ low: [Double], _ high: [Double], _ frame: RegionBox.Frame) throws -> Bool? {
            try BoxRegions().regions(
                of: [RegionBox(frame: frame, series: 0, minimum: low, maximum: high)], in: [volume])[0].location
                .touchesBorder
        }
        #expect(try touches([2, 2, 2], [9, 9, 9], .voxel) == false)
        #expect(try touches([0, 2, 2], [9, 9, 9], .voxel) == true)
        #expect(try touches([2, 2, 2], [9, 9, 19], .voxel) == true)
        #expect(try touches([2, 2, 2], [9, 9, 9], .world) == false)
        #expect(try touches([2, 2, 2], [9, 22, 9], .world) == true)
    }
}
