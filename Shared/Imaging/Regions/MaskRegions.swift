import Contracts

/// Finds regions in a mask.
package struct MaskRegions: Sendable {
    /// Components of fewer voxels are taken for noise.
    package let minimumVoxels: Int
    /// More regions than this are refused.
    package let limit: Int
    /// By how many mm a mask's grid may lie off a series' grid.
    package let tolerance: Double

    package init(minimumVoxels: Int = 1, limit: Int = 256, tolerance: Double = 0.1) {
        self.minimumVoxels = max(1, minimumVoxels)
        self.limit = limit
        self.tolerance = tolerance
    }

    /// The first series whose voxels lie where the mask's lie.
    ///
    /// - Returns: an index into `series`.
    /// - Throws: `mask-geometry-mismatch` where there is none.
    package func series(of mask: Volume, among series: [Volume], subject: String = "mask") throws(ImagingError) -> Int {
        if let index = series.firstIndex(where: { $0.hasSameGrid(as: mask, tolerance: tolerance) }) { return index }
        let grids = series.map { "\($0.shape) \($0.orientation)" }.joined(separator: ", ")
        throw ImagingError(
            .maskGeometryMismatch, subject: subject,
            "expected the grid of one of the series (\(grids)) within \(tolerance) mm, found \(mask.shape) "
                + "\(mask.orientation) with another affine or shape; resample the mask onto a series of the study")
    }

    /// The regions of a mask.
    ///
    /// - Parameters:
    ///   - mask: a label map, 0 outside.
    ///   - labels: each of these labels is a region, in this order; nil: each 26-connected component of what is not 0
    ///     is one, largest first.
    ///   - subject: what errors call the mask.
    /// - Returns: at least one region, each with its voxels.
    /// - Throws: `mask-empty`, `mask-label-missing`, `too-many-regions`, or `image-format-unsupported` where the mask
    ///   is no label map.
    package func regions(
        of mask: Volume, labels: [Int]? = nil, subject: String = "mask"
    ) throws(ImagingError) -> [Region] {
        let map = try MaskRuns(mask, subject: subject)
        guard !map.runs.isEmpty else {
            throw ImagingError(
                .maskEmpty, subject: subject, "expected at least one voxel that is not 0, found none; check the mask")
        }
        if let labels { return try labelled(labels, map, mask.affine, subject) }
        return try components(map, mask.affine, subject)
    }

    private func labelled(
        _ labels: [Int], _ map: MaskRuns, _ affine: Affine, _ subject: String
    ) throws(ImagingError) -> [Region] {
        try checkCount(labels.count, subject)
        var groups: [Int: [MaskRun]] = [:]
        for run in map.runs { groups[run.label, default: []].append(run) }
        var regions: [Region] = []
        for label in labels {
            guard let runs = groups[label] else {
                let present = groups.keys.sorted().prefix(16).map(String.init).joined(separator: ", ")
                throw ImagingError(
                    .maskLabelMissing, subject: subject, "expected label \(label), found only \(present)")
            }
            let voxels = RegionVoxels(runs: runs, shape: map.shape, affine: affine)
            regions.append(Region(id: "label-\(label)", label: label, voxels: voxels))
        }
        return regions
    }

    private func components(
        _ map: MaskRuns, _ affine: Affine, _ subject: String
    ) throws(ImagingError) -> [Region] {
        let components = ConnectedComponents.find(map.binary, shape: map.shape)
            .map { RegionVoxels(runs: $0, shape: map.shape, affine: affine) }
            .map { (voxels: $0, count: $0.count) }
            .filter { $0.count >= minimumVoxels }
        guard !components.isEmpty else {
            throw ImagingError(
                .maskEmpty, subject: subject,
                "expected at least one component of \(minimumVoxels) voxels or more, found smaller ones only")
        }
        try checkCount(components.count, subject)
        // Components come in file order, which stands where sizes are equal.
        let sorted = components.enumerated().sorted {
            $0.element.count != $1.element.count ? $0.element.count > $1.element.count : $0.offset < $1.offset
        }
        return sorted.enumerated().map { rank, component in
            Region(id: "component-\(rank + 1)", label: nil, voxels: component.element.voxels)
        }
    }

    private func checkCount(_ count: Int, _ subject: String) throws(ImagingError) {
        guard count <= limit else {
            throw ImagingError(
                .tooManyRegions, subject: subject,
                "expected at most \(limit) regions, found \(count); clean the mask or name its labels")
        }
    }
}
