import Contracts

/// The slices of one series in space: whether they make a volume, and which.
///
/// A volume is sound where its slices are parallel, of one size, and lie at even distances, the same number of images
/// at each place. Whether slices are missing at its ends does not change where those that are there lie.
struct SliceStack {
    /// Column, row and slice (ascending along the normal), in pixels, to RAS+ mm; sheared where the slices are.
    let affine: Affine
    /// Columns, rows, slices.
    let shape: [Int]
    /// Images at each place.
    let volumeCount: Int
    let notes: [SeriesNote]

    /// Distances between neighbors may differ by this share of their median, or by this many mm.
    private static let unevenness = 0.02
    private static let unevennessMM = 0.02
    /// Slices closer than this, in mm, lie at the same place.
    private static let samePlace = 1e-3

    /// - Parameters:
    ///   - planes: of all images, in any order.
    ///   - columns: of each image.
    ///   - rows: of each image.
    ///   - expectedCount: how many images the scanner says that there were.
    ///   - nominalDistance: between slices, mm, as the scanner says.
    ///   - thickness: of a slice in mm; stands in for the distance of a single slice.
    ///   - subject: what errors call the series.
    /// - Throws: `dicom-slices-missing`, `dicom-geometry-invalid`.
    init(
        planes: [DICOMPlane], columns: Int, rows: Int, expectedCount: Int?, nominalDistance: Double?,
        thickness: Double?, subject: String
    ) throws(ImagingError) {
        guard let first = planes.first else {
            throw Self.invalid(subject, "expected slices with positions, found none")
        }
        let normal = first.normal
        let largest = Double(max(columns, rows))
        for plane in planes {
            let difference = max(
                (plane.columnStep - first.columnStep).length, (plane.rowStep - first.rowStep).length)
            guard difference * largest < 0.5 else {
                throw Self.invalid(
                    subject,
                    "expected parallel slices of one pixel size, found several directions or sizes; send one "
                        + "stack")
            }
        }
        let sorted = planes.sorted { $0.origin.dot(normal) < $1.origin.dot(normal) }
        var places: [(plane: DICOMPlane, count: Int)] = []
        for plane in sorted {
            if let last = places.last, plane.origin.dot(normal) - last.plane.origin.dot(normal) < Self.samePlace {
                places[places.count - 1].count += 1
            } else {
                places.append((plane, 1))
            }
        }
        let counts = Set(places.map(\.count))
        guard counts.count == 1, let volumeCount = counts.first else {
            throw ImagingError(
                .dicomSlicesMissing, subject: subject,
                "expected the same number of images at each of \(places.count) slice positions, found "
                    + "\(counts.min() ?? 0) to \(counts.max() ?? 0); transfer the series again")
        }
        self.volumeCount = volumeCount
        shape = [columns, rows, places.count]
        let step: Point
        if places.count > 1 {
            step = try Self.step(places.map(\.plane.origin), normal, subject)
        } else {
            step =
                normal * (nominalDistance.flatMap { $0 > 0 ? $0 : nil } ?? thickness.flatMap { $0 > 0 ? $0 : nil } ?? 1)
        }
        affine = Affine(first.columnStep, first.rowStep, step, translation: places[0].plane.origin)
        notes = Self.notes(
            images: planes.count, places: places.count, expected: expectedCount, step: step, normal: normal,
            // Some scanners write the gap between slices there, which is less than their thickness.
            nominal: nominalDistance.flatMap { $0 >= 0.8 * (thickness ?? 0) ? $0 : nil })
    }

    /// The even step from slice to slice.
    private static func step(_ origins: [Point], _ normal: Point, _ subject: String) throws(ImagingError) -> Point {
        let distances = zip(origins.dropFirst(), origins).map { ($0 - $1).dot(normal) }
        let median = distances.sorted()[distances.count / 2]
        let tolerance = max(unevenness * median, unevennessMM)
        let step = (origins[origins.count - 1] - origins[0]) * (1 / Double(origins.count - 1))
        if let gap = distances.firstIndex(where: { abs($0 - median) > tolerance }) {
            let smallest = distances.min() ?? median
            let holes = distances.map { ($0 / smallest).rounded() - 1 }
            let fits = zip(distances, holes).allSatisfy {
                abs($0 - ($1 + 1) * smallest) <= max(0.1 * smallest, unevennessMM)
            }
            if fits {
                throw ImagingError(
                    .dicomSlicesMissing, subject: subject,
                    "expected even distances of \(text(smallest)) mm between slices, found \(Int(holes.reduce(0, +))) "
                        + "missing inside the stack, the first after slice \(gap + 1) of \(origins.count); transfer "
                        + "the series again")
            }
            throw invalid(
                subject,
                "expected even distances between slices, found \(text(distances.min() ?? 0)) to "
                    + "\(text(distances.max() ?? 0)) mm; send an evenly spaced stack")
        }
        for (index, origin) in origins.enumerated() {
            let away = (origins[0] + step * Double(index) - origin).length
            guard away <= max(tolerance, 0.1) else {
                throw invalid(
                    subject, "expected slices on one straight line, slice \(index + 1) lies \(text(away)) mm beside it")
            }
        }
        return step
    }

    private static func notes(
        images: Int, places: Int, expected: Int?, step: Point, normal: Point, nominal: Double?
    ) -> [SeriesNote] {
        var notes: [SeriesNote] = []
        let distance = step.dot(normal)
        if let expected, expected > images, expected <= 100_000 {
            notes.append(
                SeriesNote(
                    .missingSlices,
                    "the scanner made \(expected) images, \(images) are here; their \(places) slices lie evenly, "
                        + "\(text(distance)) mm apart"))
        } else if places > 1, let nominal, nominal > 0.1, distance > 1.5 * nominal {
            notes.append(
                SeriesNote(
                    .missingSlices,
                    "the scanner's slices lie \(text(nominal)) mm apart, those that are here \(text(distance)) mm"))
        }
        let sideways = (step - normal * distance).length
        if places > 1, sideways * Double(places - 1) > 0.5, sideways > 0.01 * distance {
            notes.append(
                SeriesNote(
                    .slicesSheared, "each slice lies \(text(sideways)) mm beside the one before; the affine is sheared")
            )
        }
        return notes
    }

    private static func invalid(_ subject: String, _ what: String) -> ImagingError {
        ImagingError(.dicomGeometryInvalid, subject: subject, what)
    }

    private static func text(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }
}
