/// Fits a lattice to residuals at voxels (Lee, Wolberg, Shin, IEEE Trans Vis Comput Graph 1997;3:228–244, equation 5):
/// each control point is the mean of what its voxels ask for, weighted by the squares of their B-spline weights.
///
/// On a grid the weights are products along the axes, so rows are summed first, then planes, then the whole.
struct SplineFit: Sendable {
    private let side: Int
    private let spans: Int
    private let axes: [SplineAxis]
    /// w³ / Σw² for each voxel of each axis.
    private let shares: [[SIMD4<Float>]]
    /// Σ w² over the voxels that count.
    private let weightSums: [Float]

    init(state: BiasFieldState, spans: Int) {
        let axes = state.shape.map { SplineAxis(count: $0, spans: spans) }
        self.spans = spans
        side = spans + 3
        self.axes = axes
        let squares = axes.map { $0.weights.map { $0 * $0 } }
        shares = axes.map { axis in axis.weights.map { $0 * $0 * $0 / ($0 * $0).sum() } }
        weightSums = Self.contract(state, axes, squares, spans + 3) { _, _ in 1 }
    }

    /// The lattice that comes closest to what sharpening would take away.
    func lattice(of state: BiasFieldState, _ sharpening: HistogramSharpening) -> SplineLattice {
        let (lowest, scale) = (sharpening.lowest, sharpening.scale)
        let last = sharpening.residuals.count - 1
        let sums = sharpening.residuals.withUnsafeBufferPointer { buffer in
            nonisolated(unsafe) let residuals = buffer.baseAddress!
            return Self.contract(state, axes, shares, side) { line, x in
                let position = (line[x] - lowest) * scale
                let bin = min(Int(position), last - 1)
                let low = residuals[bin]
                return low + (residuals[bin + 1] - low) * (position - Float(bin))
            }
        }
        var lattice = SplineLattice(spans: spans)
        for index in sums.indices where weightSums[index] > 0 {
            lattice.values[index] = sums[index] / weightSums[index]
        }
        return lattice
    }

    /// Σ weight · value over the voxels that count, for each control point.
    @inline(__always)
    private static func contract(
        _ state: BiasFieldState, _ axes: [SplineAxis], _ weights: [[SIMD4<Float>]], _ side: Int,
        _ value: @escaping @Sendable (UnsafeMutablePointer<Float>, Int) -> Float
    ) -> [Float] {
        let size = side * side * side
        let parts = min(16, state.shape[2])
        var sums = [Float](repeating: 0, count: parts * size)
        sums.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let sums = buffer.baseAddress!
            SliceTeam.perform(parts) { part in
                let height = state.shape[1]
                withUnsafeTemporaryAllocation(of: Float.self, capacity: side * side + side) { scratch in
                    let plane = scratch.baseAddress!
                    let row = plane + side * side
                    for z in part * state.shape[2] / parts..<(part + 1) * state.shape[2] / parts {
                        plane.update(repeating: 0, count: side * side)
                        for y in 0..<height where state.firstRun[y + height * z] < state.firstRun[y + height * z + 1] {
                            row.update(repeating: 0, count: side)
                            Self.contractRow(state, y + height * z, axes[0], weights[0], row, value)
                            let shares = weights[1][y]
                            for tap in 0..<4 {
                                let target = plane + (axes[1].cells[y] + tap) * side
                                for x in 0..<side { target[x] += row[x] * shares[tap] }
                            }
                        }
                        let shares = weights[2][z]
                        for tap in 0..<4 {
                            let target = sums + (part * size + (axes[2].cells[z] + tap) * side * side)
                            for index in 0..<side * side { target[index] += plane[index] * shares[tap] }
                        }
                    }
                }
            }
        }
        return (0..<size).map { index in (0..<parts).reduce(Float(0)) { $0 + sums[$1 * size + index] } }
    }

    @inline(__always)
    private static func contractRow(
        _ state: BiasFieldState, _ row: Int, _ axis: SplineAxis, _ weights: [SIMD4<Float>],
        _ target: UnsafeMutablePointer<Float>, _ value: (UnsafeMutablePointer<Float>, Int) -> Float
    ) {
        weights.withUnsafeBufferPointer { weights in
            state.forEachRun(row) { line, run in
                var x = run.lowerBound
                while x < run.upperBound {
                    let cell = axis.cells[x]
                    let end = min(run.upperBound, axis.ranges[cell].upperBound)
                    var even = SIMD4<Float>.zero
                    var odd = SIMD4<Float>.zero
                    while x + 2 <= end {
                        even += weights[x] * value(line, x)
                        odd += weights[x + 1] * value(line, x + 1)
                        x += 2
                    }
                    if x < end {
                        even += weights[x] * value(line, x)
                        x += 1
                    }
                    let sum = even + odd
                    for tap in 0..<4 { target[cell + tap] += sum[tap] }
                }
            }
        }
    }
}
