import Imaging

/// A smooth random field of about −0.9 to 0.9 (gradient noise after Perlin, SIGGRAPH 2002), with a seeded permutation.
///
/// Only additions and multiplications in single precision: the same on every machine.
struct GradientNoise: Sendable {
    private let permutation: [UInt8]

    init(_ random: inout PhantomRandom) {
        let order = random.shuffled((0..<256).map { UInt8($0) })
        permutation = order + order
    }

    /// The field at a point; its features are about one unit large, and it repeats every 256.
    @inline(__always)
    func callAsFunction(_ point: SIMD3<Float>) -> Float {
        // Lane by lane: quick in builds without optimization, too.
        let (low, f) = Self.parted(point)
        let fade = (x: Self.faded(f.x), y: Self.faded(f.y), z: Self.faded(f.z))
        let (x, y, z) = (Int(low.x) & 255, Int(low.y) & 255, Int(low.z) & 255)
        return permutation.withUnsafeBufferPointer { table in
            let a = Int(table[x]) + y
            let b = Int(table[x + 1]) + y
            let (aa, ab) = (Int(table[a & 255]) + z, Int(table[(a + 1) & 255]) + z)
            let (ba, bb) = (Int(table[b & 255]) + z, Int(table[(b + 1) & 255]) + z)
            @inline(__always)
            func corner(_ hash: Int, _ dx: Float, _ dy: Float, _ dz: Float) -> Float {
                Self.gradient(table[hash & 255], f.x - dx, f.y - dy, f.z - dz)
            }
            @inline(__always)
            func mix(_ low: Float, _ high: Float, _ share: Float) -> Float { low + (high - low) * share }
            let near = mix(
                mix(corner(aa, 0, 0, 0), corner(ba, 1, 0, 0), fade.x),
                mix(corner(ab, 0, 1, 0), corner(bb, 1, 1, 0), fade.x), fade.y)
            let far = mix(
                mix(corner(aa + 1, 0, 0, 1), corner(ba + 1, 1, 0, 1), fade.x),
                mix(corner(ab + 1, 0, 1, 1), corner(bb + 1, 1, 1, 1), fade.x), fade.y)
            return mix(near, far, fade.z)
        }
    }

    @inline(__always)
    private static func parted(
        _ point: SIMD3<Float>
    ) -> (low: (x: Float, y: Float, z: Float), part: (x: Float, y: Float, z: Float)) {
        let low = (x: point.x.rounded(.down), y: point.y.rounded(.down), z: point.z.rounded(.down))
        return (low, (point.x - low.x, point.y - low.y, point.z - low.z))
    }

    @inline(__always)
    private static func faded(_ f: Float) -> Float { f * f * f * (f * (f * 6 - 15) + 10) }

    /// The product with one of twelve directions.
    @inline(__always)
    private static func gradient(_ hash: UInt8, _ x: Float, _ y: Float, _ z: Float) -> Float {
        let h = hash & 15
        let u = h < 8 ? x : y
        let v = h < 4 ? y : (h == 12 || h == 14 ? x : z)
        return (h & 1 == 0 ? u : -u) + (h & 2 == 0 ? v : -v)
    }
}

/// 0 below `low`, 1 above `high`, smooth between.
@inline(__always)
func smoothStep(_ low: Float, _ high: Float, _ value: Float) -> Float {
    let share = min(max((value - low) / (high - low), 0), 1)
    return share * share * (3 - 2 * share)
}
