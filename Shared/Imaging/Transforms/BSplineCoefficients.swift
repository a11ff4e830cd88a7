internal import Glibc

/// The cubic B-spline that runs through the voxels of a volume, or of a box in it, as coefficients.
///
/// Recursive filters along the three axes (Unser 1993), mirrored at the centers of the outermost voxels, as SimpleITK and
/// SciPy (`mode="mirror"`) do. Where the box ends inside the volume, the mirror is not the truth; its influence falls by
/// 0.268 a voxel, so `margin` voxels around what is sampled make it vanish.
final class BSplineCoefficients {
    /// 0.268¹² is 1.4e-7.
    static let margin = 12
    private static let pole: Float = -0.26794919243112270647

    /// Extents of the whole volume.
    let volumeShape: [Int]
    /// First voxel and extents of the box.
    let origin: [Int]
    let shape: [Int]
    let values: UnsafeMutablePointer<Float>

    /// - Parameters:
    ///   - volume: its stored values are taken; slope and intercept come later.
    ///   - box: the voxels that are sampled, along i, j, k; nil for all.
    init(_ volume: Volume, box: [ClosedRange<Int>]? = nil) {
        volumeShape = volume.shape
        let ranges = (0..<3).map { axis -> ClosedRange<Int> in
            let last = volume.shape[axis] - 1
            guard let box else { return 0...last }
            let low = min(max(box[axis].lowerBound - Self.margin, 0), last)
            return low...min(max(box[axis].upperBound + Self.margin, low), last)
        }
        origin = ranges.map(\.lowerBound)
        shape = ranges.map(\.count)
        values = .allocate(capacity: shape[0] * shape[1] * shape[2])
        volume.perform(BoxCopy(volumeShape: volume.shape, origin: origin, shape: shape, target: values))
        filter()
    }

    deinit { values.deallocate() }

    private func filter() {
        let (width, height, depth) = (shape[0], shape[1], shape[2])
        nonisolated(unsafe) let values = values
        if width > 1 {
            SliceTeam.performParts(height * depth) { rows in
                withUnsafeTemporaryAllocation(of: SIMD4<Float>.self, capacity: width) { lanes in
                    var row = rows.lowerBound
                    while row < rows.upperBound {
                        Self.filterRows(values + row * width, min(4, rows.upperBound - row), width, lanes)
                        row += 4
                    }
                }
            }
        }
        if height > 1 {
            SliceTeam.perform(depth) { Self.filterLines(values + $0 * width * height, width, height, width) }
        }
        if depth > 1 {
            SliceTeam.perform(height) { Self.filterLines(values + $0 * width, width, depth, width * height) }
        }
    }

    /// How far the causal filter looks ahead for its first value; beyond, the pole's power is below 1e-10.
    private static let horizon = 18

    /// Up to four rows at once, one in each lane.
    private static func filterRows(
        _ first: UnsafeMutablePointer<Float>, _ rows: Int, _ count: Int,
        _ lanes: UnsafeMutableBufferPointer<SIMD4<Float>>
    ) {
        let others = (0..<4).map { first + min($0, rows - 1) * count }
        let (a, b, c, d) = (others[0], others[1], others[2], others[3])
        for index in 0..<count { lanes[index] = SIMD4(a[index], b[index], c[index], d[index]) }
        var power = pole
        var sum = lanes[0]
        let end = min(horizon, count)
        if horizon < count {
            for index in 1..<end {
                sum += lanes[index] * power
                power *= pole
            }
        } else {
            sum = exactStart(count) { lanes[$0] }
        }
        lanes[0] = sum
        for index in 1..<count { lanes[index] += lanes[index - 1] * pole }
        lanes[count - 1] = (lanes[count - 2] * pole + lanes[count - 1]) * (pole / (pole * pole - 1))
        for index in stride(from: count - 2, through: 0, by: -1) {
            lanes[index] = (lanes[index + 1] - lanes[index]) * pole
        }
        for index in 0..<count {
            let value = lanes[index] * 6
            a[index] = value.x
            if rows > 1 { b[index] = value.y }
            if rows > 2 { c[index] = value.z }
            if rows > 3 { d[index] = value.w }
        }
    }

    /// The first causal value for short axes: the whole mirrored sum.
    private static func exactStart(_ count: Int, _ value: (Int) -> SIMD4<Float>) -> SIMD4<Float> {
        var power = pole
        let inverse = 1 / pole
        var backward = pow(pole, Float(count - 1))
        var sum = value(0) + value(count - 1) * backward
        backward *= backward * inverse
        for index in 1..<max(count - 1, 1) {
            sum += value(index) * (power + backward)
            power *= pole
            backward *= inverse
        }
        return sum / (1 - pow(pole, Float(2 * count - 2)))
    }

    /// `width` neighboring lines at once, each of `count` values that lie `step` apart.
    private static func filterLines(
        _ first: UnsafeMutablePointer<Float>, _ width: Int, _ count: Int, _ step: Int
    ) {
        // The first causal values.
        if horizon < count {
            var power = pole
            for line in 1..<horizon {
                let row = first + line * step
                for x in 0..<width { first[x] += row[x] * power }
                power *= pole
            }
        } else {
            for x in 0..<width { first[x] = exactStart(count) { SIMD4(repeating: first[$0 * step + x]) }.x }
        }
        for line in 1..<count {
            let row = first + line * step
            let before = row - step
            for x in 0..<width { row[x] += before[x] * pole }
        }
        let last = first + (count - 1) * step
        let beforeLast = last - step
        let factor = pole / (pole * pole - 1)
        for x in 0..<width { last[x] = (beforeLast[x] * pole + last[x]) * factor }
        for line in stride(from: count - 2, through: 0, by: -1) {
            let row = first + line * step
            let after = row + step
            for x in 0..<width { row[x] = (after[x] - row[x]) * pole }
        }
        for line in 0..<count {
            let row = first + line * step
            for x in 0..<width { row[x] *= 6 }
        }
    }
}

private struct BoxCopy: VoxelWork {
    let volumeShape: [Int]
    let origin: [Int]
    let shape: [Int]
    let target: UnsafeMutablePointer<Float>

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) {
        nonisolated(unsafe) let source = voxels.baseAddress!
        nonisolated(unsafe) let target = target
        SliceTeam.perform(shape[2]) { [origin, shape, volumeShape] k in
            for j in 0..<shape[1] {
                let line = j + origin[1] + volumeShape[1] * (k + origin[2])
                let row = source + (origin[0] + volumeShape[0] * line)
                let out = target + shape[0] * (j + shape[1] * k)
                for i in 0..<shape[0] { out[i] = row[i].stored }
            }
        }
    }
}
