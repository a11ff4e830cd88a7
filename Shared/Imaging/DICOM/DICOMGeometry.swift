import Contracts

/// What the headers of a series say of its place in space, held against what dcm2niix says.
enum DICOMGeometry {
    /// Corners may lie so many mm apart: dcm2niix computes in single precision.
    private static let toleranceMM = 0.05

    /// - Returns: nil for mosaics, whose slices have no headers of their own, and for images without positions.
    /// - Throws: `dicom-slices-missing`, `dicom-geometry-invalid`.
    static func stack(of series: DICOMSeries, subject: String) throws(ImagingError) -> SliceStack? {
        guard let first = series.images.first?.header, !series.images.contains(where: { $0.header.isMosaic }) else {
            return nil
        }
        let headers = series.images.map(\.header)
        guard headers.allSatisfy({ $0.columns == first.columns && $0.rows == first.rows }) else {
            throw ImagingError(
                .dicomGeometryInvalid, subject: subject,
                "expected images of one size, found several; send them as series of their own")
        }
        let planes = headers.flatMap(\.frames)
        guard !planes.isEmpty else { return nil }
        guard planes.count == headers.reduce(0, { $0 + $1.frameCount }) else {
            throw ImagingError(
                .dicomGeometryInvalid, subject: subject,
                "expected a position of every image, \(planes.count) of "
                    + "\(headers.reduce(0, { $0 + $1.frameCount })) have one; export the series again")
        }
        let expected = headers.compactMap(\.imagesInAcquisition).max()
        return try SliceStack(
            planes: planes, columns: first.columns, rows: first.rows, expectedCount: expected,
            nominalDistance: first.spacingBetweenSlices, thickness: first.sliceThickness, subject: subject)
    }

    /// Where each image lies, in order; nil where the images have no positions of their own.
    static func frames(of series: DICOMSeries) -> SliceFrames? {
        guard !series.images.contains(where: { $0.header.isMosaic }) else { return nil }
        let planes = series.images.flatMap(\.header.frames)
        guard let first = planes.first, planes.count == series.images.reduce(0, { $0 + $1.header.frameCount }) else {
            return nil
        }
        func numbers(_ point: Point) -> [Double] { [point.x, point.y, point.z] }
        return SliceFrames(
            columnStep: numbers(first.columnStep), rowStep: numbers(first.rowStep),
            origins: planes.flatMap { numbers($0.origin) })
    }

    /// The affine of a converted volume: dcm2niix's own where the headers say the same; the headers' where dcm2niix
    /// has left out that each slice lies beside the one before (it stores no shear).
    ///
    /// - Throws: `dicom-geometry-invalid` where they differ in anything else.
    static func confirmed(
        _ volume: Volume, by stack: SliceStack, subject: String
    ) throws(ImagingError) -> Affine {
        // The corners of the same box, whichever way its axes run.
        let theirs = corners(volume.affine, volume.shape)
        let ours = corners(stack.affine, stack.shape)
        if theirs.allSatisfy({ corner in ours.contains { ($0 - corner).length <= toleranceMM } }) {
            return volume.affine
        }
        // One slice has no direction of its own to compare; nor is there a flip to find for a sheared stack but those
        // that dcm2niix makes: rows upside down, slices in either order.
        let flipped = Affine(
            stack.affine.first, Point.zero - stack.affine.second, stack.affine.third,
            translation: stack.affine.apply(Point(0, Double(stack.shape[1] - 1), 0)))
        let reversed = Affine(
            flipped.first, flipped.second, Point.zero - flipped.third,
            translation: flipped.apply(Point(0, 0, Double(stack.shape[2] - 1))))
        let affine = flipped.third.dot(volume.affine.third) > 0 ? flipped : reversed
        let tolerance = toleranceMM + 1e-3 * Double(max(stack.shape[0], stack.shape[1]))
        let inPlane = max(
            (affine.first - volume.affine.first).length * Double(stack.shape[0]),
            (affine.second - volume.affine.second).length * Double(stack.shape[1]))
        let isSheared = stack.notes.contains { $0.code == .slicesSheared }
        guard volume.shape == stack.shape, inPlane <= tolerance, isSheared || stack.shape[2] == 1 else {
            throw ImagingError(
                .dicomGeometryInvalid, subject: subject,
                "dcm2niix and the headers put the volume in different places; look at the series in a viewer")
        }
        return affine
    }

    private static func corners(_ affine: Affine, _ shape: [Int]) -> [Point] {
        (0..<8).map { corner in
            affine.apply(
                Point(
                    corner & 1 == 0 ? 0 : Double(shape[0] - 1), corner & 2 == 0 ? 0 : Double(shape[1] - 1),
                    corner & 4 == 0 ? 0 : Double(shape[2] - 1)))
        }
    }
}
