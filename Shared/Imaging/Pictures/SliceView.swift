package import Contracts

/// A flat view into space: where a picture's pixels lie.
package struct SliceView: Sendable, Equatable {
    /// The middle of the picture, RAS+ mm.
    package var center: Point
    /// Unit vectors in RAS+: which way the picture's right side and its bottom lie.
    package let right: Point
    package let down: Point
    /// What the view is called.
    package let name: String
    /// Millimeters across the picture's width and height.
    package var extent: SIMD2<Double>

    /// A plane of the patient, hung as radiologists do: in axial and coronal views the patient's right is on the left, in
    /// sagittal ones anterior is.
    package init(_ plane: Plane, through center: Point, extent: SIMD2<Double>) {
        self.center = center
        self.extent = extent
        name = plane.rawValue
        switch plane {
        case .axial: (right, down) = (Point(-1, 0, 0), Point(0, -1, 0))
        case .coronal: (right, down) = (Point(-1, 0, 0), Point(0, 0, -1))
        case .sagittal: (right, down) = (Point(0, -1, 0), Point(0, 0, -1))
        }
    }

    /// The slices of a volume as they were acquired, however oblique.
    package init(_ frame: SliceFrame, of volume: Volume, through center: Point, extent: SIMD2<Double>) {
        self.center = center
        self.extent = extent
        let axes = [volume.affine.first, volume.affine.second, volume.affine.third]
        let column = axes[frame.columnAxis] / max(axes[frame.columnAxis].length, .leastNormalMagnitude)
        let row = axes[frame.rowAxis] / max(axes[frame.rowAxis].length, .leastNormalMagnitude)
        right = frame.reversesColumns ? Point.zero - column : column
        down = frame.reversesRows ? Point.zero - row : row
        name = frame.plane.rawValue
    }

    /// The letters at the picture's left, right, top and bottom. An oblique side has two, the nearer one first.
    package var letters: (left: String, right: String, top: String, bottom: String) {
        (
            Self.letters(Point.zero - right), Self.letters(right), Self.letters(Point.zero - down), Self.letters(down)
        )
    }

    private static func letters(_ direction: Point) -> String {
        let names = [("R", "L"), ("A", "P"), ("S", "I")]
        return (0..<3).filter { abs(direction[$0]) > 0.35 }
            .sorted { abs(direction[$0]) > abs(direction[$1]) }
            .map { direction[$0] > 0 ? names[$0].0 : names[$0].1 }.joined()
    }

    /// Pixel (x, y) of a picture of the given width to RAS+ mm; pixels are square, and the third column is the normal.
    package func affine(width: Int, height: Int) -> Affine {
        let pixel = extent.x / Double(width)
        let origin =
            center - right * (pixel * Double(width - 1) / 2) - down * (pixel * Double(height - 1) / 2)
        return Affine(right * pixel, down * pixel, right.cross(down) * pixel, translation: origin)
    }

    /// Where it lies along its normal, in words: for example `S 34.2 mm`.
    package var place: String {
        let normal = right.cross(down)
        let axis = [0, 1, 2].max { abs(normal[$0]) < abs(normal[$1]) } ?? 2
        let names = [("R", "L"), ("A", "P"), ("S", "I")][axis]
        let tenths = Int((abs(center[axis]) * 10).rounded())
        return "\(center[axis] >= 0 ? names.0 : names.1) \(tenths / 10).\(tenths % 10) mm"
    }
}
