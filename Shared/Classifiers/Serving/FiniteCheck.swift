/// Looks for infinite numbers and NaN.
package enum FiniteCheck {
    package static func isFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
        // Without its sign bit a float orders as an integer does, and infinities and NaN stand at the top.
        var largest: Int32 = 0
        for value in values { largest = max(largest, Int32(bitPattern: value.bitPattern & 0x7fff_ffff)) }
        return largest < 0x7f80_0000
    }
}
