/// What went wrong with a tensor's shape, type or size.
package enum TensorError: Error, Equatable {
    /// An operation was given a tensor of another shape than it needs.
    case shapeMismatch(operation: String, expected: [Int], got: [Int])
    /// An operation was given a tensor with another number of axes than it needs.
    case rankMismatch(operation: String, expected: Int, got: [Int])
    /// An operation was given elements of a type that it does not take.
    case elementTypeMismatch(operation: String, expected: [ElementType], got: ElementType)
    /// The number of values is not the product of the shape.
    case elementCountMismatch(shape: [Int], expected: Int, got: Int)
    /// The buffer has another size than shape and element type say.
    case byteCountMismatch(shape: [Int], elementType: ElementType, expected: Int, got: Int)
    /// A negative extent, or a product that overflows.
    case invalidShape([Int], reason: String)
}

extension TensorError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .shapeMismatch(let operation, let expected, let got):
            "\(operation): expected shape \(expected), got \(got)"
        case .rankMismatch(let operation, let expected, let got):
            "\(operation): expected \(expected) axes, got \(got.count) in shape \(got)"
        case .elementTypeMismatch(let operation, let expected, let got):
            "\(operation): expected \(expected.map(\.rawValue).joined(separator: " or ")), got \(got.rawValue)"
        case .elementCountMismatch(let shape, let expected, let got):
            "tensor of shape \(shape): expected \(expected) values, got \(got)"
        case .byteCountMismatch(let shape, let elementType, let expected, let got):
            "tensor of shape \(shape) and type \(elementType.rawValue): expected \(expected) bytes, got \(got)"
        case .invalidShape(let shape, let reason):
            "shape \(shape) is not valid: \(reason)"
        }
    }
}
