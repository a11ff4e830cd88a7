/// The voxel types that are read, by their code in the header.
///
/// Complex, RGB, 128-bit and unsigned 64-bit voxels are no MR intensities and no label maps.
enum NIfTIVoxelType: Int, CaseIterable {
    case uint8 = 2
    case int16 = 4
    case int32 = 8
    case float32 = 16
    case float64 = 64
    case int8 = 256
    case uint16 = 512
    case uint32 = 768
    case int64 = 1024

    var byteCount: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float32: 4
        case .float64, .int64: 8
        }
    }
}
