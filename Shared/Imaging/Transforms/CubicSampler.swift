/// Reads a cubic B-spline anywhere, a row of samples at a time.
struct CubicSampler {
    let coefficients: BSplineCoefficients
    /// What stands outside the volume; nil for the nearest place inside.
    let outsideValue: Float?

    /// Samples at `start + x · step`, x from 0 below `count`; returns how many lie inside the volume.
    func row(_ row: UnsafeMutablePointer<Float>, count: Int, start: Point, step: Point) -> Int {
        let shape = coefficients.volumeShape
        let last = Point(Double(shape[0] - 1), Double(shape[1] - 1), Double(shape[2] - 1))
        let low = Point(repeating: -0.5 - 1e-6)
        let high = last + (0.5 + 1e-6)
        let box = coefficients.shape
        let (jStride, kStride) = (box[0], box[0] * box[1])
        let offset = Point(
            Double(coefficients.origin[0]), Double(coefficients.origin[1]), Double(coefficients.origin[2]))
        var inside = 0
        for x in 0..<count {
            var point = start + step * Double(x)
            let isInside = all(point .>= low) && all(point .<= high)
            if !isInside {
                if let outsideValue {
                    row[x] = outsideValue
                    continue
                }
                point = point.clamped(lowerBound: Point.zero, upperBound: last)
            }
            inside += isInside ? 1 : 0
            let place = point - offset
            let floor = place.rounded(.down)
            let fraction = place - floor
            let (i, j, k) = (Int(floor.x) - 1, Int(floor.y) - 1, Int(floor.z) - 1)
            let u = CubicWeights(Float(fraction.x)).lanes
            let v = CubicWeights(Float(fraction.y)).lanes
            let w = CubicWeights(Float(fraction.z)).lanes
            if i >= 0, j >= 0, k >= 0, i + 4 <= box[0], j + 4 <= box[1], k + 4 <= box[2] {
                var sum = SIMD4<Float>.zero
                var plane = coefficients.values + (i + j * jStride + k * kStride)
                for c in 0..<4 {
                    var part = Self.lanes(plane) * v.x
                    part += Self.lanes(plane + jStride) * v.y
                    part += Self.lanes(plane + 2 * jStride) * v.z
                    part += Self.lanes(plane + 3 * jStride) * v.w
                    sum += part * w[c]
                    plane += kStride
                }
                let products = sum * u
                row[x] = (products.x + products.y) + (products.z + products.w)
            } else {
                row[x] = mirrored(i, j, k, u, v, w)
            }
        }
        return inside
    }

    @inline(__always)
    private static func lanes(_ pointer: UnsafeMutablePointer<Float>) -> SIMD4<Float> {
        UnsafeRawPointer(pointer).loadUnaligned(as: SIMD4<Float>.self)
    }

    private func mirrored(
        _ i: Int, _ j: Int, _ k: Int, _ u: SIMD4<Float>, _ v: SIMD4<Float>, _ w: SIMD4<Float>
    ) -> Float {
        let box = coefficients.shape
        var sum: Float = 0
        for c in 0..<4 {
            let plane = Mirror.index(k + c, box[2]) * box[1]
            for b in 0..<4 {
                let row = (plane + Mirror.index(j + b, box[1])) * box[0]
                var part: Float = 0
                for a in 0..<4 { part += coefficients.values[row + Mirror.index(i + a, box[0])] * u[a] }
                sum += part * v[b] * w[c]
            }
        }
        return sum
    }
}
