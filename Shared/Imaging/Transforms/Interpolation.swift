/// How values between voxels are found.
package enum Interpolation: String, Sendable, Codable, CaseIterable {
    /// The voxel whose center is nearest; of two that are equally near, the one of the higher index. For label maps.
    case nearest
    /// Trilinear, for intensities.
    case linear
    /// Cubic B-spline through the voxels (Unser et al., IEEE Trans Signal Process 1993;41:821–848), mirrored at the
    /// centers of the outermost voxels. It can leave the range of the voxels beside sharp edges.
    case cubic
}

/// Where one output axis reads along one input axis: for each output index the first of its taps and their weights.
struct AxisTaps {
    /// Output indices that lie inside the volume: from the outer faces of its first voxels to before those of its last
    /// ones, as SimpleITK counts.
    let inside: Range<Int>
    /// `taps` input indices for each output index; outside the inside range they are anything.
    let indices: [Int32]
    let weights: [Float]
    /// 2 (linear) or 4 (cubic).
    let taps: Int

    /// - Parameters:
    ///   - interpolation: linear or cubic.
    ///   - count: of output indices.
    ///   - extent: of the input axis.
    ///   - start: the input position of output index 0.
    ///   - step: from output index to output index.
    init(_ interpolation: Interpolation, count: Int, extent: Int, start: Double, step: Double) {
        let taps = interpolation == .cubic ? 4 : 2
        var indices = [Int32](repeating: 0, count: count * taps)
        var weights = [Float](repeating: 0, count: count * taps)
        var first = count
        var last = -1
        for index in 0..<count {
            var position = start + step * Double(index)
            guard position >= -0.5, position < Double(extent) - 0.5 else { continue }
            first = min(first, index)
            last = index
            if interpolation == .cubic {
                let cell = Int(position.rounded(.down))
                let values = CubicWeights(Float(position - Double(cell))).lanes
                for tap in 0..<4 {
                    indices[index * 4 + tap] = Int32(Mirror.index(cell - 1 + tap, extent))
                    weights[index * 4 + tap] = values[tap]
                }
            } else {
                position = min(max(position, 0), Double(extent - 1))
                let cell = min(Int(position), max(extent - 2, 0))
                let fraction = Float(position - Double(cell))
                indices[index * 2] = Int32(cell)
                indices[index * 2 + 1] = Int32(min(cell + 1, extent - 1))
                weights[index * 2] = 1 - fraction
                weights[index * 2 + 1] = fraction
            }
        }
        inside = first <= last ? first..<last + 1 : 0..<0
        self.indices = indices
        self.weights = weights
        self.taps = taps
    }
}

/// Indices beyond an axis' ends, reflected at the outermost voxels (not repeated): … 2 1 | 0 1 2 … n−1 | n−2 ….
enum Mirror {
    @inline(__always)
    static func index(_ index: Int, _ extent: Int) -> Int {
        if 0..<extent ~= index { return index }
        guard extent > 1 else { return 0 }
        let period = 2 * (extent - 1)
        var folded = index % period
        if folded < 0 { folded += period }
        return folded < extent ? folded : period - folded
    }
}

/// The four weights of a cubic B-spline at a fraction 0…1 after the second of its taps.
struct CubicWeights {
    let lanes: SIMD4<Float>

    @inline(__always)
    init(_ u: Float) {
        let v = 1 - u
        let first = v * v * v * (1 / 6)
        let last = u * u * u * (1 / 6)
        let second = (2 as Float) / 3 - 0.5 * u * u * (2 - u)
        lanes = SIMD4(first, second, 1 - first - second - last, last)
    }
}
