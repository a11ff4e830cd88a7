extension Tensor {
    /// The values as `Float`, whatever the element type; exact for every element type.
    package func floats() -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { destination, initialized in
            buffer.withUnsafeBytes { source in
                guard let target = destination.baseAddress, let bytes = source.baseAddress, count > 0 else { return }
                Self.read(bytes, as: elementType, into: target, count: count)
            }
            initialized = count
        }
    }

    /// Lends the values as `Float`; without a copy for a float32 tensor whose bytes are aligned.
    package func withFloats<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        if elementType == .float32 {
            let direct: Result? = try buffer.withUnsafeBytes { bytes throws -> Result? in
                // A slice of a file may begin at any byte.
                guard UInt(bitPattern: bytes.baseAddress) % UInt(MemoryLayout<Float>.alignment) == 0 else {
                    return nil
                }
                return try body(bytes.bindMemory(to: Float.self))
            }
            if let direct { return direct }
        }
        return try floats().withUnsafeBufferPointer(body)
    }

    /// The same values as another element type; the tensor itself when it already has the type.
    ///
    /// Floats are rounded to nearest, ties to even; beyond float16 becomes infinity. Into an integer type values are
    /// clamped to its range and NaN becomes 0.
    package func converted(to target: ElementType) -> Tensor {
        guard target != elementType else { return self }
        let count = count
        let converted = TensorBuffer.filled(count: count * target.byteCount) { destination in
            buffer.withUnsafeBytes { source in
                guard let bytes = source.baseAddress, let output = destination.baseAddress, count > 0 else { return }
                Self.convert(bytes, elementType, to: output, target, count: count)
            }
        }
        do {
            return try Tensor(shape: shape, elementType: target, buffer: converted)
        } catch {
            preconditionFailure("a converted tensor has as many elements as before: \(error)")
        }
    }

    /// Goes through blocks of floats that stay in the first-level cache.
    private static func convert(
        _ source: UnsafeRawPointer, _ sourceType: ElementType, to destination: UnsafeMutableRawPointer,
        _ destinationType: ElementType, count: Int
    ) {
        let block = 2048
        withUnsafeTemporaryAllocation(of: Float.self, capacity: block) { scratch in
            let floats = scratch.baseAddress!
            var start = 0
            while start < count {
                let length = min(block, count - start)
                read(source + start * sourceType.byteCount, as: sourceType, into: floats, count: length)
                write(
                    floats, as: destinationType, into: destination + start * destinationType.byteCount, count: length)
                start += length
            }
        }
    }

    /// Reads `count` elements, at any alignment, as floats.
    private static func read(
        _ source: UnsafeRawPointer, as type: ElementType, into target: UnsafeMutablePointer<Float>, count: Int
    ) {
        switch type {
        case .float32:
            UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * 4)
        case .float16:
            for index in 0..<count {
                let half = source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
                target[index] = ElementConversion.float(fromHalf: half)
            }
        case .bfloat16:
            for index in 0..<count {
                let brain = source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
                target[index] = ElementConversion.float(fromBrain: brain)
            }
        case .int16:
            for index in 0..<count {
                target[index] = Float(source.loadUnaligned(fromByteOffset: index &* 2, as: Int16.self))
            }
        case .uint8:
            for index in 0..<count {
                target[index] = Float(source.load(fromByteOffset: index, as: UInt8.self))
            }
        }
    }

    /// Writes `count` floats as elements of a type. The destination is aligned: it was allocated here.
    private static func write(
        _ source: UnsafePointer<Float>, as type: ElementType, into target: UnsafeMutableRawPointer, count: Int
    ) {
        switch type {
        case .float32:
            target.copyMemory(from: source, byteCount: count * 4)
        case .float16:
            let halves = target.bindMemory(to: UInt16.self, capacity: count)
            for index in 0..<count { halves[index] = ElementConversion.half(from: source[index]) }
        case .bfloat16:
            let brains = target.bindMemory(to: UInt16.self, capacity: count)
            for index in 0..<count { brains[index] = ElementConversion.brain(from: source[index]) }
        case .int16:
            let integers = target.bindMemory(to: Int16.self, capacity: count)
            for index in 0..<count {
                let value = ElementConversion.integer(from: source[index], lowest: -32768, highest: 32767)
                integers[index] = Int16(truncatingIfNeeded: value)
            }
        case .uint8:
            let integers = target.bindMemory(to: UInt8.self, capacity: count)
            for index in 0..<count {
                let value = ElementConversion.integer(from: source[index], lowest: 0, highest: 255)
                integers[index] = UInt8(truncatingIfNeeded: value)
            }
        }
    }
}
