import Contracts
import Imaging
import Tensors

/// A study's volumes, prepared and measured as serving does it, out of which lesions' patches are sampled.
struct LesionStudy {
    private let channels: [PatchChannel]
    private let mask: Volume

    /// - Parameters:
    ///   - series: the study's files; all of them, because serving finds the regions' own series among all.
    ///   - mask: the label map's file.
    ///   - wanted: the network's channels in order.
    ///   - steps: what is done to volumes before they are normalized.
    ///   - normalization: how intensities are measured.
    ///   - read: reads a file.
    /// - Throws: `ImagingError` of what cannot be read; `missing-sequence` naming a wanted sequence that is not there.
    init(
        series: [MRSequence: String], mask: String, wanted: [MRSequence], steps: PreparationSteps,
        normalization: IntensityNormalization, read: (String) throws(ImagingError) -> Volume
    ) throws(ImagingError) {
        let missing = wanted.filter { series[$0] == nil }
        guard missing.isEmpty else {
            let names = missing.map(\.rawValue).joined(separator: ", ")
            throw ImagingError(.missingSequence, subject: "study", "has no \(names)")
        }
        let labels = try read(mask)
        var volumes: [MRSequence: Volume] = [:]
        for sequence in wanted { volumes[sequence] = try series[sequence].map(read) }
        // Steps may move series onto the one in whose world the mask lies.
        var home: MRSequence?
        if steps.needsReference {
            for sequence in series.keys.sorted() where volumes[sequence] == nil {
                volumes[sequence] = try series[sequence].map(read)
            }
            home =
                volumes.keys.sorted().first { volumes[$0]?.hasSameGrid(as: labels, tolerance: 0.1) ?? false }
                ?? volumes.keys.sorted().first
        }
        var channels: [PatchChannel] = []
        for sequence in wanted {
            guard let volume = volumes[sequence] else { continue }
            let reference = home.flatMap { $0 == sequence ? nil : volumes[$0] }
            let (prepared, _) = try steps.apply(to: volume, reference: reference)
            channels.append(PatchChannel(prepared, normalization: normalization.parameters(for: prepared)))
        }
        self.channels = channels
        self.mask = labels
    }

    /// The cube around a lesion's centroid.
    ///
    /// - Throws: `mask-empty`, `mask-label-missing`, `box-invalid`.
    func patch(
        label: Int, input: ModelInput, margin: Int, wantsMask: Bool
    ) throws(ImagingError) -> ExampleTensors.Prepared {
        let regions = try MaskRegions().regions(of: mask, labels: [label], subject: "mask")
        guard let region = regions.first, let voxels = region.voxels else {
            throw ImagingError(.maskLabelMissing, subject: "mask", "expected label \(label), found none")
        }
        guard input.size.count == 3, input.spacing.count == 3 else {
            throw ImagingError(
                .modelInputMismatch, subject: "input", "expected three sizes and three spacings for a volume")
        }
        let grid = try PatchGrid(
            center: region.centroid, size: input.size.map { $0 + 2 * margin },
            spacing: Point(input.spacing[0], input.spacing[1], input.spacing[2]), subject: region.id)
        let patch = try PatchSampler().sample(channels, on: grid)
        var inside: Tensor?
        if wantsMask {
            let sampled = try PatchSampler().sample([PatchChannel(try voxels.mask())], on: grid).tensor
            inside = try? sampled.reshaped(to: Array(sampled.shape.dropFirst()))
        }
        return ExampleTensors.Prepared(tensor: patch.tensor, mask: inside, coverage: patch.coverage)
    }
}
