/// A volume's values on a view's pixels.
struct ViewSamples {
    /// Row by row; NaN outside the volume.
    let values: [Float]
    let width: Int
    let height: Int

    /// Linear between voxels; slope and intercept applied.
    init(_ volume: Volume, _ view: SliceView, width: Int, height: Int) {
        self.width = width
        self.height = height
        guard let inverse = try? volume.affine.inverted() else {
            values = [Float](repeating: .nan, count: width * height)
            return
        }
        let stored = volume.perform(
            SampleView(
                map: inverse.composed(with: view.affine(width: width, height: height)), shape: volume.shape,
                width: width, height: height))
        let (slope, intercept) = (Float(volume.slope), Float(volume.intercept))
        values = stored.map { $0 * slope + intercept }
    }
}

private struct SampleView: VoxelWork {
    let map: Affine
    let shape: [Int]
    let width: Int
    let height: Int

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> [Float] {
        var values = [Float](repeating: .nan, count: width * height)
        let last = Point(Double(shape[0] - 1), Double(shape[1] - 1), Double(shape[2] - 1))
        for y in 0..<height {
            for x in 0..<width {
                let point = map.apply(Point(Double(x), Double(y), 0))
                guard point.x > -0.5, point.y > -0.5, point.z > -0.5, point.x < last.x + 0.5, point.y < last.y + 0.5,
                    point.z < last.z + 0.5
                else { continue }
                let inside = point.clamped(lowerBound: Point.zero, upperBound: last)
                let (i, j, k) = (Int(inside.x), Int(inside.y), Int(inside.z))
                let (u, v, w) = (
                    Float(inside.x - Double(i)), Float(inside.y - Double(j)), Float(inside.z - Double(k))
                )
                let (di, dj, dk) = (
                    i + 1 < shape[0] ? 1 : 0, j + 1 < shape[1] ? shape[0] : 0,
                    k + 1 < shape[2] ? shape[0] * shape[1] : 0
                )
                let start = i + shape[0] * (j + shape[1] * k)
                func row(_ offset: Int) -> Float {
                    let (a, b) = (voxels[start + offset].stored, voxels[start + offset + di].stored)
                    return a + (b - a) * u
                }
                let near = row(0) + (row(dj) - row(0)) * v
                let far = row(dk) + (row(dk + dj) - row(dk)) * v
                values[y * width + x] = near + (far - near) * w
            }
        }
        return values
    }
}
