package import Contracts

/// Makes regions of the boxes that a publisher sends.
package struct BoxRegions: Sendable {
    /// More boxes than this are refused.
    package let limit: Int
    /// By how many mm a box may stand out of the volume.
    package let tolerance: Double

    package init(limit: Int = 256, tolerance: Double = 5) {
        self.limit = limit
        self.tolerance = tolerance
    }

    /// One region a box.
    ///
    /// A voxel box includes the voxels of both corners, whole: from half a voxel before `minimum` to half a voxel after
    /// `maximum`, in the indices of its series. A world box lies in RAS+ mm and must lie in the series that it names
    /// or, naming none, in any.
    /// A box says nothing of the shape inside it: its longest diameter is its longest edge, and its short axis the
    /// shorter of the two edges closest to the axial plane.
    ///
    /// - Parameters:
    ///   - boxes: as submitted.
    ///   - series: the study's series, in the order of the submission.
    /// - Returns: the regions in the order of the boxes.
    /// - Throws: `box-invalid`, `box-outside-volume` or `too-many-regions`.
    package func regions(of boxes: [RegionBox], in series: [Volume]) throws(ImagingError) -> [Region] {
        guard boxes.count <= limit else {
            throw ImagingError(
                .tooManyRegions, subject: "boxes", "expected at most \(limit) boxes, found \(boxes.count)")
        }
        var regions: [Region] = []
        for (index, box) in boxes.enumerated() {
            regions.append(try region(box, number: index + 1, in: series))
        }
        return regions
    }

    private func region(_ box: RegionBox, number: Int, in series: [Volume]) throws(ImagingError) -> Region {
        let subject = "box \(number)"
        guard box.minimum.count == 3, box.maximum.count == 3,
            zip(box.minimum, box.maximum).allSatisfy({ abs($0) <= 1e6 && abs($1) <= 1e6 && $0 <= $1 })
        else {
            throw ImagingError(
                .boxInvalid, subject: subject,
                "expected three numbers within ±10^6 in minimum and in maximum, with minimum <= maximum, found "
                    + "\(box.minimum) and \(box.maximum)")
        }
        let named = box.series ?? (box.frame == .voxel && series.count == 1 ? 0 : nil)
        if let named, !series.indices.contains(named) {
            throw ImagingError(
                .boxInvalid, subject: subject, "expected a series from 0 to \(series.count - 1), found \(named)")
        }
        let id = box.id ?? "box-\(number)"
        switch box.frame {
        case .voxel:
            guard let named else {
                throw ImagingError(.boxInvalid, subject: subject, "expected the index of the series that it counts in")
            }
            return try voxelRegion(box, id, series[named], subject)
        case .world:
            guard zip(box.minimum, box.maximum).allSatisfy({ $0 < $1 }) else {
                throw ImagingError(
                    .boxInvalid, subject: subject, "expected minimum < maximum in mm, found an edge of length 0")
            }
            let candidates = named.map { [series[$0]] } ?? series
            let standsOut = candidates.map { overhang(box.minimum, box.maximum, in: $0) }.min() ?? .infinity
            try check(standsOut, subject)
            return worldRegion(box, id, touchesBorder: standsOut >= -1e-6)
        }
    }

    private func check(_ overhang: Double, _ subject: String) throws(ImagingError) {
        guard overhang <= tolerance else {
            throw ImagingError(
                .boxOutsideVolume, subject: subject,
                "expected a box inside its series, found one that stands \(overhang.rounded()) mm out; check its frame "
                    + "(world is RAS+ mm, DICOM's is LPS+) and its series")
        }
    }

    private func voxelRegion(
        _ box: RegionBox, _ id: String, _ volume: Volume, _ subject: String
    ) throws(ImagingError) -> Region {
        let low = box.minimum.map { $0 - 0.5 }
        let high = box.maximum.map { $0 + 0.5 }
        let standsOut = voxelOverhang(WorldBox.corners(low, high), in: volume)
        try check(standsOut, subject)
        let spacing = volume.spacing
        let edges = (0..<3).map { (high[$0] - low[$0]) * spacing[$0] }
        let middle = volume.affine.apply(
            Point(low[0] + high[0], low[1] + high[1], low[2] + high[2]) * 0.5)
        let (minimum, maximum) = WorldBox.around(low, high, volume.affine)
        let count = (0..<3).reduce(1.0) { $0 * (high[$1] - low[$1]) }
        return boxRegion(
            id, edges, sliceAxis: volume.orientation.sliceAxis(of: .axial), center: middle,
            volume: count * volume.voxelVolume, minimum, maximum, touchesBorder: standsOut >= -1e-6)
    }

    private func worldRegion(_ box: RegionBox, _ id: String, touchesBorder: Bool) -> Region {
        let minimum = Point(box.minimum[0], box.minimum[1], box.minimum[2])
        let maximum = Point(box.maximum[0], box.maximum[1], box.maximum[2])
        let edges = (0..<3).map { maximum[$0] - minimum[$0] }
        return boxRegion(
            id, edges, sliceAxis: 2, center: (minimum + maximum) * 0.5, volume: edges[0] * edges[1] * edges[2],
            minimum, maximum, touchesBorder: touchesBorder)
    }

    private func boxRegion(
        _ id: String, _ edges: [Double], sliceAxis: Int, center: Point, volume: Double, _ minimum: Point,
        _ maximum: Point, touchesBorder: Bool
    ) -> Region {
        let inPlane = (0..<3).filter { $0 != sliceAxis }.map { edges[$0] }
        return Region(
            id: id, label: nil,
            location: RegionLocation(
                centroidRAS: [center.x, center.y, center.z], volumeMM3: volume,
                longestDiameterMM: edges.max() ?? 0, longestAxialDiameterMM: inPlane.max() ?? 0,
                shortAxisMM: inPlane.min() ?? 0, touchesBorder: touchesBorder),
            minimum: minimum, maximum: maximum, voxels: nil)
    }

    /// How many mm the furthest corner of a world box stands out of a volume; below 0 where all lie inside.
    private func overhang(_ minimum: [Double], _ maximum: [Double], in volume: Volume) -> Double {
        guard let inverse = try? volume.affine.inverted() else { return .infinity }
        return voxelOverhang(WorldBox.corners(minimum, maximum).map(inverse.apply), in: volume)
    }

    private func voxelOverhang(_ corners: [Point], in volume: Volume) -> Double {
        let spacing = volume.spacing
        var largest = -Double.infinity
        for corner in corners {
            for axis in 0..<3 {
                let out = max(-0.5 - corner[axis], corner[axis] - (Double(volume.shape[axis]) - 0.5))
                largest = max(largest, out * spacing[axis])
            }
        }
        return largest
    }
}
