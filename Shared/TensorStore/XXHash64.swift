/// XXH64, a fast hash that finds damage but withstands no forger.
///
/// Specification: xxHash fast digest algorithm, https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md, section XXH64.
struct XXHash64 {
    private static let prime1: UInt64 = 0x9e37_79b1_85eb_ca87
    private static let prime2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
    private static let prime3: UInt64 = 0x1656_67b1_9e37_79f9
    private static let prime4: UInt64 = 0x85eb_ca77_c2b2_ae63
    private static let prime5: UInt64 = 0x27d4_eb2f_1656_67c5

    /// The hash of `bytes`.
    static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        let count = bytes.count
        guard count > 0, let base = bytes.baseAddress else { return avalanche(seed &+ prime5) }
        var offset = 0
        var accumulator = seed &+ prime5
        if count >= 32 {
            // Four lanes that do not depend on each other keep the multiplier busy.
            var lane1 = seed &+ prime1 &+ prime2
            var lane2 = seed &+ prime2
            var lane3 = seed
            var lane4 = seed &- prime1
            let end = count &- 32
            while offset <= end {
                lane1 = round(lane1, load64(base, offset))
                lane2 = round(lane2, load64(base, offset &+ 8))
                lane3 = round(lane3, load64(base, offset &+ 16))
                lane4 = round(lane4, load64(base, offset &+ 24))
                offset &+= 32
            }
            accumulator = rotated(lane1, 1) &+ rotated(lane2, 7) &+ rotated(lane3, 12) &+ rotated(lane4, 18)
            for lane in [lane1, lane2, lane3, lane4] {
                accumulator = (accumulator ^ round(0, lane)) &* prime1 &+ prime4
            }
        }
        accumulator &+= UInt64(count)
        while offset &+ 8 <= count {
            accumulator = rotated(accumulator ^ round(0, load64(base, offset)), 27) &* prime1 &+ prime4
            offset &+= 8
        }
        if offset &+ 4 <= count {
            let word = UInt64(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            accumulator = rotated(accumulator ^ (word &* prime1), 23) &* prime2 &+ prime3
            offset &+= 4
        }
        while offset < count {
            let byte = UInt64(base.load(fromByteOffset: offset, as: UInt8.self))
            accumulator = rotated(accumulator ^ (byte &* prime5), 11) &* prime1
            offset &+= 1
        }
        return avalanche(accumulator)
    }

    @inline(__always)
    private static func load64(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
        rotated(lane &+ input &* prime2, 31) &* prime1
    }

    @inline(__always)
    private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value &<< count | value &>> (64 &- count)
    }

    private static func avalanche(_ accumulator: UInt64) -> UInt64 {
        var hash = accumulator
        hash = (hash ^ hash &>> 33) &* prime2
        hash = (hash ^ hash &>> 29) &* prime3
        return hash ^ hash &>> 32
    }
}
