/// Where a series lies in space.
package struct VolumeGeometry: Codable, Sendable, Equatable {
    /// Voxels along the stored axes i, j, k (the first is fastest in the file).
    package var shape: [Int]
    /// Voxel size in mm along i, j, k.
    package var spacing: [Double]
    /// Voxel index to RAS+ world in mm, 4×4, row by row.
    package var affine: [Double]
    /// Axis codes, for example `RAS` or `LAS`.
    package var orientation: String

    package init(shape: [Int], spacing: [Double], affine: [Double], orientation: String) {
        self.shape = shape
        self.spacing = spacing
        self.affine = affine
        self.orientation = orientation
    }
}
