import Contracts
import Imaging

/// Reads a study's contours and fills them on the grids of their series.
enum ContourFiles {
    /// - Throws: ``ImagingError`` naming the contour.
    static func read(
        _ contours: [RegionContour], of series: [LoadedVolume], resolver: LocationResolver
    ) throws -> [IngestedContour] {
        try contours.enumerated().map { index, contour in
            let subject = "regions.contours[\(index)]"
            let (drawn, sha256) = try ImageJContourReader.read(
                resolver.resolve(contour.location, subject: subject), subject: subject)
            let loaded = series[contour.series]
            let voxels = try ContourRegions.voxels(
                of: drawn, id: contour.id, slice: contour.slice, stack: stack(of: loaded, subject: subject),
                in: loaded.volume,
                subject: subject)
            return IngestedContour(
                id: contour.id, series: contour.series, slice: voxels.runs[0].k,
                runs: voxels.runs.flatMap { [$0.j, $0.start, $0.end] }, sha256: sha256)
        }
    }

    /// How the pictures on which contours are drawn lie in the volume.
    private static func stack(of loaded: LoadedVolume, subject: String) throws -> PictureStack {
        guard let frames = loaded.frames else { return PictureStack(storedOrderOf: loaded.volume) }
        let origins = (0..<frames.count).map { Point(Array(frames.origins[(3 * $0)..<(3 * $0 + 3)])) }
        return try PictureStack(
            origins: origins, columnStep: Point(frames.columnStep), rowStep: Point(frames.rowStep), in: loaded.volume,
            subject: subject)
    }
}
