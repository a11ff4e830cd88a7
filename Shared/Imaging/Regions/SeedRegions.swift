package import Contracts

/// Grows regions from points.
///
/// Confidence-connected growing (as ITK's filter of that name does): the voxels that hang together with the seed, face
/// to face, and whose values lie within `multiplier` standard deviations of the mean of what was found so far; first
/// of the seed's neighborhood, then of the region, `iterations` times. It never leaves a ball around the seed.
package struct SeedRegions: Sendable {
    /// Half width of the first neighborhood, voxels.
    package let radius: Int
    package let multiplier: Double
    package let iterations: Int
    /// More seeds than this are refused.
    package let limit: Int
    package static let defaultReach = 30.0
    /// A region that fills this share of its ball has run out into what is around it.
    private static let runawayShare = 0.5

    package init(radius: Int = 1, multiplier: Double = 2.5, iterations: Int = 4, limit: Int = 256) {
        self.radius = radius
        self.multiplier = multiplier
        self.iterations = iterations
        self.limit = limit
    }

    /// One region a seed, in their order.
    ///
    /// - Throws: `seed-invalid` for a point outside its series and for a region that runs away, `too-many-regions`.
    package func regions(of seeds: [RegionSeed], in series: [Volume]) throws(ImagingError) -> [Region] {
        guard seeds.count <= limit else {
            throw ImagingError(
                .tooManyRegions, subject: "seeds", "expected at most \(limit) seeds, found \(seeds.count)")
        }
        var regions: [Region] = []
        for (index, seed) in seeds.enumerated() {
            let subject = "seed \(index + 1)"
            guard seed.point.count == 3, seed.point.allSatisfy({ abs($0) <= 1e6 }),
                series.indices.contains(seed.series ?? 0)
            else {
                throw ImagingError(.seedInvalid, subject: subject, "expected three numbers and the index of a series")
            }
            let volume = series[seed.series ?? 0]
            let point = Point(seed.point[0], seed.point[1], seed.point[2])
            let voxel = seed.frame == .voxel ? point : try volume.affine.inverted(subject: subject).apply(point)
            let voxels = try grow(
                from: voxel, reach: seed.radiusMM ?? Self.defaultReach, in: volume, subject: subject)
            regions.append(Region(id: seed.id ?? "seed-\(index + 1)", label: nil, voxels: voxels))
        }
        return regions
    }

    private func grow(
        from point: Point, reach: Double, in volume: Volume, subject: String
    ) throws(ImagingError) -> RegionVoxels {
        let seed = (0..<3).map { Int(point[$0].rounded()) }
        guard (0..<3).allSatisfy({ 0..<volume.shape[$0] ~= seed[$0] }) else {
            throw ImagingError(
                .seedInvalid, subject: subject,
                "expected a point inside its series, found voxel \(seed) of \(volume.shape); check its frame (world is "
                    + "RAS+ mm) and its series")
        }
        let work = GrowRegion(
            shape: volume.shape, affine: volume.affine, seed: seed, reach: reach, radius: radius,
            multiplier: multiplier, iterations: iterations)
        let (runs, ball) = volume.perform(work)
        let count = runs.reduce(0) { $0 + $1.count }
        guard Double(count) <= Self.runawayShare * Double(max(ball, 16)) else {
            throw ImagingError(
                .seedInvalid, subject: subject,
                "expected a region that ends within \(reach) mm of the seed, found one that fills "
                    + "\(100 * count / max(ball, 1)) % of that ball; send a box or a mask")
        }
        return RegionVoxels(runs: runs, shape: volume.shape, affine: volume.affine)
    }
}

/// Grows within the smallest box of voxels around the ball.
private struct GrowRegion: VoxelWork {
    let shape: [Int]
    let affine: Affine
    let seed: [Int]
    let reach: Double
    let radius: Int
    let multiplier: Double
    let iterations: Int

    /// - Returns: the region's runs in file order, and how many voxels the ball has.
    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> (runs: [MaskRun], ball: Int) {
        let spacing = affine.spacing
        // Voxels may be sheared a little against their axes, hence one more on each side.
        let low = (0..<3).map { max(0, seed[$0] - Int(reach / spacing[$0]) - 1) }
        let high = (0..<3).map { min(shape[$0] - 1, seed[$0] + Int(reach / spacing[$0]) + 1) }
        let size = (0..<3).map { high[$0] - low[$0] + 1 }
        let strides = [1, size[0], size[0] * size[1]]
        var values = [Float](repeating: 0, count: size[0] * size[1] * size[2])
        var isInBall = [Bool](repeating: false, count: values.count)
        var ball = 0
        for k in 0..<size[2] {
            for j in 0..<size[1] {
                for i in 0..<size[0] {
                    let index = i + strides[1] * j + strides[2] * k
                    values[index] = voxels[i + low[0] + shape[0] * (j + low[1] + shape[1] * (k + low[2]))].stored
                    let offset = Point(
                        Double(i + low[0] - seed[0]), Double(j + low[1] - seed[1]), Double(k + low[2] - seed[2]))
                    isInBall[index] = affine.applyLinear(offset).length <= reach
                    ball += isInBall[index] ? 1 : 0
                }
            }
        }
        let start = (0..<3).reduce(0) { $0 + (seed[$1] - low[$1]) * strides[$1] }
        var members = neighborhood(size, strides, low)
        for _ in 0...iterations {
            let (mean, deviation) = IntensityStatistics.moments(members.map { values[$0] })
            let band = multiplier * max(deviation, 1e-6 * abs(mean))
            let lowest = min(Float(mean - band), values[start])
            let highest = max(Float(mean + band), values[start])
            members = filled(from: start, size, strides) {
                isInBall[$0] && values[$0] >= lowest && values[$0] <= highest
            }
        }
        return (runs(members.sorted(), size, low), ball)
    }

    private func neighborhood(_ size: [Int], _ strides: [Int], _ low: [Int]) -> [Int] {
        let ranges = (0..<3).map {
            max(0, seed[$0] - low[$0] - radius)...min(size[$0] - 1, seed[$0] - low[$0] + radius)
        }
        return ranges[2].flatMap { k in
            ranges[1].flatMap { j in ranges[0].map { $0 + strides[1] * j + strides[2] * k } }
        }
    }

    private func filled(
        from start: Int, _ size: [Int], _ strides: [Int], _ belongs: (Int) -> Bool
    ) -> [Int] {
        var isSeen = [Bool](repeating: false, count: size[0] * size[1] * size[2])
        isSeen[start] = true
        var members = [start]
        var next = 0
        while next < members.count {
            let index = members[next]
            next += 1
            let place = [index % size[0], index / strides[1] % size[1], index / strides[2]]
            for axis in 0..<3 {
                for step in [-1, 1] where 0..<size[axis] ~= place[axis] + step {
                    let other = index + step * strides[axis]
                    guard !isSeen[other], belongs(other) else { continue }
                    isSeen[other] = true
                    members.append(other)
                }
            }
        }
        return members
    }

    private func runs(_ sorted: [Int], _ size: [Int], _ low: [Int]) -> [MaskRun] {
        var runs: [MaskRun] = []
        for index in sorted {
            let i = index % size[0] + low[0]
            let j = index / size[0] % size[1] + low[1]
            let k = index / (size[0] * size[1]) + low[2]
            if let last = runs.last, last.end == i, last.j == j, last.k == k {
                runs[runs.count - 1] = MaskRun(start: last.start, end: i + 1, j: j, k: k, label: 1)
            } else {
                runs.append(MaskRun(start: i, end: i + 1, j: j, k: k, label: 1))
            }
        }
        return runs
    }
}
