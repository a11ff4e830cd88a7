/// The voxel types that are read and written, by their code in the header.
///
/// Complex, RGB and 128-bit voxels are no MR intensities and no label maps.
package enum NIfTIVoxelType: Int, CaseIterable, Sendable {
    case uint8 = 2
    case int16 = 4
    case int32 = 8
    case float32 = 16
    case float64 = 64
    case int8 = 256
    case uint16 = 512
    case uint32 = 768
    case int64 = 1024
    case uint64 = 1280

    package var byteCount: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    package var isFloatingPoint: Bool { self == .float32 || self == .float64 }

    /// NumPy's name of the type, for example `int16`.
    package var name: String { String(describing: self) }

    /// The type of NumPy's name; nil for any other word.
    package init?(name: String) {
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    /// The whole numbers that the type holds; nil for floating point, and cut to what a double tells apart for 64 bits.
    package var range: ClosedRange<Double>? {
        switch self {
        case .uint8: 0...255
        case .int8: -128...127
        case .uint16: 0...65_535
        case .int16: -32_768...32_767
        case .uint32: 0...4_294_967_295
        case .int32: -2_147_483_648...2_147_483_647
        case .uint64: 0...0x1p64.nextDown
        case .int64: -0x1p63...0x1p63.nextDown
        case .float32, .float64: nil
        }
    }
}
