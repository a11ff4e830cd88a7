import Contracts

/// How long and how wide a region is.
enum RegionDiameters {
    /// The largest distance in mm between two points of the surface.
    static func longest(_ voxels: RegionVoxels) -> Double {
        farthest(world(RegionOutline.vertices(of: voxels.runs), voxels.affine))?.distance ?? 0
    }

    /// The short axis in mm, see `axial`.
    static func shortAxis(_ voxels: RegionVoxels) -> Double { axial(voxels).short }

    /// Longest diameter and short axis in mm as node and lesion guidelines measure them: in the slice (of those closest
    /// to axial) in which the region is longest, its longest diameter and its longest chord at right angles to that.
    /// Hollows of the outline are spanned.
    static func axial(_ voxels: RegionVoxels) -> (longest: Double, short: Double) {
        let axis = Orientation(voxels.affine).sliceAxis(of: .axial)
        let outlines = RegionOutline.slices(of: voxels.runs, across: axis)
        var best: (distance: Double, chord: Double) = (-1, 0)
        let columns = [voxels.affine.first, voxels.affine.second, voxels.affine.third]
        let inPlane = (0..<3).filter { $0 != axis }.map { columns[$0] }
        let normal = inPlane[0].cross(inPlane[1])
        for slice in outlines.keys.sorted() {
            let outline = world(outlines[slice] ?? [], voxels.affine)
            guard let (distance, first, second) = farthest(outline), distance > best.distance * (1 + 1e-9) else {
                continue
            }
            let along = outline[second] - outline[first]
            best = (distance, longestChord(of: outline, along: normal.cross(along), stepping: along))
        }
        return (max(0, best.distance), best.chord)
    }

    /// The longest chord of a flat convex outline in one direction.
    ///
    /// Across a convex outline the chords' length is a concave function, linear from vertex to vertex: the longest
    /// chord goes through a vertex.
    private static func longestChord(of outline: [Point], along direction: Point, stepping: Point) -> Double {
        let unit = direction / max(direction.length, .leastNormalMagnitude)
        let places = outline.map { (step: $0.dot(stepping), height: $0.dot(unit)) }
        var longest = 0.0
        for place in places {
            var low = place.height
            var high = place.height
            for index in places.indices {
                let (from, to) = (places[index], places[(index + 1) % places.count])
                guard from.step != to.step, min(from.step, to.step) <= place.step,
                    max(from.step, to.step) >= place.step
                else { continue }
                let share = (place.step - from.step) / (to.step - from.step)
                let height = from.height + (to.height - from.height) * share
                low = min(low, height)
                high = max(high, height)
            }
            longest = max(longest, high - low)
        }
        return longest
    }

    private static func world(_ vertices: [RegionOutline.Vertex], _ affine: Affine) -> [Point] {
        vertices.map { affine.apply(Point(Double($0.x), Double($0.y), Double($0.z)) * 0.5) }
    }

    /// The two points that lie furthest apart, exactly: pairs are tried from the outermost points inward, until no pair
    /// that is left can be longer (two points are no further apart than the sum of their distances from the middle).
    static func farthest(_ points: [Point]) -> (distance: Double, first: Int, second: Int)? {
        guard points.count > 1 else { return nil }
        let middle = points.reduce(Point.zero, +) / Double(points.count)
        let radii = points.map { ($0 - middle).length }
        let order = points.indices.sorted { radii[$0] != radii[$1] ? radii[$0] > radii[$1] : $0 < $1 }
        let largestRadius = radii[order[0]]
        var best = (distance: -1.0, first: 0, second: 0)
        for (rank, first) in order.enumerated() {
            if largestRadius + radii[first] < best.distance { break }
            for second in order[..<rank] {
                if radii[second] + radii[first] < best.distance { break }
                let distance = (points[first] - points[second]).length
                if distance > best.distance { best = (distance, second, first) }
            }
        }
        return best
    }
}
