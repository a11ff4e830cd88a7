package import Contracts
import Imaging
import Ingestion
import Preprocessing
import ServiceRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Draws a study's result: for each region one PNG with its outline and heat maps on the anatomy.
///
/// Everything is read again from the study's own files, so that pictures can also be made later. Nothing of the study
/// is written into them but its regions' ids.
package struct ResultPictures: Sendable {
    private let roots: [String]
    private let heatmaps: String?

    /// - Parameters:
    ///   - roots: folders beneath which the study's locations resolve.
    ///   - heatmaps: the folder that the result's heat maps are relative to; nil draws none.
    package init(roots: [String], heatmaps: String?) {
        self.roots = roots
        self.heatmaps = heatmaps
    }

    /// Writes the pictures.
    ///
    /// - Parameters:
    ///   - study: as it was submitted.
    ///   - result: what was said of it.
    ///   - folder: where the files go: `<region>.png`.
    /// - Returns: the files' names, in the order of the result's regions.
    /// - Throws: what reading the study throws, and `file-unreadable` where the folder cannot be written.
    package func write(_ study: StudySubmitted, _ result: StudyResult, to folder: String) async throws -> [String] {
        let work = BlockingWork(label: "pictures", width: 2)
        let files = try await StudyLoader(
            resolver: LocationResolver(roots: roots), reader: ImageReader(), work: work
        ).load(study)
        let series = files.series.map(\.volume)
        let asked = IngestedRegions(
            mask: nil, boxes: study.regions?.boxes, contours: files.contours, seeds: study.regions?.seeds,
            wholeImages: study.regions == nil)
        let planned = try await work.run {
            try RegionPlanner.plan(
                study.task, asked, series: series, mask: files.mask?.volume, labels: study.regions?.mask?.labels)
        }
        let figures = FigureComposer(study: study, result: result, series: series, heatmapFolder: heatmaps)
        var names: [String] = []
        for finding in result.regions {
            guard let one = planned.first(where: { $0.region.id == finding.id }) else { continue }
            let name = "\(finding.id).png"
            try await work.run {
                let figure = try figures.figure(of: finding, region: one.region, image: one.image)
                let bytes = try figure.painted().png()
                do {
                    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                    try Data(bytes).write(to: URL(filePath: folder + "/" + name))
                } catch {
                    throw Failure(
                        .fileUnreadable, .permanent,
                        "pictures: the folder for them cannot be written; choose another one")
                }
            }
            names.append(name)
        }
        return names
    }
}
