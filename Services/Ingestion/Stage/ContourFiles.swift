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
                of: drawn, id: contour.id, slice: contour.slice, stack: stack(of: loaded), in: loaded.volume,
                subject: subject)
            return IngestedContour(
                id: contour.id, series: contour.series, slice: voxels.runs[0].k,
                runs: voxels.runs.flatMap { [$0.j, $0.start, $0.end] }, sha256: sha256)
        }
    }

    /// How the pictures on which contours are drawn lie in the volume.
    private static func stack(of loaded: LoadedVolume) -> PictureStack {
        PictureStack(storedOrderOf: loaded.volume)
    }
}
