import Contracts
import Imaging
import Testing

@Suite struct BoxRegionsTests {
    private let series: [Volume]

    init() throws {
        series = [
            try makeVolume([20, 20, 10], affine: Affine(spacing: Point(1, 1, 2), origin: .zero)) { _, _, _ in 0 },
            try makeVolume([30, 20, 10], affine: AffineTests.oblique) { _, _, _ in 0 },
        ]
    }

    private func regions(_ box: RegionBox) throws -> [Region] { try BoxRegions().regions(of: [box], in: series) }

    @Test func aVoxelBoxIncludesTheVoxelsOfBothCorners() throws {
        let box = RegionBox(id: "lesion", frame: .voxel, series: 0, minimum: [2, 3, 4], maximum: [5, 8, 4])
        let region = try regions(box)[0]
        #expect(region.id == "lesion")
        #expect(region.centroid == Point(3.5, 5.5, 8))
        #expect(region.minimum == Point(1.5, 2.5, 7))
        #expect(region.maximum == Point(5.5, 8.5, 9))
        #expect(region.location.volumeMM3 == 4 * 6 * 2)
        #expect(region.location.longestDiameterMM == 6)
        #expect(region.location.shortAxisMM == 4)
        #expect(region.voxels == nil)
    }

    @Test func aVoxelBoxCountsInItsOwnSeries() throws {
        let box = RegionBox(frame: .voxel, series: 1, minimum: [0, 0, 0], maximum: [29, 19, 9])
        let region = try regions(box)[0]
        let expected = AffineTests.oblique.apply(Point(14.5, 9.5, 4.5))
        #expect((region.centroid - expected).length < 1e-9)
        #expect(abs(region.location.volumeMM3 - 6000 * abs(AffineTests.oblique.determinant)) < 1e-6)
        #expect(region.id == "box-1")
    }

    @Test func aWorldBoxLiesInMillimeters() throws {
        let box = RegionBox(frame: .world, minimum: [2, 3, 4], maximum: [10, 8, 16])
        let region = try regions(box)[0]
        #expect(region.centroid == Point(6, 5.5, 10))
        #expect(region.location.volumeMM3 == 480)
        #expect(region.location.longestDiameterMM == 12)
        #expect(region.location.shortAxisMM == 5)
    }

    @Test(arguments: [
        RegionBox(frame: .voxel, series: 0, minimum: [2, 3], maximum: [5, 8, 4]),
        RegionBox(frame: .voxel, series: 0, minimum: [2, 3, 5], maximum: [5, 8, 4]),
        RegionBox(frame: .voxel, series: 0, minimum: [.nan, 3, 4], maximum: [5, 8, 4]),
        RegionBox(frame: .voxel, series: 0, minimum: [2, 3, 4], maximum: [5, .infinity, 4]),
        RegionBox(frame: .voxel, series: 2, minimum: [2, 3, 4], maximum: [5, 8, 4]),
        RegionBox(frame: .voxel, series: -1, minimum: [2, 3, 4], maximum: [5, 8, 4]),
        RegionBox(frame: .voxel, minimum: [2, 3, 4], maximum: [5, 8, 4]),
        RegionBox(frame: .world, minimum: [2, 3, 4], maximum: [2, 8, 9]),
        RegionBox(frame: .world, minimum: [-1e308, -1e308, -1e308], maximum: [1e308, 1e308, 1e308]),
    ])
    func boxesThatAreNoneAreInvalid(box: RegionBox) throws {
        #expect(try reason { _ = try regions(box) } == .boxInvalid)
    }

    @Test(arguments: [
        RegionBox(frame: .voxel, series: 0, minimum: [100, 3, 4], maximum: [105, 8, 4]),
        RegionBox(frame: .voxel, series: 0, minimum: [2, -10, 4], maximum: [5, 8, 4]),
        RegionBox(frame: .voxel, series: 0, minimum: [2, 3, 4], maximum: [5, 8, 13]),
        RegionBox(frame: .world, series: 0, minimum: [-300, 3, 4], maximum: [-290, 8, 9]),
        RegionBox(frame: .world, minimum: [500, 500, 500], maximum: [505, 505, 505]),
    ])
    func boxesOutsideTheirSeriesAreRefused(box: RegionBox) throws {
        #expect(try reason { _ = try regions(box) } == .boxOutsideVolume)
    }

    @Test func aBoxMayStandOutALittle() throws {
        // 5 mm: two and a half voxels along k.
        let box = RegionBox(frame: .voxel, series: 0, minimum: [2, 3, 4], maximum: [5, 8, 11])
        #expect(try regions(box).count == 1)
        #expect(try reason { _ = try BoxRegions(tolerance: 3.9).regions(of: [box], in: series) } == .boxOutsideVolume)
    }

    @Test func oneSeriesNeedsNoNumber() throws {
        let box = RegionBox(frame: .voxel, minimum: [2, 3, 4], maximum: [5, 8, 4])
        #expect(try BoxRegions().regions(of: [box], in: [series[0]]).count == 1)
    }

    @Test func moreBoxesThanTheLimitAreRefused() throws {
        let box = RegionBox(frame: .voxel, series: 0, minimum: [2, 3, 4], maximum: [5, 8, 4])
        #expect(
            try reason { _ = try BoxRegions(limit: 2).regions(of: [box, box, box], in: series) } == .tooManyRegions)
    }
}
