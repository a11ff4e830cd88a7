/// Loops over contiguous floats, in a form that the compiler turns into vector instructions.
enum Elementwise {
    typealias Source = UnsafePointer<Float>
    typealias Target = UnsafeMutablePointer<Float>

    static func scale(_ source: Source, by factor: Float, into target: Target, count: Int) {
        for index in 0..<count { target[index] = source[index] * factor }
    }

    /// Whether no number is infinite or NaN.
    static func isFinite(_ source: Source, count: Int) -> Bool { largestMagnitude(source, count: count).isFinite }

    /// The largest absolute value; not finite where any number is not.
    static func largestMagnitude(_ source: Source, count: Int) -> Float {
        // Without its sign bit a float orders as an integer does, and infinities and NaN stand at the top.
        var largest: Int32 = 0
        for index in 0..<count {
            largest = max(largest, Int32(bitPattern: source[index].bitPattern & 0x7fff_ffff))
        }
        return Float(bitPattern: UInt32(bitPattern: largest))
    }

    /// `target = max(target + bias, 0)`, or without the rectification. A NaN stays one.
    static func addBias(_ bias: Float, to target: Target, count: Int, isRectified: Bool) {
        if isRectified {
            for index in 0..<count {
                let value = target[index] + bias
                target[index] = value < 0 ? 0 : value
            }
        } else {
            for index in 0..<count { target[index] += bias }
        }
    }

    /// `target = max(source + bias, 0)`, or without the rectification.
    static func addBias(_ bias: Float, to source: Source, into target: Target, count: Int, isRectified: Bool) {
        if isRectified {
            for index in 0..<count {
                let value = source[index] + bias
                target[index] = value < 0 ? 0 : value
            }
        } else {
            for index in 0..<count { target[index] = source[index] + bias }
        }
    }

    /// `target = max(source + residual + bias, 0)`, or without the rectification. Source and target may be the same.
    static func addBias(
        _ bias: Float, residual: Source, to source: Source, into target: Target, count: Int, isRectified: Bool
    ) {
        if isRectified {
            for index in 0..<count {
                let value = source[index] + bias + residual[index]
                target[index] = value < 0 ? 0 : value
            }
        } else {
            for index in 0..<count { target[index] = source[index] + bias + residual[index] }
        }
    }

    static func affine(
        _ source: Source, scale: Float, shift: Float, into target: Target, count: Int, isRectified: Bool
    ) {
        for index in 0..<count {
            let value = source[index] * scale + shift
            target[index] = isRectified && value < 0 ? 0 : value
        }
    }

    static func add(_ first: Source, _ second: Source, into target: Target, count: Int, isRectified: Bool) {
        for index in 0..<count {
            let value = first[index] + second[index]
            target[index] = isRectified && value < 0 ? 0 : value
        }
    }

    static func relu(_ source: Source, into target: Target, count: Int) {
        for index in 0..<count {
            let value = source[index]
            target[index] = value < 0 ? 0 : value
        }
    }

    /// `target += factor · source`.
    static func accumulate(_ source: Source, times factor: Float = 1, into target: Target, count: Int) {
        for index in 0..<count { target[index] += source[index] * factor }
    }

    /// Sets the gradient to zero where the rectified value is zero.
    static func maskRectified(_ gradient: Target, by value: Source, count: Int) {
        for index in 0..<count { gradient[index] = value[index] > 0 ? gradient[index] : 0 }
    }

    static func maximum(_ source: Source, into target: Target, count: Int) {
        for index in 0..<count {
            let value = source[index]
            target[index] = value > target[index] ? value : target[index]
        }
    }

    static func sum(_ source: Source, count: Int) -> Float {
        var lanes = SIMD8<Float>.zero
        var index = 0
        while index + 8 <= count {
            lanes += UnsafeRawPointer(source + index).loadUnaligned(as: SIMD8<Float>.self)
            index += 8
        }
        var total = lanes.sum()
        while index < count {
            total += source[index]
            index += 1
        }
        return total
    }
}
