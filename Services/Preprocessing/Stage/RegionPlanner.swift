import Contracts
import Imaging

/// A region to prepare, and where its images come from.
struct PlannedWork: Sendable {
    let region: Region
    /// For lymph nodes: the index of the series that they are cut out of.
    let image: Int?
}

/// Splits a study into its regions.
enum RegionPlanner {
    /// - Throws: ``ImagingError`` with the reason why there is no region.
    static func plan(_ study: StudyIngested, series: [Volume], mask: Volume?) throws -> [PlannedWork] {
        if let mask, let asked = study.regions.mask {
            let reader = MaskRegions()
            let reference = try reader.series(of: mask, among: series, subject: "regions.mask")
            return try reader.regions(of: mask, labels: asked.labels, subject: "regions.mask")
                .map { PlannedWork(region: $0, image: study.task == .lymphNode ? reference : nil) }
        }
        if let boxes = study.regions.boxes {
            return try zip(boxes, BoxRegions().regions(of: boxes, in: series)).map { box, region in
                PlannedWork(region: region, image: study.task == .lymphNode ? box.series ?? 0 : nil)
            }
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
