internal import Glibc

/// How much two volumes tell about each other under a motion: normalized mutual information (Studholme, Hill, Hawkes,
/// Pattern Recognit 1999;32:71–86), which does not reward mere overlap, from a joint histogram with cubic B-spline
/// windows along the moving volume's axis (Mattes et al., IEEE Trans Med Imaging 2003;22:120–128).
struct MutualInformation: Sendable {
    static let bins = 32
    /// Bins are padded so that no window leaves the histogram.
    private static let stride = bins + 4

    private struct Sample: Sendable {
        let place: Point
        let bin: Int32
    }

    private let samples: [Sample]
    private let moving: SampledVolume
    private let fromWorld: Affine
    private let lowest: Float
    private let scale: Float
    /// Fewer samples than this share inside the moving volume are no overlap.
    private static let leastOverlap = 0.2

    /// - Parameters:
    ///   - fixed: the volume that stays.
    ///   - moving: the volume that is to be found in it.
    ///   - target: about how many places of the fixed volume are looked at; they are off the grid by a seeded jitter,
    ///     because equal grids make mutual information ripple.
    /// - Throws: `affine-invalid`.
    init(fixed: SampledVolume, moving: SampledVolume, target: Int) throws(ImagingError) {
        self.moving = moving
        fromWorld = try moving.affine.inverted(subject: "moving")
        let range = moving.robustRange
        lowest = range.lower
        scale = Float(Self.bins - 1) / (range.upper - range.lower)
        let fixedRange = fixed.robustRange
        let fixedScale = Float(Self.bins - 1) / (fixedRange.upper - fixedRange.lower)
        let step = max(1, Int(cbrt(Double(fixed.count) / Double(target)).rounded()))
        var random = PhantomRandom(seed: 20_100_713)
        var samples: [Sample] = []
        for k in Swift.stride(from: 0, to: max(1, fixed.shape[2] - 1), by: min(step, max(1, fixed.shape[2] / 8))) {
            for j in Swift.stride(from: 0, to: fixed.shape[1] - 1, by: step) {
                for i in Swift.stride(from: 0, to: fixed.shape[0] - 1, by: step) {
                    let jitter = Point(random.uniform(), random.uniform(), random.uniform()) * Double(step)
                    let index = Point(Double(i), Double(j), Double(k)) + jitter
                    guard let value = fixed.value(index) else { continue }
                    let bin = min(max((value - fixedRange.lower) * fixedScale, 0), Float(Self.bins - 1))
                    samples.append(Sample(place: fixed.affine.apply(index), bin: Int32(bin.rounded())))
                }
            }
        }
        self.samples = samples
    }

    /// 1 (nothing in common) to 2 (the same); -1 where the volumes hardly overlap.
    func value(_ motion: RigidMotion) -> Double {
        let map = fromWorld.composed(with: motion.affine)
        let size = Self.bins * Self.stride
        let parts = 4
        var joint = [Float](repeating: 0, count: size * parts)
        joint.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let joint = buffer.baseAddress!
            SliceTeam.perform(parts) { part in
                let target = joint + part * size
                samples.withUnsafeBufferPointer { samples in
                    for index in part * samples.count / parts..<(part + 1) * samples.count / parts {
                        guard let value = moving.value(map.apply(samples[index].place)) else { continue }
                        let position = min(max((value - lowest) * scale, 0), Float(Self.bins - 1))
                        let bin = Int(position)
                        let weights = CubicWeights(position - Float(bin)).lanes
                        let row = target + (Int(samples[index].bin) * Self.stride + bin)
                        for tap in 0..<4 { row[tap] += weights[tap] }
                    }
                }
            }
        }
        return Self.normalized(joint, parts: parts, size: size, samples: samples.count)
    }

    private static func normalized(_ joint: [Float], parts: Int, size: Int, samples: Int) -> Double {
        var fixed = [Double](repeating: 0, count: bins)
        var moving = [Double](repeating: 0, count: stride)
        var total = 0.0
        var sum = 0.0
        for row in 0..<bins {
            for column in 0..<stride {
                let index = row * stride + column
                let value = (0..<parts).reduce(0.0) { $0 + Double(joint[$1 * size + index]) }
                guard value > 0 else { continue }
                fixed[row] += value
                moving[column] += value
                total += value
                sum += value * log(value)
            }
        }
        guard total > leastOverlap * Double(samples), total > 100 else { return -1 }
        func entropy(_ sum: Double) -> Double { log(total) - sum / total }
        let joined = entropy(sum)
        guard joined > 1e-9 else { return 1 }
        let parts = [fixed, moving].map { entropy($0.reduce(0.0) { $0 + ($1 > 0 ? $1 * log($1) : 0) }) }
        return (parts[0] + parts[1]) / joined
    }
}
