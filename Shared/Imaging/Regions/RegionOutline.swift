/// The points on a region's surface that can be furthest apart.
///
/// The surface is where marching cubes puts it for a binary mask: through the middles of the faces between a voxel
/// inside and one outside. Distances between those points neither add half a voxel at each end (as voxel corners do)
/// nor lose it (as voxel centers do). Coordinates are doubled voxel indices, so that the middles of faces are whole
/// numbers.
enum RegionOutline {
    typealias Vertex = SIMD3<Int32>

    /// The vertices of the surface's convex hull, with few others: enough for the largest distance, exactly.
    ///
    /// For a run, the middles of its two end faces and of the side faces of its first and last voxel do: the side faces
    /// between those lie on a line between them, and a side that touches another voxel lies between points of both.
    static func vertices(of runs: [MaskRun]) -> [Vertex] {
        var points: [Vertex] = []
        points.reserveCapacity(runs.count * 10)
        for run in runs {
            let (first, last) = (Int32(2 * run.start), Int32(2 * (run.end - 1)))
            let (j, k) = (Int32(2 * run.j), Int32(2 * run.k))
            points.append(Vertex(first - 1, j, k))
            points.append(Vertex(last + 1, j, k))
            for i in first == last ? [first] : [first, last] {
                points.append(Vertex(i, j - 1, k))
                points.append(Vertex(i, j + 1, k))
                points.append(Vertex(i, j, k - 1))
                points.append(Vertex(i, j, k + 1))
            }
        }
        // A vertex of the whole hull is a vertex of the flat hull of every plane through it.
        return reduced(reduced(points, along: 2), along: 1)
    }

    /// The outlines of the slices across one axis: for each slice the vertices of its flat convex hull.
    static func slices(of runs: [MaskRun], across axis: Int) -> [Int: [Vertex]] {
        var slices: [Int: [Vertex]] = [:]
        for run in runs {
            let (j, k) = (Int32(2 * run.j), Int32(2 * run.k))
            guard axis != 0 else {
                for i in run.start..<run.end {
                    let i2 = Int32(2 * i)
                    slices[i, default: []] += [
                        Vertex(i2, j - 1, k), Vertex(i2, j + 1, k), Vertex(i2, j, k - 1), Vertex(i2, j, k + 1),
                    ]
                }
                continue
            }
            let (first, last) = (Int32(2 * run.start), Int32(2 * (run.end - 1)))
            var points = [Vertex(first - 1, j, k), Vertex(last + 1, j, k)]
            for i in first == last ? [first] : [first, last] {
                if axis == 2 {
                    points += [Vertex(i, j - 1, k), Vertex(i, j + 1, k)]
                } else {
                    points += [Vertex(i, j, k - 1), Vertex(i, j, k + 1)]
                }
            }
            slices[axis == 1 ? run.j : run.k, default: []] += points
        }
        return slices.mapValues { hull($0, across: axis) }
    }

    private static func reduced(_ points: [Vertex], along axis: Int) -> [Vertex] {
        var planes: [Int32: [Vertex]] = [:]
        for point in points { planes[point[axis], default: []].append(point) }
        return planes.keys.sorted().flatMap { hull(planes[$0] ?? [], across: axis) }
    }

    /// Andrew's monotone chain over points of one plane.
    static func hull(_ points: [Vertex], across axis: Int) -> [Vertex] {
        let (u, v) = axis == 0 ? (1, 2) : axis == 1 ? (0, 2) : (0, 1)
        let sorted = points.sorted { $0[u] != $1[u] ? $0[u] < $1[u] : $0[v] < $1[v] }
        guard sorted.count > 2 else { return sorted }

        func turnsLeft(_ a: Vertex, _ b: Vertex, _ c: Vertex) -> Bool {
            let first = Int64(b[u] - a[u]) * Int64(c[v] - a[v])
            let second = Int64(b[v] - a[v]) * Int64(c[u] - a[u])
            return first > second
        }
        func chain(_ points: some Sequence<Vertex>) -> [Vertex] {
            var chain: [Vertex] = []
            for point in points {
                while chain.count >= 2, !turnsLeft(chain[chain.count - 2], chain[chain.count - 1], point) {
                    chain.removeLast()
                }
                chain.append(point)
            }
            return chain
        }
        return Array((chain(sorted).dropLast() + chain(sorted.reversed()).dropLast()))
    }
}
