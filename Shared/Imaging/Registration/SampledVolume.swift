internal import Glibc

/// A volume at one level of a registration: block means, as float32, with the place of each block's middle.
final class SampledVolume: @unchecked Sendable {
    /// Unchecked: written in the initializer only.
    let shape: [Int]
    let affine: Affine
    let values: UnsafeMutablePointer<Float>

    /// - Parameters:
    ///   - volume: slope and intercept are applied.
    ///   - spacing: blocks are whole voxels, as many as come closest to this, mm.
    init(_ volume: Volume, spacing: Double) {
        let old = volume.spacing
        let steps = (0..<3).map { max(1, min(Int((spacing / old[$0]).rounded()), volume.shape[$0])) }
        shape = (0..<3).map { volume.shape[$0] / steps[$0] }
        let scale = Point(Double(steps[0]), Double(steps[1]), Double(steps[2]))
        affine = volume.affine.composed(
            with: Affine(spacing: scale, origin: (scale - 1) * 0.5))
        values = .allocate(capacity: shape[0] * shape[1] * shape[2])
        volume.perform(BlockMeans(volume: volume, steps: steps, shape: shape, target: values))
    }

    deinit { values.deallocate() }

    var count: Int { shape[0] * shape[1] * shape[2] }

    /// Trilinear; nil outside the centers of the outermost voxels.
    @inline(__always)
    func value(_ point: Point) -> Float? {
        let i = Int(point.x.rounded(.down))
        let j = Int(point.y.rounded(.down))
        let k = Int(point.z.rounded(.down))
        guard i >= 0, j >= 0, k >= 0, i < shape[0] - 1, j < shape[1] - 1, k < shape[2] - 1 else { return nil }
        let (u, v, w) = (Float(point.x - Double(i)), Float(point.y - Double(j)), Float(point.z - Double(k)))
        let cell = values + (i + shape[0] * (j + shape[1] * k))
        let above = cell + shape[0] * shape[1]
        func mix(_ low: Float, _ high: Float, _ share: Float) -> Float { low + (high - low) * share }
        let a = mix(mix(cell[0], cell[1], u), mix(cell[shape[0]], cell[shape[0] + 1], u), v)
        let b = mix(mix(above[0], above[1], u), mix(above[shape[0]], above[shape[0] + 1], u), v)
        return mix(a, b, w)
    }

    /// The range of the values without their darkest and brightest half percent.
    var robustRange: (lower: Float, upper: Float) {
        let step = max(1, count / 100_000)
        let picked = stride(from: 0, to: count, by: step).map { values[$0] }
        guard let order = OrderStatistics(picked) else { return (0, 1) }
        let (low, high) = (Float(order.percentile(0.5)), Float(order.percentile(99.5)))
        return high > low ? (low, high) : (order.lowest, max(order.highest, order.lowest + 1))
    }
}

private struct BlockMeans: VoxelWork {
    let volume: Volume
    let steps: [Int]
    let shape: [Int]
    let target: UnsafeMutablePointer<Float>

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) {
        nonisolated(unsafe) let source = voxels.baseAddress!
        nonisolated(unsafe) let target = target
        let factor = Float(volume.slope) / Float(steps[0] * steps[1] * steps[2])
        let intercept = Float(volume.intercept)
        let (width, height) = (volume.shape[0], volume.shape[1])
        SliceTeam.perform(shape[2]) { [steps, shape] k in
            let plane = target + shape[0] * shape[1] * k
            for index in 0..<shape[0] * shape[1] { plane[index] = 0 }
            for z in k * steps[2]..<(k + 1) * steps[2] {
                for j in 0..<shape[1] {
                    let out = plane + shape[0] * j
                    for y in j * steps[1]..<(j + 1) * steps[1] {
                        let row = source + width * (y + height * z)
                        for i in 0..<shape[0] {
                            var sum: Float = 0
                            for x in i * steps[0]..<(i + 1) * steps[0] { sum += row[x].stored }
                            out[i] += sum
                        }
                    }
                }
            }
            for index in 0..<shape[0] * shape[1] { plane[index] = plane[index] * factor + intercept }
        }
    }
}
