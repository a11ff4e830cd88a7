import Contracts

/// A contour's pixels on the grid of the series that it was drawn on.
package struct ContourVoxels: Sendable {
    /// The publisher's, or nil.
    package let id: String?
    /// In file order, all on one slice.
    package let runs: [MaskRun]

    package init(id: String?, runs: [MaskRun]) {
        self.id = id
        self.runs = runs
    }
}

/// How the pictures that contours are drawn on lie in the volume that was made of them.
package struct PictureStack: Sendable, Equatable {
    /// For each picture, in the publisher's order, the volume's k.
    package let slices: [Int]
    /// Whether the volume's j runs from the picture's bottom to its top (as converters of DICOM store it).
    package let reversesRows: Bool

    /// - Parameters:
    ///   - slices: for each picture the volume's k.
    ///   - reversesRows: whether j runs upward.
    package init(slices: [Int], reversesRows: Bool) {
        self.slices = slices
        self.reversesRows = reversesRows
    }

    /// From where the pictures lie in space, as DICOM says.
    ///
    /// - Parameters:
    ///   - origins: the middle of each picture's first pixel, RAS+ mm, in the publisher's order.
    ///   - columnStep: from one column to the next, RAS+ mm.
    ///   - rowStep: from one row to the next.
    ///   - volume: what was made of the pictures: its i runs along their rows.
    ///   - subject: what errors call the series.
    /// - Throws: `affine-invalid` where the pictures do not lie on the volume's slices.
    package init(
        origins: [Point], columnStep: Point, rowStep: Point, in volume: Volume, subject: String = "series"
    ) throws(ImagingError) {
        let inverse = try volume.affine.inverted(subject: subject)
        let (column, row) = (inverse.applyLinear(columnStep), inverse.applyLinear(rowStep))
        let isUpward = row.y < 0
        let starts = origins.map(inverse.apply)
        let first = isUpward ? Double(volume.shape[1] - 1) : 0
        guard (column - Point(1, 0, 0)).length < 0.01, (row - Point(0, isUpward ? -1 : 1, 0)).length < 0.01,
            starts.allSatisfy({ abs($0.x) < 0.5 && abs($0.y - first) < 0.5 && abs($0.z - $0.z.rounded()) < 0.25 })
        else {
            throw ImagingError(
                .affineInvalid, subject: subject,
                "expected a volume whose slices are the series' pictures, found another grid; send a mask instead of "
                    + "contours")
        }
        self.init(slices: starts.map { Int($0.z.rounded()) }, reversesRows: isUpward)
    }

    /// A volume's own slices as they are stored: x along i, y along j, slice n at k = n − 1.
    package init(storedOrderOf volume: Volume) {
        self.init(slices: Array(0..<volume.shape[2]), reversesRows: false)
    }
}

/// Makes regions of ImageJ contours.
package enum ContourRegions {
    /// The voxels inside a contour.
    ///
    /// - Parameters:
    ///   - contour: as read.
    ///   - id: the publisher's.
    ///   - slice: counted from 1 in the publisher's order; the study's word, which may not contradict the file's.
    ///   - stack: where the pictures lie in the volume.
    ///   - volume: the series that it was drawn on.
    ///   - subject: what errors call the contour.
    /// - Returns: the voxels, in file order.
    /// - Throws: `contour-outside-volume` where there is no such slice or no pixel inside, `contour-invalid` where the
    ///   file names another slice.
    package static func voxels(
        of contour: ImageJContour, id: String?, slice: Int, stack: PictureStack, in volume: Volume,
        subject: String = "contour"
    ) throws(ImagingError) -> ContourVoxels {
        guard 1...max(1, stack.slices.count) ~= slice, stack.slices.indices.contains(slice - 1),
            0..<volume.shape[2] ~= stack.slices[slice - 1]
        else {
            throw ImagingError(
                .contourOutsideVolume, subject: subject,
                "expected a slice from 1 to \(stack.slices.count), found \(slice)")
        }
        if let own = contour.slice, own != slice {
            throw ImagingError(
                .contourInvalid, subject: subject,
                "expected the slice that the file itself names (\(own)), found \(slice); correct the study")
        }
        let (width, height) = (volume.shape[0], volume.shape[1])
        let k = stack.slices[slice - 1]
        let runs = contour.pixels(width: width, height: height).map {
            MaskRun(
                start: $0.x.lowerBound, end: $0.x.upperBound, j: stack.reversesRows ? height - 1 - $0.y : $0.y, k: k,
                label: 1)
        }
        guard !runs.isEmpty else {
            throw ImagingError(
                .contourOutsideVolume, subject: subject,
                "expected a contour around at least one pixel of \(width) × \(height), found none")
        }
        return ContourVoxels(id: id, runs: runs.sorted { ($0.j, $0.start) < ($1.j, $1.start) })
    }

    /// One region a contour, measured like a mask of one slice.
    package static func regions(of contours: [(voxels: ContourVoxels, volume: Volume)]) -> [Region] {
        contours.enumerated().map { index, one in
            Region(
                id: one.voxels.id ?? "contour-\(index + 1)", label: nil,
                voxels: RegionVoxels(runs: one.voxels.runs, shape: one.volume.shape, affine: one.volume.affine))
        }
    }
}
