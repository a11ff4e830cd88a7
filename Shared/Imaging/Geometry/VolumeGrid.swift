import Contracts

/// Where the voxels of a volume lie, or are to lie.
package struct VolumeGrid: Sendable, Equatable {
    /// Voxels along i, j, k.
    package let shape: [Int]
    /// Voxel index (i, j, k) to RAS+ world in mm.
    package let affine: Affine

    /// - Throws: `nifti-dimensions-invalid` for an extent that is not 1 to 4096 or more than 2³⁰ voxels,
    ///   `affine-invalid` for an affine that cannot be inverted.
    package init(shape: [Int], affine: Affine, subject: String = "grid") throws(ImagingError) {
        guard shape.count == 3, shape.allSatisfy({ 1...4096 ~= $0 }), shape.reduce(1, *) <= 1 << 30 else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject,
                "expected three extents from 1 to 4096 and at most 2^30 voxels, found \(shape); ask for wider spacings")
        }
        guard affine.isInvertible else {
            throw ImagingError(
                .affineInvalid, subject: subject,
                "expected a finite affine that can be inverted, its determinant is \(affine.determinant)")
        }
        self.shape = shape
        self.affine = affine
    }

    /// The grid on which a volume lies.
    package init(of volume: Volume) {
        shape = volume.shape
        affine = volume.affine
    }

    /// The same grid with axes that run in another orientation.
    package func reoriented(to target: Orientation) -> VolumeGrid {
        let change = Reorientation(from: Orientation(affine), to: target)
        return VolumeGrid(unchecked: change.shape(shape), affine.composed(with: change.map(shape)))
    }

    /// The grid with other distances between its voxels: the first voxel's center stays, the axes keep their directions,
    /// and each extent is the old length divided by the new spacing, rounded (half up), at least 1.
    ///
    /// - Parameters:
    ///   - spacing: mm along i, j, k.
    ///   - subject: what errors call the grid.
    /// - Returns: the new grid.
    /// - Throws: `box-invalid` for a spacing that is not 0.001 to 1000 mm, and what the initializer throws.
    package func respaced(_ spacing: Point, subject: String = "grid") throws(ImagingError) -> VolumeGrid {
        guard (0..<3).allSatisfy({ 1e-3...1e3 ~= spacing[$0] }) else {
            throw ImagingError(
                .boxInvalid, subject: subject, "expected three spacings from 0.001 to 1000 mm, found \(spacing)")
        }
        let old = affine.spacing
        let extents = (0..<3).map { axis -> Int in
            let length: Double = Double(shape[axis]) * old[axis]
            return max(1, Int((length / spacing[axis] + 0.5).rounded(.down)))
        }
        let scale = spacing / old
        return try VolumeGrid(
            shape: extents,
            affine: Affine(
                affine.first * scale.x, affine.second * scale.y, affine.third * scale.z,
                translation: affine.translation), subject: subject)
    }

    private init(unchecked shape: [Int], _ affine: Affine) {
        self.shape = shape
        self.affine = affine
    }

    package var voxelCount: Int { shape[0] * shape[1] * shape[2] }
}
