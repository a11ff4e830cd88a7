/// A region's outline in a view, as straight pieces between pixel middles.
struct OutlineSegments {
    let segments: [(SIMD2<Double>, SIMD2<Double>)]

    /// The line at which a region's mask, linear between its voxels, is one half (marching squares); of a region
    /// without voxels, the edges of its box.
    init(_ region: Region, _ view: SliceView, width: Int, height: Int) {
        guard let voxels = region.voxels, let mask = voxels.block else {
            segments = Self.box(region, view, width, height)
            return
        }
        var samples = ViewSamples(mask, view, width: width, height: height).values
        for index in samples.indices where samples[index].isNaN { samples[index] = 0 }
        segments = Self.level(samples, width, height)
    }

    private static func level(_ values: [Float], _ width: Int, _ height: Int) -> [(SIMD2<Double>, SIMD2<Double>)] {
        var segments: [(SIMD2<Double>, SIMD2<Double>)] = []
        for y in 0..<height - 1 {
            for x in 0..<width - 1 {
                let corners = [
                    values[y * width + x], values[y * width + x + 1], values[(y + 1) * width + x + 1],
                    values[(y + 1) * width + x],
                ]
                let isIn = corners.map { $0 >= 0.5 }
                guard isIn.contains(true), isIn.contains(false) else { continue }
                let places = [SIMD2(0.0, 0), SIMD2(1.0, 0), SIMD2(1.0, 1), SIMD2(0.0, 1)]
                var crossings: [SIMD2<Double>] = []
                for edge in 0..<4 {
                    let next = (edge + 1) % 4
                    guard isIn[edge] != isIn[next] else { continue }
                    let share = Double((0.5 - corners[edge]) / (corners[next] - corners[edge]))
                    crossings.append(
                        places[edge] + (places[next] - places[edge]) * share + SIMD2(Double(x), Double(y)))
                }
                for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                    segments.append((crossings[pair], crossings[pair + 1]))
                }
            }
        }
        return segments
    }

    /// Where the view's plane cuts the box, drawn when it does.
    private static func box(
        _ region: Region, _ view: SliceView, _ width: Int, _ height: Int
    ) -> [(SIMD2<Double>, SIMD2<Double>)] {
        let pixel = view.extent.x / Double(width)
        let middle = SIMD2(Double(width - 1) / 2, Double(height - 1) / 2)
        let corners = WorldBox.corners(
            [region.minimum.x, region.minimum.y, region.minimum.z],
            [region.maximum.x, region.maximum.y, region.maximum.z])
        let normal = view.right.cross(view.down)
        let depths = corners.map { ($0 - view.center).dot(normal) }
        var points: [SIMD2<Double>] = []
        for first in corners.indices {
            // Corners whose numbers differ in one bit share an edge.
            for bit in [1, 2, 4] where first & bit == 0 {
                let second = first | bit
                guard depths[first] * depths[second] <= 0, depths[first] != depths[second] else { continue }
                let share = depths[first] / (depths[first] - depths[second])
                let place = corners[first] + (corners[second] - corners[first]) * share - view.center
                points.append(middle + SIMD2(place.dot(view.right), place.dot(view.down)) / pixel)
            }
        }
        guard points.count >= 3 else { return [] }
        let center = points.reduce(SIMD2<Double>.zero, +) / Double(points.count)
        let around = points.sorted { angle($0 - center) < angle($1 - center) }
        return around.indices.map { (around[$0], around[($0 + 1) % around.count]) }
    }

    /// Grows with the angle; only the order counts.
    private static func angle(_ d: SIMD2<Double>) -> Double {
        let size = abs(d.x) + abs(d.y)
        guard size > 0 else { return 0 }
        return d.y >= 0 ? 1 - d.x / size : 3 + d.x / size
    }
}

extension RegionVoxels {
    /// A mask of the region's own box of voxels, one voxel larger on every side.
    fileprivate var block: Volume? {
        guard let first = runs.first else { return nil }
        var low = [first.start, first.j, first.k]
        var high = [first.end, first.j, first.k]
        for run in runs {
            low = [min(low[0], run.start), min(low[1], run.j), min(low[2], run.k)]
            high = [max(high[0], run.end), max(high[1], run.j), max(high[2], run.k)]
        }
        low = low.map { $0 - 1 }
        let size = [high[0] - low[0] + 1, high[1] - low[1] + 2, high[2] - low[2] + 2]
        let moved = runs.map {
            MaskRun(start: $0.start - low[0], end: $0.end - low[0], j: $0.j - low[1], k: $0.k - low[2], label: 1)
        }
        var grid = affine
        grid.translation = affine.apply(Point(Double(low[0]), Double(low[1]), Double(low[2])))
        return try? RegionVoxels(runs: moved, shape: size, affine: grid).mask()
    }
}
