/// Conversions of single numbers by bit operations, without branches, so that loops over them become vector code.
///
/// After F. Giesen, "half to float done quickly" (public domain, gist 2156668), which needs no F16C instructions.
enum ElementConversion {
    /// IEEE 754 binary16 to binary32; exact for every value.
    @inline(__always)
    static func float(fromHalf half: UInt16) -> Float {
        let shifted = UInt32(half & 0x7fff) &<< 13
        let exponent = shifted & (0x7c00 &<< 13)
        let normal = shifted &+ ((127 - 15) &<< 23)
        let special = normal &+ ((128 - 16) &<< 23)
        let subnormal = (Float(bitPattern: normal &+ (1 &<< 23)) - Float(bitPattern: 113 &<< 23)).bitPattern
        let magnitude = exponent == 0x7c00 &<< 13 ? special : (exponent == 0 ? subnormal : normal)
        return Float(bitPattern: magnitude | UInt32(half & 0x8000) &<< 16)
    }

    /// binary32 to IEEE 754 binary16, round to nearest, ties to even; too large becomes infinity, NaN stays NaN.
    @inline(__always)
    static func half(from value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = bits & 0x8000_0000
        let magnitude = bits ^ sign
        // The sum's own rounding to nearest even does the rounding of a subnormal result.
        let denormalMagic: UInt32 = ((127 - 15) + (23 - 10) + 1) &<< 23
        let subnormal =
            (Float(bitPattern: magnitude) + Float(bitPattern: denormalMagic)).bitPattern &- denormalMagic
        let odd = (magnitude &>> 13) & 1
        let normal = (magnitude &+ 0xc800_0fff &+ odd) &>> 13
        let special: UInt32 = magnitude > 0x7f80_0000 ? 0x7e00 : 0x7c00
        let result =
            magnitude >= (127 + 16) &<< 23 ? special : (magnitude < 113 &<< 23 ? subnormal : normal)
        return UInt16(truncatingIfNeeded: result | sign &>> 16)
    }

    /// bfloat16 to binary32; exact for every value.
    @inline(__always)
    static func float(fromBrain brain: UInt16) -> Float {
        Float(bitPattern: UInt32(brain) &<< 16)
    }

    /// binary32 to bfloat16, round to nearest, ties to even; NaN stays NaN (quiet).
    @inline(__always)
    static func brain(from value: Float) -> UInt16 {
        let bits = value.bitPattern
        let rounded = (bits &+ 0x7fff &+ ((bits &>> 16) & 1)) &>> 16
        let quiet = (bits &>> 16) | 0x40
        return UInt16(truncatingIfNeeded: bits & 0x7fff_ffff > 0x7f80_0000 ? quiet : rounded)
    }

    /// binary32 to an integer in `lowest...highest`, round to nearest, ties to even; NaN becomes 0.
    @inline(__always)
    static func integer(from value: Float, lowest: Float, highest: Float) -> Int32 {
        let number = value == value ? value : 0
        let clamped = min(max(number, lowest), highest)
        // Adding 1.5 * 2^23 leaves the rounded integer in the low bits of the sum; |clamped| is below 2^22.
        let magic: Float = 12_582_912
        return Int32(bitPattern: (clamped + magic).bitPattern &- magic.bitPattern)
    }
}
