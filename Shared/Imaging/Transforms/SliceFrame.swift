package import Contracts

/// How a plane's slices are laid out as pictures, out of a volume in any orientation: the voxel axis that comes
/// closest to each direction is taken, so nothing is interpolated.
///
/// Pictures lie as radiologists hang them. Axial: rows from anterior to posterior, columns from the patient's right to
/// left. Coronal: rows from superior to inferior, columns from right to left. Sagittal: rows from superior to inferior,
/// columns from anterior to posterior.
package struct SliceFrame: Sendable, Equatable {
    package let plane: Plane
    /// Voxel axes (0, 1, 2) from slice to slice, from row to row and from column to column.
    package let sliceAxis: Int
    package let rowAxis: Int
    package let columnAxis: Int
    /// Whether the picture runs against the voxel axis.
    package let reversesRows: Bool
    package let reversesColumns: Bool

    package init(plane: Plane, of orientation: Orientation) {
        // World axes (0 right, 1 anterior, 2 superior) of rows and columns; all three pictures run against both of
        // theirs.
        let (rows, columns) =
            switch plane {
            case .axial: (1, 0)
            case .coronal: (2, 0)
            case .sagittal: (2, 1)
            }
        self.plane = plane
        sliceAxis = orientation.sliceAxis(of: plane)
        rowAxis = orientation.voxelAxis(closestTo: rows)
        columnAxis = orientation.voxelAxis(closestTo: columns)
        reversesRows = orientation.isPositive[rowAxis]
        reversesColumns = orientation.isPositive[columnAxis]
    }
}
