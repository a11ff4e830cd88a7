/// Fills one channel of a patch with a volume's stored values (slope and intercept come later).
struct PatchWork: VoxelWork {
    /// Sample (x, y, z) to voxel index (i, j, k).
    let map: Affine
    /// Voxels along i, j, k.
    let volumeShape: [Int]
    /// Samples along x, y, z.
    let size: [Int]
    /// Linear or nearest.
    let interpolation: Interpolation
    /// What stands outside the volume; nil for the nearest voxel's value.
    let outsideValue: Float?
    /// x fastest, then y, then z.
    let samples: UnsafeMutableBufferPointer<Float>
    /// Which z are sampled.
    let slices: Range<Int>

    /// - Returns: how many samples lie inside the volume.
    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> Int {
        let sampler = VoxelSampler(voxels: voxels.baseAddress!, shape: volumeShape, outsideValue: outsideValue)
        let step = map.first
        var inside = 0
        var row = samples.baseAddress! + slices.lowerBound * size[0] * size[1]
        for z in slices {
            for y in 0..<size[1] {
                let start = map.apply(Point(0, Double(y), Double(z)))
                switch interpolation {
                case .linear, .cubic: inside += sampler.linearRow(row, count: size[0], start: start, step: step)
                case .nearest: inside += sampler.nearestRow(row, count: size[0], start: start, step: step)
                }
                row += size[0]
            }
        }
        return inside
    }
}

/// Reads a volume between its voxels, a row of samples at a time.
struct VoxelSampler<Element: VoxelElement> {
    let voxels: UnsafePointer<Element>
    private let extents: (Int, Int, Int)
    private let jStride: Int
    private let kStride: Int
    /// The centers of the outermost voxels.
    private let last: Point
    private let outsideValue: Float?
    /// Rounding of the composed affine must not turn a sample on a face into one outside.
    private static var faceTolerance: Double { 1e-6 }

    init(voxels: UnsafePointer<Element>, shape: [Int], outsideValue: Float?) {
        self.voxels = voxels
        extents = (shape[0], shape[1], shape[2])
        jStride = shape[0]
        kStride = shape[0] * shape[1]
        last = Point(Double(shape[0] - 1), Double(shape[1] - 1), Double(shape[2] - 1))
        self.outsideValue = outsideValue
    }

    /// Trilinear samples at `start + x · step`, x from 0 below `count`; returns how many lie inside the volume.
    func linearRow(_ row: UnsafeMutablePointer<Float>, count: Int, start: Point, step: Point) -> Int {
        let interior = interiorRange(count: count, start: start, step: step)
        var inside = interior.count
        for x in 0..<interior.lowerBound { inside += linear(at: start + step * Double(x), into: row + x) }
        for x in interior {
            let point = start + step * Double(x)
            let i = Int(point.x)
            let j = Int(point.y)
            let k = Int(point.z)
            let cell = voxels + (i &+ j &* jStride &+ k &* kStride)
            row[x] = interpolate(
                cell, 1, jStride, kStride, Float(point.x - Double(i)), Float(point.y - Double(j)),
                Float(point.z - Double(k)))
        }
        for x in interior.upperBound..<count { inside += linear(at: start + step * Double(x), into: row + x) }
        return inside
    }

    /// The samples of a row that have all eight neighbors: there nothing needs to be asked per sample.
    private func interiorRange(count: Int, start: Point, step: Point) -> Range<Int> {
        var lower = 0.0
        var upper = Double(count - 1)
        for axis in 0..<3 {
            if step[axis] == 0 {
                guard start[axis] >= 0, start[axis] < last[axis] else { return 0..<0 }
            } else {
                let first = (0 - start[axis]) / step[axis]
                let second = (last[axis] - start[axis]) / step[axis]
                lower = max(lower, min(first, second))
                upper = min(upper, max(first, second))
            }
        }
        guard lower <= upper else { return 0..<0 }
        var from = Int(lower.rounded(.up))
        var through = Int(upper.rounded(.down))
        // The division was rounded: the ends are asked again, and all between them lies between.
        while from <= through, !isInterior(start + step * Double(from)) { from += 1 }
        while through >= from, !isInterior(start + step * Double(through)) { through -= 1 }
        return from <= through ? from..<through + 1 : 0..<0
    }

    @inline(__always)
    private func isInterior(_ point: Point) -> Bool {
        point.x >= 0 && point.y >= 0 && point.z >= 0 && point.x < last.x && point.y < last.y && point.z < last.z
    }

    @inline(__always)
    private func interpolate(
        _ cell: UnsafePointer<Element>, _ iStep: Int, _ jStep: Int, _ kStep: Int, _ u: Float, _ v: Float, _ w: Float
    ) -> Float {
        let upper = cell + kStep
        let a = mix(cell[0].stored, cell[iStep].stored, u)
        let b = mix(cell[jStep].stored, cell[jStep &+ iStep].stored, u)
        let c = mix(upper[0].stored, upper[iStep].stored, u)
        let d = mix(upper[jStep].stored, upper[jStep &+ iStep].stored, u)
        return mix(mix(a, b, v), mix(c, d, v), w)
    }

    @inline(__always)
    private func mix(_ low: Float, _ high: Float, _ weight: Float) -> Float { low + (high - low) * weight }

    /// One sample anywhere; returns 1 where it lies inside the volume, else 0.
    private func linear(at point: Point, into target: UnsafeMutablePointer<Float>) -> Int {
        let isInside = contains(point)
        if !isInside, let outsideValue {
            target.pointee = outsideValue
            return 0
        }
        let clamped = point.clamped(lowerBound: Point.zero, upperBound: last)
        let i = Int(clamped.x)
        let j = Int(clamped.y)
        let k = Int(clamped.z)
        let cell = voxels + (i + j * jStride + k * kStride)
        target.pointee = interpolate(
            cell, i + 1 < extents.0 ? 1 : 0, j + 1 < extents.1 ? jStride : 0, k + 1 < extents.2 ? kStride : 0,
            Float(clamped.x - Double(i)), Float(clamped.y - Double(j)), Float(clamped.z - Double(k)))
        return isInside ? 1 : 0
    }

    /// Nearest voxels at `start + x · step`; returns how many samples lie inside the volume.
    func nearestRow(_ row: UnsafeMutablePointer<Float>, count: Int, start: Point, step: Point) -> Int {
        var inside = 0
        for x in 0..<count {
            let point = start + step * Double(x)
            let isInside = contains(point)
            if !isInside, let outsideValue {
                row[x] = outsideValue
                continue
            }
            let nearest = (point + 0.5).rounded(.down).clamped(lowerBound: Point.zero, upperBound: last)
            row[x] = voxels[Int(nearest.x) + Int(nearest.y) * jStride + Int(nearest.z) * kStride].stored
            inside += isInside ? 1 : 0
        }
        return inside
    }

    /// Whether a point lies within the outer faces of the outermost voxels.
    @inline(__always)
    private func contains(_ point: Point) -> Bool {
        let low = -0.5 - Self.faceTolerance
        let margin = 0.5 + Self.faceTolerance
        return point.x >= low && point.y >= low && point.z >= low
            && point.x <= last.x + margin && point.y <= last.y + margin && point.z <= last.z + margin
    }
}
