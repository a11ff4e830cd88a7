import Contracts

/// Where a patch's samples lie: a box of samples whose axes run right, anterior and superior.
package struct PatchGrid: Sendable, Equatable {
    /// The middle of the patch in RAS+ world, mm.
    package let center: Point
    /// Samples along x (left to right), y (posterior to anterior), z (inferior to superior).
    package let size: [Int]
    /// Distance between samples in mm along x, y, z.
    package let spacing: Point

    /// - Throws: `box-invalid` for a size that is not 1 to 512, a spacing that is not 0.001 to 1000 mm, or a center
    ///   that is not finite or further than 1 km away.
    package init(
        center: Point, size: [Int], spacing: Point, subject: String = "patch"
    ) throws(ImagingError) {
        let lengths = [spacing.x, spacing.y, spacing.z]
        // Nobody is a kilometer tall; beyond that, arithmetic on indices would not be safe.
        guard size.count == 3, size.allSatisfy({ 1...512 ~= $0 }), lengths.allSatisfy({ 1e-3...1e3 ~= $0 }),
            (0..<3).allSatisfy({ abs(center[$0]) <= 1e6 })
        else {
            throw ImagingError(
                .boxInvalid, subject: subject,
                "expected three sizes from 1 to 512, spacings from 0.001 to 1000 mm and a center within 1 km, "
                    + "found size \(size), spacing \(lengths)")
        }
        self.center = center
        self.size = size
        self.spacing = spacing
    }

    /// Sample (x, y, z) to RAS+ world in mm.
    package var affine: Affine {
        let half = Point(Double(size[0] - 1), Double(size[1] - 1), Double(size[2] - 1)) * 0.5
        return Affine(spacing: spacing, origin: center - half * spacing)
    }
}
