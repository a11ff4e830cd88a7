/// Reads a stored patch on a turned, mirrored and scaled grid, linearly between its samples; a picture is a patch of one
/// slice.
struct PatchResampler {
    /// Samples along x, y, z.
    let source: (x: Int, y: Int, z: Int)
    let target: (x: Int, y: Int, z: Int)
    /// What stands outside the source; nil for the nearest sample's value.
    let fill: Float?

    /// Where a row's samples lie: index of the lower corner, and the shares of the upper ones.
    private struct Row {
        var index: [Int32]
        var u: [Float]
        var v: [Float]
        var w: [Float]
        var isOutside: [Bool]
    }

    /// - Parameters:
    ///   - matrix: from offsets of the target's middle to those of the source's, columns one after another.
    ///   - channels: the source's channels, each contiguous, x fastest.
    ///   - outputs: as many targets, each contiguous.
    func resample(
        matrix: [Float], channels: [UnsafePointer<Float>], into outputs: [UnsafeMutablePointer<Float>]
    ) {
        let count = target.x
        var row = Row(
            index: [Int32](repeating: 0, count: count), u: [Float](repeating: 0, count: count),
            v: [Float](repeating: 0, count: count), w: [Float](repeating: 0, count: count),
            isOutside: [Bool](repeating: false, count: fill == nil ? 0 : count))
        let offsetX = -Float(target.x - 1) / 2
        for z in 0..<target.z {
            let offsetZ = Float(z) - Float(target.z - 1) / 2
            for y in 0..<target.y {
                let offsetY = Float(y) - Float(target.y - 1) / 2
                func start(_ axis: Int, _ extent: Int) -> Float {
                    matrix[axis] * offsetX + matrix[3 + axis] * offsetY + matrix[6 + axis] * offsetZ
                        + Float(extent - 1) / 2
                }
                place(
                    &row, from: (start(0, source.x), start(1, source.y), start(2, source.z)),
                    step: (matrix[0], matrix[1], matrix[2]))
                for (channel, output) in zip(channels, outputs) {
                    read(channel, row, into: output + (z * target.y + y) * count)
                }
            }
        }
    }

    private func place(_ row: inout Row, from start: (Float, Float, Float), step: (Float, Float, Float)) {
        let last = (Float(source.x - 1), Float(source.y - 1), Float(source.z - 1))
        let cell = (Int32(max(source.x - 2, 0)), Int32(max(source.y - 2, 0)), Int32(max(source.z - 2, 0)))
        let strides = (Int32(source.x), Int32(source.x * source.y))
        let marksOutside = fill != nil
        let count = target.x
        row.index.withUnsafeMutableBufferPointer { index in
            row.u.withUnsafeMutableBufferPointer { u in
                row.v.withUnsafeMutableBufferPointer { v in
                    row.w.withUnsafeMutableBufferPointer { w in
                        for x in 0..<count {
                            let position = Float(x)
                            let px = min(max(start.0 + step.0 * position, 0), last.0)
                            let py = min(max(start.1 + step.1 * position, 0), last.1)
                            let pz = min(max(start.2 + step.2 * position, 0), last.2)
                            let i = min(Int32(truncatingIfNeeded: Int(px)), cell.0)
                            let j = min(Int32(truncatingIfNeeded: Int(py)), cell.1)
                            let k = min(Int32(truncatingIfNeeded: Int(pz)), cell.2)
                            index[x] = i &+ j &* strides.0 &+ k &* strides.1
                            u[x] = px - Float(i)
                            v[x] = py - Float(j)
                            w[x] = pz - Float(k)
                        }
                    }
                }
            }
        }
        guard marksOutside else { return }
        for x in 0..<count {
            let position = Float(x)
            let px = start.0 + step.0 * position
            let py = start.1 + step.1 * position
            row.isOutside[x] = px < -0.5 || py < -0.5 || px > last.0 + 0.5 || py > last.1 + 0.5
        }
    }

    private func read(_ channel: UnsafePointer<Float>, _ row: Row, into output: UnsafeMutablePointer<Float>) {
        // An axis of one sample has no upper neighbor.
        let (dx, dy) = (source.x > 1 ? 1 : 0, source.y > 1 ? source.x : 0)
        let isFlat = source.z == 1
        let dz = isFlat ? 0 : source.x * source.y
        row.index.withUnsafeBufferPointer { index in
            row.u.withUnsafeBufferPointer { u in
                row.v.withUnsafeBufferPointer { v in
                    row.w.withUnsafeBufferPointer { w in
                        for x in 0..<target.x {
                            let lower = channel + Int(index[x])
                            let a = Self.mix(lower[0], lower[dx], u[x])
                            let b = Self.mix(lower[dy], lower[dy &+ dx], u[x])
                            var value = Self.mix(a, b, v[x])
                            if !isFlat {
                                let upper = lower + dz
                                let c = Self.mix(upper[0], upper[dx], u[x])
                                let d = Self.mix(upper[dy], upper[dy &+ dx], u[x])
                                value = Self.mix(value, Self.mix(c, d, v[x]), w[x])
                            }
                            output[x] = value
                        }
                    }
                }
            }
        }
        guard let fill else { return }
        for x in 0..<target.x where row.isOutside[x] { output[x] = fill }
    }

    /// Between two numbers: exactly the one or the other at the ends, and exactly both where they are equal.
    @inline(__always)
    private static func mix(_ low: Float, _ high: Float, _ share: Float) -> Float {
        share == 1 ? high : low + (high - low) * share
    }
}
