import Tensors
import Testing

/// Conversions against independent definitions: Swift's own `Float16`, and a widening search for bfloat16.
@Suite struct ElementConversionTests {
    @Test func everyHalfBecomesTheFloatThatItMeans() throws {
        let halves = try Tensor(shape: [65536], elementType: .float16) { bytes in
            for pattern in 0..<65536 {
                bytes.storeBytes(of: UInt16(pattern).littleEndian, toByteOffset: pattern * 2, as: UInt16.self)
            }
        }
        for (pattern, value) in halves.floats().enumerated() {
            let expected = Float(Float16(bitPattern: UInt16(pattern)))
            let same = expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern
            #expect(same, "pattern \(pattern): \(value)")
            if !same { return }
        }
    }

    @Test func floatsAreRoundedToTheNearestHalf() throws {
        let values = Self.probes
        let halves = try Tensor(shape: [values.count], floats: values).converted(to: .float16)
        try halves.buffer.withUnsafeBytes { bytes in
            for (index, value) in values.enumerated() {
                let got = Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
                let expected = Float16(value)
                try #require(expected.isNaN ? got.isNaN : got.bitPattern == expected.bitPattern, "\(value): \(got)")
            }
        }
    }

    @Test func floatsAreRoundedToTheNearestBrainFloat() throws {
        let values = Self.probes
        let brains = try Tensor(shape: [values.count], floats: values).converted(to: .bfloat16).floats()
        for (value, got) in zip(values, brains) {
            if value.isNaN {
                try #require(got.isNaN)
                continue
            }
            // The two neighbors that a bfloat16 can hold; the nearer one, or the even one of two equally near.
            let lower = Float(bitPattern: value.bitPattern & 0xffff_0000)
            let upper = Float(bitPattern: (value.bitPattern & 0xffff_0000) &+ 0x1_0000)
            guard value.isFinite else {
                try #require(got == value)
                continue
            }
            let toLower = abs(Double(value) - Double(lower))
            // What follows the greatest number counts as the next power of two (IEEE 754, 4.3.1).
            let above = upper.isFinite ? Double(upper) : 0x1p128 * (value < 0 ? -1 : 1)
            let toUpper = abs(above - Double(value))
            let even = (lower.bitPattern >> 16) & 1 == 0 ? lower : upper
            let expected = toLower < toUpper ? lower : (toUpper < toLower ? upper : even)
            try #require(got.bitPattern == expected.bitPattern, "\(value): got \(got), expected \(expected)")
        }
    }

    @Test func integersAreClampedAndRoundedToEven() throws {
        let values: [Float] = [0.5, 1.5, 2.5, -0.5, -1.5, 254.5, 255.4, 300, -7, .nan, .infinity, -.infinity, 40000]
        let tensor = try Tensor(shape: [values.count], floats: values)
        #expect(tensor.converted(to: .uint8).floats() == [0, 2, 2, 0, 0, 254, 255, 255, 0, 0, 255, 0, 255])
        #expect(
            tensor.converted(to: .int16).floats()
                == [0, 2, 2, 0, -2, 254, 255, 300, -7, 0, 32767, -32768, 32767])
    }

    @Test func everyInt16AndUInt8SurvivesTheWayThroughFloat() throws {
        let floats = (Int(Int16.min)...Int(Int16.max)).map { Float($0) }
        let integers = try Tensor(shape: [65536], floats: floats).converted(to: .int16)
        #expect(integers.floats() == floats)
        #expect(integers.converted(to: .float32).converted(to: .int16) == integers)
        let bytes = (0...255).map { Float($0) }
        #expect(try Tensor(shape: [256], floats: bytes).converted(to: .uint8).converted(to: .float16).floats() == bytes)
    }

    @Test func aTensorOfTheTypeAlreadyIsNotCopied() throws {
        let tensor = try Tensor(shape: [2], floats: [1, 2])
        #expect(tensor.converted(to: .float32).buffer === tensor.buffer)
    }

    @Test func unalignedElementsAreRead() throws {
        let source = try Tensor(shape: [5000], floats: (0..<5000).map { Float($0) * 0.25 })
        for type in ElementType.allCases {
            let aligned = source.converted(to: type)
            let shifted = TensorBuffer.filled(count: aligned.buffer.count + 1) { bytes in
                bytes[0] = 0xaa
                aligned.buffer.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: bytes[1...]).copyMemory(from: $0)
                }
            }
            let tensor = try Tensor(
                shape: [5000], elementType: type, buffer: shifted.slice(1..<shifted.count))
            #expect(tensor == aligned)
            #expect(tensor.floats() == aligned.floats())
            #expect(tensor.withFloats { Array($0) } == aligned.floats())
            #expect(tensor.converted(to: .bfloat16) == aligned.converted(to: .bfloat16))
        }
    }

    /// Every float whose low 16 bits are at a rounding border, the neighbors of all halves' midpoints, and a spread.
    private static let probes: [Float] = {
        var values: [Float] = []
        for high in stride(from: 0 as UInt32, to: 0x1_0000, by: 1) {
            for low: UInt32 in [0, 1, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x7fff, 0x8000, 0x8001, 0xffff] {
                values.append(Float(bitPattern: high << 16 | low))
            }
        }
        for pattern in UInt16(0)..<0x7c00 {
            let midpoint = (Float(Float16(bitPattern: pattern)) + Float(Float16(bitPattern: pattern + 1))) / 2
            if midpoint.isFinite { values += [midpoint, midpoint.nextUp, midpoint.nextDown, -midpoint] }
        }
        return values
    }()
}
