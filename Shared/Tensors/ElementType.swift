/// The type of one number in a tensor. Every type is stored little-endian.
package enum ElementType: String, Codable, Sendable, CaseIterable {
    case float32
    case float16
    case bfloat16
    case int16
    case uint8

    /// Bytes that one element takes.
    package var byteCount: Int {
        switch self {
        case .float32: 4
        case .float16, .bfloat16, .int16: 2
        case .uint8: 1
        }
    }

    /// The `dtype` word of the safetensors format.
    package var safetensorsName: String {
        switch self {
        case .float32: "F32"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .int16: "I16"
        case .uint8: "U8"
        }
    }

    /// The element type with this safetensors `dtype` word, or nil for a word that tensors here cannot hold.
    package init?(safetensorsName: String) {
        guard let match = Self.allCases.first(where: { $0.safetensorsName == safetensorsName }) else { return nil }
        self = match
    }
}
