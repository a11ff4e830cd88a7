/// Numbers with a shape: little-endian, row-major (the last axis varies fastest). A value; the bytes are shared.
package struct Tensor: Sendable, Equatable {
    /// Extents of the axes, slowest first. An empty shape is one number.
    package let shape: [Int]
    package let elementType: ElementType
    /// Exactly `count * elementType.byteCount` bytes.
    package let buffer: TensorBuffer

    /// Number of elements.
    package var count: Int { buffer.count / elementType.byteCount }

    /// Gives a shape to bytes.
    ///
    /// - Throws: `invalidShape` for a negative extent or an overflow, `byteCountMismatch` for a buffer of another size.
    package init(shape: [Int], elementType: ElementType, buffer: TensorBuffer) throws(TensorError) {
        let expected = try Self.byteCount(shape: shape, elementType: elementType)
        guard buffer.count == expected else {
            throw .byteCountMismatch(shape: shape, elementType: elementType, expected: expected, got: buffer.count)
        }
        self.shape = shape
        self.elementType = elementType
        self.buffer = buffer
    }

    /// A float32 tensor of the given values.
    ///
    /// - Throws: `invalidShape`, or `elementCountMismatch` when the values are not as many as the shape says.
    package init(shape: [Int], floats: [Float]) throws(TensorError) {
        let expected = try Self.elementCount(shape: shape)
        guard floats.count == expected else {
            throw .elementCountMismatch(shape: shape, expected: expected, got: floats.count)
        }
        let buffer = floats.withUnsafeBytes { TensorBuffer(copying: $0) }
        try self.init(shape: shape, elementType: .float32, buffer: buffer)
    }

    /// Allocates a tensor and lets `filling` write its bytes.
    ///
    /// - Parameters:
    ///   - shape: extents of the axes, slowest first.
    ///   - elementType: the type of the numbers.
    ///   - filling: writes every byte; the memory is 64-byte aligned and holds anything before.
    /// - Throws: `TensorError.invalidShape`, and what `filling` throws.
    package init(
        shape: [Int], elementType: ElementType, filling: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
        let byteCount = try Self.byteCount(shape: shape, elementType: elementType)
        let buffer = try TensorBuffer.filled(count: byteCount, filling)
        try self.init(shape: shape, elementType: elementType, buffer: buffer)
    }

    /// The same numbers under another shape; shares the bytes.
    ///
    /// - Throws: `invalidShape`, or `byteCountMismatch` when the shape has another number of elements.
    package func reshaped(to shape: [Int]) throws(TensorError) -> Tensor {
        try Tensor(shape: shape, elementType: elementType, buffer: buffer)
    }

    /// The number of elements of a shape.
    ///
    /// - Throws: `invalidShape` for a negative extent or a product beyond `Int.max`.
    package static func elementCount(shape: [Int]) throws(TensorError) -> Int {
        // Extents that follow a 0 must not hide an overflow or a negative one, so each is looked at.
        var product = 1
        for extent in shape {
            guard extent >= 0 else { throw .invalidShape(shape, reason: "extents must not be negative") }
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw .invalidShape(shape, reason: "the number of elements overflows") }
            product = next
        }
        return product
    }

    /// The number of bytes of a shape of such elements.
    ///
    /// - Throws: `invalidShape` for a negative extent or a product beyond `Int.max`.
    package static func byteCount(shape: [Int], elementType: ElementType) throws(TensorError) -> Int {
        let (bytes, overflow) = try elementCount(shape: shape)
            .multipliedReportingOverflow(by: elementType.byteCount)
        guard !overflow else { throw .invalidShape(shape, reason: "the number of bytes overflows") }
        return bytes
    }

    /// Tensors are equal when shape, element type and every byte are; so a NaN equals itself and 0 differs from -0.
    package static func == (lhs: Tensor, rhs: Tensor) -> Bool {
        lhs.shape == rhs.shape && lhs.elementType == rhs.elementType && lhs.buffer == rhs.buffer
    }
}

extension Tensor: CustomStringConvertible {
    /// Shape and type, never the values: they may be a patient's.
    package var description: String { "\(elementType.rawValue)\(shape)" }
}
