/// Resamples where the axes of both grids run along each other: one list of taps for each axis, planes first, then rows,
/// then along the rows.
struct SeparableResampler<Element: VoxelElement>: @unchecked Sendable {
    /// Unchecked: the pointers outlive the work, and each slice writes only its own.
    let source: UnsafePointer<Element>
    let sourceShape: [Int]
    let taps: [AxisTaps]
    /// Output extents along x, y, z.
    let shape: [Int]
    /// Stands outside the volume.
    let outsideValue: Float
    let target: UnsafeMutablePointer<Float>

    func run() {
        let (width, height) = (shape[0], shape[1])
        let isIntoPlane = sourceShape[0] * sourceShape[1]
        SliceTeam.performParts(shape[2]) { slices in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: isIntoPlane + sourceShape[0]) { scratch in
                let plane = scratch.baseAddress!
                let row = plane + isIntoPlane
                for z in slices {
                    let output = target + width * height * z
                    guard taps[2].inside.contains(z) else {
                        for index in 0..<width * height { output[index] = outsideValue }
                        continue
                    }
                    mixPlanes(z, into: plane)
                    for y in 0..<height {
                        let out = output + width * y
                        guard taps[1].inside.contains(y) else {
                            for x in 0..<width { out[x] = outsideValue }
                            continue
                        }
                        mixRows(y, plane, into: row)
                        spread(row, into: out)
                    }
                }
            }
        }
    }

    /// The rows of the plane that any output row reads.
    private var rowsRead: Range<Int> {
        let inside = taps[1].inside
        let count = taps[1].taps
        let used = taps[1].indices[inside.lowerBound * count..<inside.upperBound * count]
        guard let low = used.min(), let high = used.max() else { return 0..<0 }
        return Int(low)..<Int(high) + 1
    }

    private func mixPlanes(_ z: Int, into plane: UnsafeMutablePointer<Float>) {
        let count = taps[2].taps
        let rows = rowsRead
        let range = rows.lowerBound * sourceShape[0]..<rows.upperBound * sourceShape[0]
        let size = sourceShape[0] * sourceShape[1]
        mix(
            (0..<count).map { source + size * Int(taps[2].indices[z * count + $0]) },
            (0..<count).map { taps[2].weights[z * count + $0] }, range, into: plane)
    }

    private func mixRows(_ y: Int, _ plane: UnsafeMutablePointer<Float>, into row: UnsafeMutablePointer<Float>) {
        let count = taps[1].taps
        mix(
            (0..<count).map { UnsafePointer(plane) + sourceShape[0] * Int(taps[1].indices[y * count + $0]) },
            (0..<count).map { taps[1].weights[y * count + $0] }, 0..<sourceShape[0], into: row)
    }

    @inline(__always)
    private func mix<Value: VoxelElement>(
        _ sources: [UnsafePointer<Value>], _ weights: [Float], _ range: Range<Int>,
        into target: UnsafeMutablePointer<Float>
    ) {
        if sources.count == 2 {
            let (a, b) = (sources[0], sources[1])
            let (u, v) = (weights[0], weights[1])
            if v == 0 {
                for index in range { target[index] = a[index].stored }
            } else {
                for index in range { target[index] = a[index].stored * u + b[index].stored * v }
            }
        } else {
            let (a, b, c, d) = (sources[0], sources[1], sources[2], sources[3])
            let (s, t, u, v) = (weights[0], weights[1], weights[2], weights[3])
            for index in range {
                let low = a[index].stored * s + b[index].stored * t
                target[index] = low + (c[index].stored * u + d[index].stored * v)
            }
        }
    }

    private func spread(_ row: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>) {
        let axis = taps[0]
        for x in 0..<axis.inside.lowerBound { out[x] = outsideValue }
        for x in axis.inside.upperBound..<max(shape[0], axis.inside.upperBound) { out[x] = outsideValue }
        axis.indices.withUnsafeBufferPointer { indices in
            axis.weights.withUnsafeBufferPointer { weights in
                if axis.taps == 2 {
                    for x in axis.inside {
                        let a = row[Int(indices[2 * x])] * weights[2 * x]
                        out[x] = a + row[Int(indices[2 * x + 1])] * weights[2 * x + 1]
                    }
                } else {
                    for x in axis.inside {
                        let a = row[Int(indices[4 * x])] * weights[4 * x]
                        let b = row[Int(indices[4 * x + 1])] * weights[4 * x + 1]
                        let c = row[Int(indices[4 * x + 2])] * weights[4 * x + 2]
                        let d = row[Int(indices[4 * x + 3])] * weights[4 * x + 3]
                        out[x] = (a + b) + (c + d)
                    }
                }
            }
        }
    }
}
