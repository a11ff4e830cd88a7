package import Contracts

/// A rectangle on one slice of a volume.
package struct CrossSection: Sendable, Equatable {
    package let frame: SliceFrame
    /// Index along the frame's slice axis.
    package let slice: Int
    /// Voxel indices along the frame's row axis and column axis.
    package let rows: ClosedRange<Int>
    package let columns: ClosedRange<Int>

    /// The smallest rectangle along a region's margin, in the slice of a plane in which the region is largest (the
    /// first of equals).
    ///
    /// Where the region has no voxels on the volume's own grid (a box, or the mask of another series), the rectangle is
    /// that of its bounding box, in the slice through the box's middle.
    ///
    /// - Throws: `box-outside-volume` where the region does not meet the volume.
    package init(
        of region: Region, in volume: Volume, plane: Plane, subject: String = "region"
    ) throws(ImagingError) {
        let frame = SliceFrame(plane: plane, of: volume.orientation)
        if let voxels = region.voxels, voxels.shape == volume.shape,
            voxels.affine.largestDifference(from: volume.affine, over: volume.shape) <= 0.1
        {
            self.init(largestOf: voxels, frame)
        } else {
            try self.init(around: region, in: volume, frame, subject)
        }
    }

    /// The whole picture of a volume of one slice.
    ///
    /// - Throws: `nifti-dimensions-invalid` where the volume has more than one slice along every axis.
    package init(wholeOf volume: Volume, subject: String = "image") throws(ImagingError) {
        guard let sliceAxis = (0..<3).last(where: { volume.shape[$0] == 1 }) else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject,
                "expected an image of one slice, found \(volume.shape); send a mask or boxes with a volume")
        }
        let orientation = volume.orientation
        let plane: Plane =
            switch orientation.worldAxes[sliceAxis] {
            case 0: .sagittal
            case 1: .coronal
            default: .axial
            }
        frame = SliceFrame(plane: plane, of: orientation)
        slice = 0
        rows = 0...volume.shape[frame.rowAxis] - 1
        columns = 0...volume.shape[frame.columnAxis] - 1
    }

    private init(largestOf voxels: RegionVoxels, _ frame: SliceFrame) {
        var areas = [Int](repeating: 0, count: voxels.shape[frame.sliceAxis])
        for run in voxels.runs {
            switch frame.sliceAxis {
            case 0: for i in run.start..<run.end { areas[i] += 1 }
            case 1: areas[run.j] += run.count
            default: areas[run.k] += run.count
            }
        }
        let slice = areas.indices.max { areas[$0] != areas[$1] ? areas[$0] < areas[$1] : $0 > $1 } ?? 0
        var low = [Int.max, Int.max, Int.max]
        var high = [Int.min, Int.min, Int.min]
        for run in voxels.runs {
            var first = [run.start, run.j, run.k]
            var last = [run.end - 1, run.j, run.k]
            guard first[frame.sliceAxis] <= slice, last[frame.sliceAxis] >= slice else { continue }
            first[frame.sliceAxis] = slice
            last[frame.sliceAxis] = slice
            low = zip(low, first).map { min($0, $1) }
            high = zip(high, last).map { max($0, $1) }
        }
        self.frame = frame
        self.slice = slice
        rows = low[frame.rowAxis]...high[frame.rowAxis]
        columns = low[frame.columnAxis]...high[frame.columnAxis]
    }

    private init(
        around region: Region, in volume: Volume, _ frame: SliceFrame, _ subject: String
    ) throws(ImagingError) {
        let inverse = try volume.affine.inverted(subject: subject)
        let low = [region.minimum.x, region.minimum.y, region.minimum.z]
        let high = [region.maximum.x, region.maximum.y, region.maximum.z]
        let corners = WorldBox.corners(low, high).map(inverse.apply)
        var ranges: [ClosedRange<Int>] = []
        for axis in 0..<3 {
            // A voxel belongs to the box where its center does.
            let values = corners.map { $0[axis] }
            let first = max(0, ((values.min() ?? 0) - 1e-6).rounded(.up))
            let last = min(Double(volume.shape[axis] - 1), ((values.max() ?? 0) + 1e-6).rounded(.down))
            let middle = ((values.min() ?? 0) + (values.max() ?? 0)) / 2
            guard middle >= -0.5, middle <= Double(volume.shape[axis]) - 0.5 else {
                throw ImagingError(
                    .boxOutsideVolume, subject: subject, "expected a region that meets the series, found one outside")
            }
            // A box thinner than a voxel still has the one nearest to its middle.
            let nearest = Int(min(max(middle.rounded(), 0), Double(volume.shape[axis] - 1)))
            ranges.append(first <= last ? Int(first)...Int(last) : nearest...nearest)
        }
        self.frame = frame
        let along = ranges[frame.sliceAxis]
        slice = (along.lowerBound + along.upperBound) / 2
        rows = ranges[frame.rowAxis]
        columns = ranges[frame.columnAxis]
    }
}
