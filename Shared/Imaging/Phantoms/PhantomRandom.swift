/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), and numbers made of it by additions, multiplications and square
/// roots only: IEEE 754 rounds those alike everywhere, so a seed makes the same phantom on every machine.
package struct PhantomRandom: Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, 1.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    package mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// Nearly normal, mean 0, standard deviation 1: four 16-bit uniforms added (variance 4/12 before scaling).
    @inline(__always)
    package mutating func normal() -> Float {
        let bits = next()
        let sum =
            Int32(truncatingIfNeeded: bits & 0xffff) &+ Int32(truncatingIfNeeded: (bits >> 16) & 0xffff)
            &+ Int32(truncatingIfNeeded: (bits >> 32) & 0xffff) &+ Int32(truncatingIfNeeded: bits >> 48)
        return (Float(sum) - 131_070) * (1.732_050_8 / 65_536)
    }

    /// A point of the unit ball, by rejection.
    mutating func inUnitBall() -> Point {
        while true {
            let point = Point(uniform(-1, 1), uniform(-1, 1), uniform(-1, 1))
            if point.dot(point) <= 1 { return point }
        }
    }
}

/// A smooth random field between −1 and 1: random numbers on a lattice, blended in between.
struct SmoothField {
    private static let side = 16
    private let lattice: [Float]

    init(_ random: inout PhantomRandom) {
        var lattice: [Float] = []
        for _ in 0..<Self.side * Self.side * Self.side { lattice.append(Float(random.uniform(-1, 1))) }
        self.lattice = lattice
    }

    /// The field at a point; it repeats every 16 units.
    func callAsFunction(_ point: Point) -> Float {
        let floor = point.rounded(.down)
        let (u, v, w) = (Self.fade(point.x - floor.x), Self.fade(point.y - floor.y), Self.fade(point.z - floor.z))
        let mask = Self.side - 1
        let (i, j, k) = (Int(floor.x) & mask, Int(floor.y) & mask, Int(floor.z) & mask)
        let (i1, j1, k1) = ((i + 1) & mask, (j + 1) & mask, (k + 1) & mask)
        return lattice.withUnsafeBufferPointer { lattice in
            func at(_ i: Int, _ j: Int, _ k: Int) -> Float { lattice[i + Self.side * (j + Self.side * k)] }
            func mix(_ low: Float, _ high: Float, _ weight: Float) -> Float { low + (high - low) * weight }
            let near = mix(mix(at(i, j, k), at(i1, j, k), u), mix(at(i, j1, k), at(i1, j1, k), u), v)
            let far = mix(mix(at(i, j, k1), at(i1, j, k1), u), mix(at(i, j1, k1), at(i1, j1, k1), u), v)
            return mix(near, far, w)
        }
    }

    private static func fade(_ fraction: Double) -> Float {
        Float(fraction * fraction * (3 - 2 * fraction))
    }
}
