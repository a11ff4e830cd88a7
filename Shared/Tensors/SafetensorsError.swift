/// Why bytes are not a safetensors file, or a file could not be read or written.
package enum SafetensorsError: Error, Equatable {
    /// Fewer bytes than the header's length field takes, or than the length field says.
    case truncated(expected: UInt64, got: Int)
    /// The length field exceeds the format's limit of 100 MB.
    case headerTooLong(declared: UInt64, limit: Int)
    /// The header is not the JSON that the format asks for; `byte` counts from the header's first byte.
    case malformedHeader(byte: Int, expected: String)
    /// Two tensors have one name.
    case duplicateName(String)
    /// A name that the format keeps for itself.
    case reservedName(String)
    /// A `dtype` that the format does not know.
    case unknownElementType(tensor: String, dtype: String)
    /// A `dtype` of the format that tensors here cannot hold; only asking for this tensor fails.
    case unsupportedElementType(tensor: String, dtype: String)
    /// Offsets that are reversed or lie beyond the data.
    case invalidOffsets(tensor: String, begin: Int, end: Int, dataByteCount: Int)
    /// Offsets whose distance is not what shape and `dtype` say.
    case sizeMismatch(tensor: String, expected: Int, got: Int)
    /// A gap between two tensors, or an overlap.
    case notContiguous(tensor: String, expectedBegin: Int, got: Int)
    /// Bytes after the last tensor.
    case trailingBytes(count: Int)
    /// A shape with a product that overflows.
    case invalidShape(tensor: String, shape: [Int])
    /// No tensor of this name.
    case noSuchTensor(name: String, tensorCount: Int)
    /// The operating system refused a file operation.
    case file(operation: String, path: String, reason: String)
}

extension SafetensorsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let expected, let got):
            "safetensors: expected at least \(expected) bytes, got \(got); the file was cut off or is of another format"
        case .headerTooLong(let declared, let limit):
            "safetensors: header of \(declared) bytes declared, at most \(limit) allowed; is it of another format?"
        case .malformedHeader(let byte, let expected):
            "safetensors: header byte \(byte): expected \(expected)"
        case .duplicateName(let name):
            "safetensors: two tensors are named '\(name)'"
        case .reservedName(let name):
            "safetensors: the name '\(name)' is reserved by the format; choose another"
        case .unknownElementType(let tensor, let dtype):
            "safetensors: tensor '\(tensor)' has dtype '\(dtype)', which the format does not know"
        case .unsupportedElementType(let tensor, let dtype):
            "safetensors: tensor '\(tensor)' has dtype '\(dtype)', expected one of "
                + ElementType.allCases.map(\.safetensorsName).joined(separator: ", ") + "; convert it before saving"
        case .invalidOffsets(let tensor, let begin, let end, let dataByteCount):
            "safetensors: tensor '\(tensor)' has offsets [\(begin), \(end)], "
                + "expected an ascending pair within \(dataByteCount) bytes of data"
                + (begin <= end && end > dataByteCount ? "; was the file cut off?" : "")
        case .sizeMismatch(let tensor, let expected, let got):
            "safetensors: tensor '\(tensor)': shape and dtype need \(expected) bytes, the offsets hold \(got)"
        case .notContiguous(let tensor, let expectedBegin, let got):
            "safetensors: tensor '\(tensor)' begins at \(got), expected \(expectedBegin), where the one before ends"
        case .trailingBytes(let count):
            "safetensors: \(count) bytes follow the last tensor, expected none"
        case .invalidShape(let tensor, let shape):
            "safetensors: tensor '\(tensor)': the size of shape \(shape) overflows"
        case .noSuchTensor(let name, let tensorCount):
            "safetensors: no tensor '\(name)' among the \(tensorCount) of the file"
        case .file(let operation, let path, let reason):
            "safetensors: cannot \(operation) '\(path)': \(reason)"
        }
    }
}
