import Contracts
import Imaging
import Testing

@Suite struct SeedRegionsTests {
    private static let affine = Affine(spacing: Point(1, 1, 1.5), origin: Point(-30, -30, -30))

    /// A bright ball in noisy surroundings.
    private func ball(radius: Double, contrast: Double = 300) throws -> Volume {
        var random = SeededNoise(seed: 4)
        return try makeVolume([60, 60, 40], affine: Self.affine) { i, j, k in
            let place = Self.affine.apply(Point(Double(i), Double(j), Double(k))) - Point(2, -3, 1)
            return 400 + (place.length <= radius ? contrast : 0) + 15 * random.normal()
        }
    }

    @Test func aRegionGrowsToItsBorderAndNoFurther() throws {
        let volume = try ball(radius: 9)
        for seed in [
            RegionSeed(frame: .world, point: [2, -3, 1]), RegionSeed(frame: .world, point: [6, -3, 1]),
            RegionSeed(frame: .voxel, series: 0, point: [32, 27, 21]),
        ] {
            let region = try #require(try SeedRegions().regions(of: [seed], in: [volume]).first)
            #expect(region.id == "seed-1")
            // A few voxels lie beyond 2.5 standard deviations and are left out.
            #expect(abs(region.location.volumeMM3 / (4 / 3 * Double.pi * 729) - 1) < 0.06)
            #expect((region.centroid - Point(2, -3, 1)).length < 0.3)
            #expect(abs(region.location.longestDiameterMM - 18) < 1.5)
            #expect(region.location.touchesBorder == false)
        }
    }

    @Test func aSeedWithoutABorderIsRefused() throws {
        let flat = try ball(radius: 9, contrast: 0)
        let error = #expect(throws: ImagingError.self) {
            _ = try SeedRegions().regions(of: [RegionSeed(frame: .world, point: [2, -3, 1], radiusMM: 12)], in: [flat])
        }
        #expect(error?.code == .seedInvalid)
        #expect(error?.message.contains("box or a mask") == true)
    }

    @Test(arguments: [[400.0, 0, 0], [0, 0], [.nan, 0, 0]])
    func aSeedOutsideItsSeriesIsRefused(point: [Double]) throws {
        let volume = try ball(radius: 5)
        let error = #expect(throws: ImagingError.self) {
            _ = try SeedRegions().regions(of: [RegionSeed(frame: .world, point: point)], in: [volume])
        }
        #expect(error?.code == .seedInvalid)
    }
}
