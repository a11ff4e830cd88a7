package import Contracts
package import Imaging

/// A region to prepare, and where its images come from.
package struct PlannedWork: Sendable {
    package let region: Region
    /// For lymph nodes: the index of the series that they are cut out of.
    package let image: Int?
}

/// Splits a study into its regions.
package enum RegionPlanner {
    /// Finds the regions of a study.
    ///
    /// - Parameters:
    ///   - task: lymph nodes are cut out of one series each, lesions are sampled from all.
    ///   - asked: what the study says of its regions.
    ///   - series: in the order of the submission.
    ///   - mask: the label map, where there is one.
    ///   - labels: those of its labels that are regions; nil for its connected components.
    /// - Returns: the regions, in the order of the study's own list.
    /// - Throws: ``ImagingError`` with the reason why there is no region.
    package static func plan(
        _ task: ClinicalTask, _ asked: IngestedRegions, series: [Volume], mask: Volume?, labels: [Int]?
    ) throws -> [PlannedWork] {
        func work(_ region: Region, _ image: Int) -> PlannedWork {
            PlannedWork(region: region, image: task == .lymphNode ? image : nil)
        }
        if let mask {
            let reader = MaskRegions()
            let reference = try reader.series(of: mask, among: series, subject: "regions.mask")
            return try reader.regions(of: mask, labels: labels, subject: "regions.mask").map { work($0, reference) }
        }
        if let boxes = asked.boxes {
            return try zip(boxes, BoxRegions().regions(of: boxes, in: series)).map { work($1, $0.series ?? 0) }
        }
        if let contours = asked.contours {
            let regions = ContourRegions.regions(
                of: contours.map { (voxels: ContourVoxels($0), volume: series[$0.series]) })
            return zip(contours, regions).map { work($1, $0.series) }
        }
        if let seeds = asked.seeds {
            return try zip(seeds, SeedRegions().regions(of: seeds, in: series)).map { work($1, $0.series ?? 0) }
        }
        return try series.enumerated().map { index, volume in
            let last = volume.shape.map { Double($0 - 1) }
            let box = RegionBox(
                id: "image-\(index + 1)", frame: .voxel, series: index, minimum: [0, 0, 0], maximum: last)
            guard let region = try BoxRegions().regions(of: [box], in: series).first else {
                throw Failure(.regionsMissing, .invalid, "series[\(index)]: the image holds no region")
            }
            return PlannedWork(region: region, image: index)
        }
    }
}

extension ContourVoxels {
    fileprivate init(_ contour: IngestedContour) {
        let runs = stride(from: 0, to: contour.runs.count - 2, by: 3).map {
            MaskRun(
                start: contour.runs[$0 + 1], end: contour.runs[$0 + 2], j: contour.runs[$0], k: contour.slice, label: 1)
        }
        self.init(id: contour.id, runs: runs)
    }
}
