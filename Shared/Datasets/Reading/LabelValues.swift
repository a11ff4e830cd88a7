import Contracts
import Imaging

extension Volume {
    /// The values of a label map, but 0.
    ///
    /// - Throws: `image-format-unsupported` where a value is no whole number from 0 on, or where there are more than 1024.
    func labels(subject: String) throws(ImagingError) -> Set<Int> {
        let stored = perform(StoredValues())
        var labels: Set<Int> = []
        for value in stored {
            let scaled = Double(value) * slope + intercept
            let whole = scaled.rounded()
            guard abs(scaled - whole) <= 1e-3, whole >= 0, whole <= 16_777_216, stored.count <= StoredValues.limit
            else {
                throw ImagingError(
                    .imageFormatUnsupported, subject: subject,
                    "expected a label map of whole numbers from 0 on, found \(scaled) among \(stored.count) values")
            }
            if whole > 0 { labels.insert(Int(whole)) }
        }
        return labels
    }
}

private struct StoredValues: VoxelWork {
    static let limit = 1024

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> Set<Float> {
        var values: Set<Float> = []
        var last = Float.nan
        for voxel in voxels where voxel.stored != last {
            last = voxel.stored
            values.insert(last)
            if values.count > Self.limit { break }
        }
        return values
    }
}
