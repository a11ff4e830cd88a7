internal import Glibc

/// The logarithms that a bias field is estimated from, less the field found so far.
///
/// `@unchecked Sendable`: threads write different rows, and each pass ends before the next.
final class BiasFieldState: @unchecked Sendable {
    /// Extents of the shrunk grid.
    let shape: [Int]
    let values: UnsafeMutablePointer<Float>
    /// For each row the runs of voxels that count: `runs[firstRun[row]..<firstRun[row + 1]]`.
    let runs: [Range<Int32>]
    let firstRun: [Int]
    /// How many voxels count.
    let voxels: Int
    private(set) var lowest: Float = 0
    private(set) var highest: Float = 0

    /// - Parameters:
    ///   - volume: where the logarithms come from; voxels at or below 0 count as 1.
    ///   - mask: not 0 where voxels count.
    ///   - steps: every so manieth voxel is taken, from the middle of the first step on.
    init(_ volume: Volume, mask: [UInt8]?, steps: [Int]) {
        let shape = (0..<3).map { (volume.shape[$0] - 1 - steps[$0] / 2) / steps[$0] + 1 }
        self.shape = shape
        values = .allocate(capacity: shape[0] * shape[1] * shape[2])
        volume.perform(Logarithms(volume: volume, shape: shape, steps: steps, target: values))
        var runs: [Range<Int32>] = []
        var firstRun = [0]
        var voxels = 0
        for k in 0..<shape[2] {
            for j in 0..<shape[1] {
                if let mask {
                    let row =
                        volume.shape[0]
                        * (steps[1] / 2 + j * steps[1] + volume.shape[1] * (steps[2] / 2 + k * steps[2]))
                    var start: Int32?
                    for i in 0..<shape[0] {
                        let counts = mask[row + steps[0] / 2 + i * steps[0]] != 0
                        if counts, start == nil { start = Int32(i) }
                        if !counts, let first = start {
                            runs.append(first..<Int32(i))
                            start = nil
                        }
                    }
                    if let start { runs.append(start..<Int32(shape[0])) }
                } else {
                    runs.append(0..<Int32(shape[0]))
                }
                voxels += runs[firstRun[firstRun.count - 1]...].reduce(0) { $0 + $1.count }
                firstRun.append(runs.count)
            }
        }
        self.runs = runs
        self.firstRun = firstRun
        self.voxels = voxels
        _ = subtract(SplineLattice(spans: 1))
    }

    deinit { values.deallocate() }

    var rowCount: Int { shape[1] * shape[2] }

    /// Calls `body` for each run of a row, its first voxel's address and its first index.
    @inline(__always)
    func forEachRun(_ row: Int, _ body: (UnsafeMutablePointer<Float>, Range<Int>) -> Void) {
        let line = values + row * shape[0]
        for index in firstRun[row]..<firstRun[row + 1] {
            let run = Int(runs[index].lowerBound)..<Int(runs[index].upperBound)
            body(line, run)
        }
    }

    private struct Sums: Sendable {
        var first = 0.0
        var second = 0.0
        var lowest = Float.infinity
        var highest = -Float.infinity
    }

    /// Takes one more part of the field out of the logarithms.
    ///
    /// - Returns: how much the field changed: the coefficient of variation of exp(−change) over the voxels that count.
    func subtract(_ change: SplineLattice) -> Double {
        let rows = SplineRows(change, shape: shape)
        let parts = min(64, shape[2])
        var sums = [Sums](repeating: Sums(), count: parts)
        sums.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let sums = buffer
            SliceTeam.perform(parts) { part in
                sums[part] = self.subtract(rows, part * shape[2] / parts..<(part + 1) * shape[2] / parts)
            }
        }
        let total = sums.reduce(into: Sums()) { total, part in
            total.first += part.first
            total.second += part.second
            total.lowest = min(total.lowest, part.lowest)
            total.highest = max(total.highest, part.highest)
        }
        (lowest, highest) = (total.lowest, total.highest)
        let count = Double(voxels)
        let variance = max(0, total.second - total.first * total.first / count) / max(1, count - 1)
        return variance.squareRoot() / (1 + total.first / count)
    }

    private func subtract(_ rows: SplineRows, _ planes: Range<Int>) -> Sums {
        var sums = Sums()
        var polynomials: [SIMD4<Float>] = []
        withUnsafeTemporaryAllocation(of: Float.self, capacity: shape[0]) { scratch in
            let field = scratch.baseAddress!
            for z in planes {
                let plane = rows.plane(z)
                for y in 0..<shape[1] {
                    let index = y + shape[1] * z
                    guard firstRun[index] < firstRun[index + 1] else { continue }
                    rows.polynomials(plane, y, into: &polynomials)
                    rows.row(polynomials, into: field)
                    forEachRun(index) { line, run in Self.subtract(field, from: line, run, &sums) }
                }
            }
        }
        return sums
    }

    private static func subtract(
        _ field: UnsafeMutablePointer<Float>, from line: UnsafeMutablePointer<Float>, _ run: Range<Int>,
        _ sums: inout Sums
    ) {
        var first = SIMD8<Float>.zero
        var second = SIMD8<Float>.zero
        var low = SIMD8<Float>(repeating: .infinity)
        var high = SIMD8<Float>(repeating: -.infinity)
        var x = run.lowerBound
        while x + 8 <= run.upperBound {
            let change = UnsafeRawPointer(field + x).loadUnaligned(as: SIMD8<Float>.self)
            let target = UnsafeMutableRawPointer(line + x)
            let value = target.loadUnaligned(as: SIMD8<Float>.self) - change
            target.storeBytes(of: value, as: SIMD8<Float>.self)
            let part = exponentialLessOne(change * -1)
            first += part
            second += part * part
            low = pointwiseMin(low, value)
            high = pointwiseMax(high, value)
            x += 8
        }
        while x < run.upperBound {
            line[x] -= field[x]
            let part = exponentialLessOne(SIMD8(repeating: -field[x]))[0]
            first[0] += part
            second[0] += part * part
            low[0] = min(low[0], line[x])
            high[0] = max(high[0], line[x])
            x += 1
        }
        sums.first += Double(first.sum())
        sums.second += Double(second.sum())
        sums.lowest = min(sums.lowest, low.min())
        sums.highest = max(sums.highest, high.max())
    }

    /// exp(x) − 1 to 2e-7 for |x| below 1, to 1e-4 of exp(x) for |x| below 4: a polynomial of x/4, then ((1+p)⁴ − 1).
    @inline(__always)
    static func exponentialLessOne(_ x: SIMD8<Float>) -> SIMD8<Float> {
        let q = x * 0.25
        var p = q * (1 / 5040) + (1 / 720)
        p = p * q + (1 / 120)
        p = p * q + (1 / 24)
        p = p * q + (1 / 6)
        p = p * q + 0.5
        p = (p * q + 1) * q
        let square = p * (p + 2)
        return square * (square + 2)
    }
}

/// Logarithms of a volume's values on a shrunk grid.
private struct Logarithms: VoxelWork {
    let volume: Volume
    let shape: [Int]
    let steps: [Int]
    let target: UnsafeMutablePointer<Float>

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) {
        nonisolated(unsafe) let source = voxels.baseAddress!
        nonisolated(unsafe) let target = target
        let (slope, intercept) = (Float(volume.slope), Float(volume.intercept))
        SliceTeam.perform(shape[2]) { [volume, shape, steps] k in
            for j in 0..<shape[1] {
                let line = steps[1] / 2 + j * steps[1] + volume.shape[1] * (steps[2] / 2 + k * steps[2])
                let row = source + (volume.shape[0] * line + steps[0] / 2)
                let out = target + shape[0] * (j + shape[1] * k)
                for i in 0..<shape[0] {
                    let value = row[i * steps[0]].stored * slope + intercept
                    out[i] = value > 0 ? logf(value) : 0
                }
            }
        }
    }
}
