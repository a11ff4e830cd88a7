/// Makes inputs out of valid ones: flipped and random bits, numbers at their limits, pieces cut, doubled, moved and
/// taken from another seed, and bytes put on. SplitMix64, so that a seed makes the same inputs everywhere.
struct Mutator {
    private static let limits: [UInt64] = [
        0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000, 0xffff_ffff_ffff_ffff, 0x7f80_0000, 0x7fc0_0000, 0x7ff0_0000_0000_0000,
        0x7ff8_0000_0000_0000, 200, 1024, 1_000_000,
    ]
    private static let lengthLimit = 16_384

    private var state: UInt64
    private let seeds: [[UInt8]]

    /// - Precondition: at least one seed.
    init(seed: UInt64, seeds: [[UInt8]]) {
        state = seed
        self.seeds = seeds
    }

    private mutating func random() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    private mutating func below(_ count: Int) -> Int { count <= 0 ? 0 : Int(random() % UInt64(count)) }

    mutating func next() -> [UInt8] {
        var bytes = seeds[below(seeds.count)]
        for _ in 0...below(4) { mutate(&bytes) }
        return bytes
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = [UInt8(truncatingIfNeeded: random())]
            return
        }
        let place = position(in: bytes)
        switch below(9) {
        case 0: bytes[place] ^= 1 << UInt8(below(8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: random())
        case 2, 3:
            let value = Self.limits[below(Self.limits.count)]
            let width = [1, 2, 4, 8][below(4)]
            let isBig = below(4) == 0
            for index in 0..<width where place + index < bytes.count {
                bytes[place + index] = UInt8(
                    truncatingIfNeeded: value >> UInt64(8 * (isBig ? width - 1 - index : index)))
            }
        case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(64)))
        case 5: bytes.removeLast(bytes.count - place)
        case 6:
            let piece = Array(bytes[place..<min(bytes.count, place + 1 + below(64))])
            bytes.insert(contentsOf: piece, at: position(in: bytes))
        case 7:
            let other = seeds[below(seeds.count)]
            let start = below(other.count)
            let piece = other[start..<min(other.count, start + 1 + below(64))]
            bytes.replaceSubrange(place..<min(bytes.count, place + piece.count), with: piece)
        default: bytes += (0...below(32)).map { _ in UInt8(truncatingIfNeeded: random()) }
        }
        if bytes.count > Self.lengthLimit { bytes.removeLast(bytes.count - Self.lengthLimit) }
    }

    /// Headers are where the traps are: every second mutation lies in the first 600 bytes.
    private mutating func position(in bytes: [UInt8]) -> Int {
        below(below(2) == 0 ? min(bytes.count, 600) : bytes.count)
    }
}
