/// Fills patch matrices (im2col): row = tap of the kernel, column = output position.
enum PatchMatrix {
    /// Copies `rows` output rows of `width` positions for each tap.
    ///
    /// - Parameters:
    ///   - source: the (padded) input's first float.
    ///   - taps: distances of the kernel's taps, one per row of the matrix.
    ///   - rows: where each output row begins in the input.
    ///   - width: positions of one output row.
    ///   - target: [taps, rows · width].
    static func fill(
        from source: UnsafePointer<Float>, taps: UnsafeBufferPointer<Int>, rows: UnsafeBufferPointer<Int>, width: Int,
        into target: UnsafeMutablePointer<Float>
    ) {
        switch width {
        case 1: fill(source, taps, rows, 1, target) { $0.pointee = $1.pointee }
        case 2: fill(source, taps, rows, 2, target) { copy(SIMD2<Float>.self, $0, $1) }
        case 3:
            fill(source, taps, rows, 3, target) {
                copy(SIMD2<Float>.self, $0, $1)
                $0[2] = $1[2]
            }
        case 4: fill(source, taps, rows, 4, target) { copy(SIMD4<Float>.self, $0, $1) }
        case 5...7:
            // Two copies that overlap cover any width between one vector and two.
            fill(source, taps, rows, width, target) {
                copy(SIMD4<Float>.self, $0, $1)
                copy(SIMD4<Float>.self, $0 + (width - 4), $1 + (width - 4))
            }
        case 8: fill(source, taps, rows, 8, target) { copy(SIMD8<Float>.self, $0, $1) }
        case 9...15:
            fill(source, taps, rows, width, target) {
                copy(SIMD8<Float>.self, $0, $1)
                copy(SIMD8<Float>.self, $0 + (width - 8), $1 + (width - 8))
            }
        case 16: fill(source, taps, rows, 16, target) { copy(SIMD16<Float>.self, $0, $1) }
        case 17...31:
            fill(source, taps, rows, width, target) {
                copy(SIMD16<Float>.self, $0, $1)
                copy(SIMD16<Float>.self, $0 + (width - 16), $1 + (width - 16))
            }
        case 32:
            fill(source, taps, rows, 32, target) {
                copy(SIMD16<Float>.self, $0, $1)
                copy(SIMD16<Float>.self, $0 + 16, $1 + 16)
            }
        default: fill(source, taps, rows, width, target) { $0.update(from: $1, count: width) }
        }
    }

    @inline(__always)
    private static func fill(
        _ source: UnsafePointer<Float>, _ taps: UnsafeBufferPointer<Int>, _ rows: UnsafeBufferPointer<Int>,
        _ width: Int, _ target: UnsafeMutablePointer<Float>,
        _ copyRow: (UnsafeMutablePointer<Float>, UnsafePointer<Float>) -> Void
    ) {
        var destination = target
        for tap in taps {
            let shifted = source + tap
            for row in rows {
                copyRow(destination, shifted + row)
                destination += width
            }
        }
    }

    @inline(__always)
    private static func copy<Vector: SIMD>(
        _: Vector.Type, _ target: UnsafeMutablePointer<Float>, _ source: UnsafePointer<Float>
    ) where Vector.Scalar == Float {
        let vector = UnsafeRawPointer(source).loadUnaligned(as: Vector.self)
        UnsafeMutableRawPointer(target).storeBytes(of: vector, as: Vector.self)
    }
}
