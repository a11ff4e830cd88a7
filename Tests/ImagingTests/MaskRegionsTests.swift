import Contracts
import Imaging
import Tensors
import Testing

@Suite struct MaskRegionsTests {
    /// A mask with single voxels set.
    private func mask(
        _ shape: [Int], _ voxels: [[Int]: Int], affine: Affine = .identity, type: ElementType = .uint8
    ) throws -> Volume {
        try makeVolume(shape, type, affine: affine) { Double(voxels[[$0, $1, $2]] ?? 0) }
    }

    @Test func voxelsThatShareACornerAreOneComponentAndVoxelsAGapApartAreTwo() throws {
        let middle = [2, 2, 2]
        for k in 0..<5 {
            for j in 0..<5 {
                for i in 0..<5 where [i, j, k] != middle {
                    let regions = try MaskRegions().regions(of: mask([5, 5, 5], [middle: 1, [i, j, k]: 1]))
                    let touches = abs(i - 2) <= 1 && abs(j - 2) <= 1 && abs(k - 2) <= 1
                    #expect(regions.count == (touches ? 1 : 2), "\([i, j, k])")
                }
            }
        }
    }

    @Test func componentsOfRandomMasksAreThoseOfAFloodFill() throws {
        var random = PhantomRandom(seed: 11)
        for density in [0.03, 0.08, 0.15, 0.3] {
            let shape = [13, 11, 9]
            let mask = try makeVolume(shape, .uint8) { _, _, _ in
                random.uniform() < density ? Double(1 + random.next() % 3) : 0
            }
            let values = mask.tensor.floats().map { $0 != 0 }
            let expected = floodFill(values, shape)
            let regions = try MaskRegions(limit: 10_000).regions(of: mask)
            #expect(regions.map { $0.voxels?.count ?? 0 } == expected.map(\.count).sorted(by: >))
            let found = Set(regions.map { indices(of: $0, shape) })
            #expect(found == Set(expected))
        }
    }

    private func indices(of region: Region, _ shape: [Int]) -> Set<Int> {
        Set(
            (region.voxels?.runs ?? []).flatMap { run in
                (run.start..<run.end).map { $0 + shape[0] * (run.j + shape[1] * run.k) }
            })
    }

    /// Components the plain way: from each voxel to its 26 neighbors.
    private func floodFill(_ values: [Bool], _ shape: [Int]) -> [Set<Int>] {
        var left = Set(values.indices.filter { values[$0] })
        var components: [Set<Int>] = []
        while let start = left.first {
            left.remove(start)
            var component: Set<Int> = [start]
            var pending = [start]
            while let index = pending.popLast() {
                let (i, j, k) = (index % shape[0], index / shape[0] % shape[1], index / (shape[0] * shape[1]))
                for dk in -1...1 {
                    for dj in -1...1 {
                        for di in -1...1 {
                            guard 0..<shape[0] ~= i + di, 0..<shape[1] ~= j + dj, 0..<shape[2] ~= k + dk else {
                                continue
                            }
                            let neighbor = i + di + shape[0] * (j + dj + shape[1] * (k + dk))
                            guard left.remove(neighbor) != nil else { continue }
                            component.insert(neighbor)
                            pending.append(neighbor)
                        }
                    }
                }
            }
            components.append(component)
        }
        return components
    }

    @Test func componentsComeLargestFirstAndSmallOnesCanBeLeftOut() throws {
        let voxels = [[0, 0, 0]: 1, [4, 4, 4]: 2, [5, 4, 4]: 1, [9, 9, 9]: 1, [9, 8, 9]: 1, [9, 9, 8]: 1]
        let regions = try MaskRegions().regions(of: mask([10, 10, 10], voxels))
        #expect(regions.map(\.id) == ["component-1", "component-2", "component-3"])
        #expect(regions.map(\.location.volumeMM3) == [3, 2, 1])
        #expect(regions.map(\.label) == [nil, nil, nil])
        #expect(try MaskRegions(minimumVoxels: 2).regions(of: mask([10, 10, 10], voxels)).count == 2)
        #expect(
            try reason { _ = try MaskRegions(minimumVoxels: 4).regions(of: mask([10, 10, 10], voxels)) } == .maskEmpty)
    }

    @Test func eachLabelAskedForIsARegionInTheOrderOfAsking() throws {
        let mask = try mask([10, 4, 4], [[0, 0, 0]: 1, [1, 0, 0]: 2, [2, 0, 0]: 2, [9, 3, 3]: 1, [5, 2, 2]: 4])
        let regions = try MaskRegions().regions(of: mask, labels: [4, 1, 2])
        #expect(regions.map(\.id) == ["label-4", "label-1", "label-2"])
        #expect(regions.map(\.label) == [4, 1, 2])
        #expect(regions.map(\.location.volumeMM3) == [1, 2, 2])
        #expect(regions[1].centroid == Point(4.5, 1.5, 1.5))
        #expect(try reason { _ = try MaskRegions().regions(of: mask, labels: [1, 3]) } == .maskLabelMissing)
    }

    @Test func anEmptyMaskIsRefused() throws {
        let empty = try mask([4, 4, 4], [:])
        #expect(try reason { _ = try MaskRegions().regions(of: empty) } == .maskEmpty)
        #expect(try reason { _ = try MaskRegions().regions(of: empty, labels: [1]) } == .maskEmpty)
    }

    @Test func moreRegionsThanTheLimitAreRefused() throws {
        let dots = try makeVolume([20, 20, 20], .uint8) { ($0 % 2) + ($1 % 2) + ($2 % 2) == 0 ? 1 : 0 }
        #expect(try reason { _ = try MaskRegions(limit: 999).regions(of: dots) } == .tooManyRegions)
        #expect(try MaskRegions(limit: 1000).regions(of: dots).count == 1000)
        #expect(try reason { _ = try MaskRegions(limit: 2).regions(of: dots, labels: [1, 1, 1]) } == .tooManyRegions)
    }

    @Test func imagesAndProbabilitiesAreNoLabelMaps() throws {
        for value in [0.4, -1, 2.01] {
            let image = try mask([3, 3, 3], [:], type: .float32)
            let wrong = try makeVolume(image.shape) { i, _, _ in i == 1 ? value : 0 }
            #expect(try reason { _ = try MaskRegions().regions(of: wrong) } == .imageFormatUnsupported)
        }
        let scaled = try makeVolume([3, 1, 1], .uint8, slope: 0.01) { i, _, _ in Double(i * 100) }
        #expect(try MaskRegions().regions(of: scaled, labels: [1, 2]).count == 2)
        let shifted = try makeVolume([3, 1, 1], .int16, intercept: -5) { i, _, _ in Double(5 + i) }
        #expect(try MaskRegions().regions(of: shifted, labels: [2])[0].centroid.x == 2)
    }

    @Test func aMaskBelongsToTheSeriesWhoseGridItShares() throws {
        let affine = AffineTests.oblique
        var shifted = affine
        shifted.translation.x += 0.2
        var close = affine
        close.translation.x += 0.05
        let series = [
            try makeVolume([5, 5, 5], .uint8) { _, _, _ in 0 },
            try makeVolume([5, 5, 4], affine: affine) { _, _, _ in 0 },
            try makeVolume([5, 5, 5], affine: affine) { _, _, _ in 0 },
        ]
        let regions = MaskRegions()
        #expect(try regions.series(of: mask([5, 5, 5], [:], affine: affine), among: series) == 2)
        #expect(try regions.series(of: mask([5, 5, 5], [:], affine: close), among: series) == 2)
        #expect(
            try reason { _ = try regions.series(of: mask([5, 5, 5], [:], affine: shifted), among: series) }
                == .maskGeometryMismatch)
        #expect(
            try reason { _ = try regions.series(of: mask([6, 5, 5], [:], affine: affine), among: series) }
                == .maskGeometryMismatch)
    }

    @Test func aRegionBecomesAMaskOfItsOwn() throws {
        let whole = try mask([10, 4, 4], [[0, 0, 0]: 1, [1, 0, 0]: 2, [9, 3, 3]: 1], affine: AffineTests.oblique)
        let region = try MaskRegions().regions(of: whole)[1]
        let alone = try #require(region.voxels).mask()
        #expect(alone.hasSameGrid(as: whole, tolerance: 0))
        #expect(alone.tensor.floats().reduce(0, +) == 1)
        #expect(alone.value(9, 3, 3) == 1)
    }
}
