import Contracts

/// A point or a displacement: voxel indices (i, j, k) or RAS+ world coordinates in mm (right, anterior, superior).
package typealias Point = SIMD3<Double>

/// A 4×4 affine map whose last row is 0 0 0 1; for a volume it takes voxel indices to RAS+ world coordinates in mm.
package struct Affine: Sendable, Equatable {
    /// The images of the unit steps along the three input axes.
    package var columns: (Point, Point, Point) { (first, second, third) }
    package var first: Point
    package var second: Point
    package var third: Point
    /// The image of the origin.
    package var translation: Point

    package static let identity = Affine(Point(1, 0, 0), Point(0, 1, 0), Point(0, 0, 1), translation: .zero)

    package init(_ first: Point, _ second: Point, _ third: Point, translation: Point) {
        self.first = first
        self.second = second
        self.third = third
        self.translation = translation
    }

    /// From sixteen (or, without the last row, twelve) numbers, row by row.
    package init?(rows: [Double]) {
        guard rows.count == 16 || rows.count == 12 else { return nil }
        if rows.count == 16, rows[12] != 0 || rows[13] != 0 || rows[14] != 0 || rows[15] != 1 { return nil }
        self.init(
            Point(rows[0], rows[4], rows[8]), Point(rows[1], rows[5], rows[9]), Point(rows[2], rows[6], rows[10]),
            translation: Point(rows[3], rows[7], rows[11]))
    }

    /// Axis-aligned: one spacing in mm for each axis, and where the first voxel's center lies.
    package init(spacing: Point, origin: Point) {
        self.init(Point(spacing.x, 0, 0), Point(0, spacing.y, 0), Point(0, 0, spacing.z), translation: origin)
    }

    /// The sixteen numbers, row by row.
    package var rows: [Double] {
        [
            first.x, second.x, third.x, translation.x,
            first.y, second.y, third.y, translation.y,
            first.z, second.z, third.z, translation.z,
            0, 0, 0, 1,
        ]
    }

    /// The image of a point.
    @inline(__always)
    package func apply(_ point: Point) -> Point {
        first * point.x + second * point.y + third * point.z + translation
    }

    /// The image of a displacement: without the translation.
    @inline(__always)
    package func applyLinear(_ displacement: Point) -> Point {
        first * displacement.x + second * displacement.y + third * displacement.z
    }

    /// The map that does `inner` first and then this one.
    package func composed(with inner: Affine) -> Affine {
        Affine(
            applyLinear(inner.first), applyLinear(inner.second), applyLinear(inner.third),
            translation: apply(inner.translation))
    }

    /// The determinant of the linear part: for a volume's affine the signed volume of one voxel in mm³.
    package var determinant: Double { first.dot(second.cross(third)) }

    /// The lengths of the columns: for a volume's affine the voxel size in mm along i, j and k.
    package var spacing: Point { Point(first.length, second.length, third.length) }

    package var isFinite: Bool { rows.allSatisfy(\.isFinite) }

    /// Whether it is finite and its columns are far enough from lying in one plane to be told apart in single
    /// precision.
    package var isInvertible: Bool {
        guard isFinite else { return false }
        let spacing = spacing
        let product = spacing.x * spacing.y * spacing.z
        return product > 0 && product.isFinite && abs(determinant) > 1e-6 * product
    }

    /// The inverse map, by the adjugate.
    ///
    /// - Throws: `affine-invalid` where the columns lie in one plane or a number is not finite.
    package func inverted(subject: String = "affine") throws(ImagingError) -> Affine {
        guard isInvertible else {
            throw ImagingError(
                .affineInvalid, subject: subject,
                "expected an affine that can be inverted, its determinant is \(determinant); export the image again")
        }
        if let inverse = invertedAlongAxes() { return inverse }
        let scale = 1 / determinant
        let rowX = second.cross(third) * scale
        let rowY = third.cross(first) * scale
        let rowZ = first.cross(second) * scale
        let linear = Affine(
            Point(rowX.x, rowY.x, rowZ.x), Point(rowX.y, rowY.y, rowZ.y), Point(rowX.z, rowY.z, rowZ.z),
            translation: .zero)
        var inverse = linear
        inverse.translation = Point.zero - linear.applyLinear(translation)
        return inverse
    }

    /// The inverse where each column lies along one axis: reciprocals, without rounding errors of products.
    private func invertedAlongAxes() -> Affine? {
        var rows = [Point.zero, .zero, .zero]
        for (column, value) in [first, second, third].enumerated() {
            let places = (0..<3).filter { value[$0] != 0 }
            guard places.count == 1 else { return nil }
            rows[column][places[0]] = 1 / value[places[0]]
        }
        let linear = Affine(
            Point(rows[0].x, rows[1].x, rows[2].x), Point(rows[0].y, rows[1].y, rows[2].y),
            Point(rows[0].z, rows[1].z, rows[2].z), translation: .zero)
        var inverse = linear
        inverse.translation = Point.zero - linear.applyLinear(translation)
        return inverse
    }

    /// The same map in the other convention of world axes, LPS+ (left, posterior, superior; DICOM, ITK) for RAS+ and back.
    package var flippedWorld: Affine {
        let flip = Point(-1, -1, 1)
        return Affine(first * flip, second * flip, third * flip, translation: translation * flip)
    }

    /// The largest distance in mm by which the two maps part over a grid of `shape` voxels.
    ///
    /// Affine maps part most at one of the eight corners.
    package func largestDifference(from other: Affine, over shape: [Int]) -> Double {
        var largest = 0.0
        for corner in 0..<8 {
            let point = Point(
                corner & 1 == 0 ? 0 : Double(shape[0] - 1), corner & 2 == 0 ? 0 : Double(shape[1] - 1),
                corner & 4 == 0 ? 0 : Double(shape[2] - 1))
            largest = max(largest, (apply(point) - other.apply(point)).length)
        }
        return largest
    }
}

extension SIMD3<Double> {
    @inline(__always)
    package func dot(_ other: Point) -> Double { x * other.x + y * other.y + z * other.z }

    @inline(__always)
    package func cross(_ other: Point) -> Point {
        Point(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
    }

    @inline(__always)
    package var length: Double { dot(self).squareRoot() }
}
