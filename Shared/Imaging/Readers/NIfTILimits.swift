/// How large a NIfTI file may be before it is refused; the defaults hold every clinical MR series with room to spare.
package struct NIfTILimits: Sendable, Equatable {
    /// Bytes of the file as it lies on disk.
    package var fileBytes = 512 << 20
    /// Voxels along one axis.
    package var extent = 1024
    /// Volumes along the fourth axis.
    package var volumes = 1
    /// Bytes of the voxels, inflated, in the file's type.
    package var voxelBytes = 512 << 20
    /// Bytes between the header and the voxels (NIfTI extensions).
    package var extensionBytes = 4 << 20
    /// How many times its compressed size a gzip member may inflate to, where that is more than `inflationFloor` bytes.
    package var inflationRatio = 200
    /// Empty masks of common sizes compress a thousandfold: below this many bytes the ratio does not matter.
    package var inflationFloor = 64 << 20

    package init() {}
}
