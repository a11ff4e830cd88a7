package import Contracts

/// One lesion or lymph node: where it is and how large.
package struct Region: Sendable {
    /// The publisher's, or `label-<n>`, `component-<n>`, `box-<n>`, `contour-<n>`, `seed-<n>` (counted from 1, labels
    /// apart).
    package let id: String
    /// The label that it has in the mask; nil for components and boxes.
    package let label: Int?
    /// Centroid in RAS+ world mm, volume in mm³, diameters in mm, and whether it touches its image's border.
    package let location: RegionLocation
    /// The box around it in RAS+ world, mm.
    package let minimum: Point
    package let maximum: Point
    /// Its voxels; nil for boxes.
    package let voxels: RegionVoxels?

    package var centroid: Point {
        Point(location.centroidRAS[0], location.centroidRAS[1], location.centroidRAS[2])
    }
}

extension Region {
    /// A region of a mask, measured.
    ///
    /// Volume is voxel count times voxel volume; the longest diameter is the largest distance between two points of the
    /// surface (IBSI's maximum 3D diameter); the longest axial diameter is the largest within one axial slice, and the short
    /// axis is that of the slice in which it lies.
    init(id: String, label: Int?, voxels: RegionVoxels) {
        let centroid = voxels.centroid
        let (minimum, maximum) = voxels.worldBounds
        let axial = RegionDiameters.axial(voxels)
        self.init(
            id: id, label: label,
            location: RegionLocation(
                centroidRAS: [centroid.x, centroid.y, centroid.z],
                volumeMM3: Double(voxels.count) * abs(voxels.affine.determinant),
                longestDiameterMM: RegionDiameters.longest(voxels), longestAxialDiameterMM: axial.longest,
                shortAxisMM: axial.short, touchesBorder: voxels.touchesBorder),
            minimum: minimum, maximum: maximum, voxels: voxels)
    }
}

/// Boxes whose edges run right, anterior and superior.
enum WorldBox {
    /// The smallest one around a box of voxel indices.
    static func around(_ low: [Double], _ high: [Double], _ affine: Affine) -> (minimum: Point, maximum: Point) {
        var minimum = Point(repeating: .infinity)
        var maximum = Point(repeating: -.infinity)
        for corner in corners(low, high) {
            let point = affine.apply(corner)
            minimum = pointwiseMin(minimum, point)
            maximum = pointwiseMax(maximum, point)
        }
        return (minimum, maximum)
    }

    static func corners(_ low: [Double], _ high: [Double]) -> [Point] {
        (0..<8).map {
            Point(
                $0 & 1 == 0 ? low[0] : high[0], $0 & 2 == 0 ? low[1] : high[1], $0 & 4 == 0 ? low[2] : high[2])
        }
    }
}
