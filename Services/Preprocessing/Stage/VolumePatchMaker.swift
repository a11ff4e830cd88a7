import Contracts
import Imaging

/// Cubes around a lesion's centroid: every wanted sequence resampled straight from its own stored volume onto one
/// grid in world space, so that series in different matrices and frames meet there.
struct VolumePatchMaker: PatchMaker {
    let specification: String
    private let input: ModelInput
    private let sequences: [MRSequence]
    private let channels: [PatchChannel]

    /// Measures each volume once for all regions.
    init(_ shared: SharedInput, study: StudyIngested, series: [Volume]) throws {
        specification = shared.input.specification
        input = shared.input
        sequences = shared.sequences
        let normalization = try IntensityNormalization(shared.input.normalization)
        channels = shared.sequences.compactMap { sequence in
            guard let index = study.series.firstIndex(where: { $0.sequence == sequence }) else { return nil }
            return PatchChannel(series[index], normalization: normalization.parameters(for: series[index]))
        }
    }

    func make(_ planned: PlannedWork) throws -> MadePatch {
        guard input.size.count == 3, input.spacing.count == 3 else {
            throw Failure(
                .modelDamaged, .transient,
                "input: expected three sizes and three spacings for a volume, found \(input.size.count) and "
                    + "\(input.spacing.count); mend model.json")
        }
        let grid = try PatchGrid(
            center: planned.region.centroid, size: input.size,
            spacing: Point(input.spacing[0], input.spacing[1], input.spacing[2]), subject: planned.region.id)
        let patch = try PatchSampler().sample(channels, on: grid)
        return MadePatch(
            tensor: patch.tensor, sequences: sequences, affine: patch.affine,
            coverage: Dictionary(uniqueKeysWithValues: zip(sequences, patch.coverage)))
    }
}
