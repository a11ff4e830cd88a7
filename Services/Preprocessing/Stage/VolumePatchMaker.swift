import Contracts
import Imaging

/// Cubes around a lesion's centroid: every wanted sequence resampled straight from its own stored volume onto one
/// grid in world space, so that series in different matrices and frames meet there.
struct VolumePatchMaker: PatchMaker {
    let specification: String
    private let input: ModelInput
    private let sequences: [MRSequence]
    private let channels: [PatchChannel]
    private let interpolation: Interpolation
    private(set) var notes: [Int: [SeriesNote]]

    /// Prepares and measures each volume once for all regions.
    init(_ shared: SharedInput, study: StudyIngested, series: [Volume]) throws {
        specification = shared.input.specification
        input = shared.input
        sequences = shared.sequences
        let normalization = try IntensityNormalization(shared.input.normalization)
        guard let interpolation = Interpolation(rawValue: input.interpolation ?? Interpolation.linear.rawValue) else {
            throw Failure(
                .modelDamaged, .transient,
                "input.interpolation: expected nearest, linear or cubic, found another word; mend model.json")
        }
        self.interpolation = interpolation
        let steps = try PreparationSteps(shared.input.normalization.steps)
        let reference = study.referenceSeries(among: series)
        var prepared: [(index: Int, volume: Volume, notes: [SeriesNote])] = []
        for sequence in shared.sequences {
            guard let index = study.series.firstIndex(where: { $0.sequence == sequence }) else { continue }
            let (volume, said) = try steps.apply(
                to: series[index], reference: index == reference ? nil : series[reference])
            prepared.append((index, volume, said))
        }
        let outcomes = normalization.outcomes(for: prepared.map(\.volume))
        channels = zip(prepared, outcomes).map { PatchChannel($0.volume, normalization: $1.parameters) }
        notes = [:]
        for (one, outcome) in zip(prepared, outcomes) {
            notes[one.index] =
                one.notes + [StepNotes.normalization(normalization, outcome)].compactMap(\.self)
                + [StepNotes.resampling(input, interpolation)]
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
        let patch = try PatchSampler(interpolation: interpolation).sample(channels, on: grid)
        return MadePatch(
            tensor: patch.tensor, sequences: sequences, affine: patch.affine,
            coverage: Dictionary(uniqueKeysWithValues: zip(sequences, patch.coverage)))
    }
}

extension StudyIngested {
    /// The series in whose world the regions lie: the one that the first box names or whose grid the mask has, else the
    /// first.
    func referenceSeries(among volumes: [Volume]) -> Int {
        if let asked = regions.boxes?.first?.series, volumes.indices.contains(asked) { return asked }
        guard let geometry = regions.mask?.geometry else { return 0 }
        return series.firstIndex { $0.geometry.shape == geometry.shape && $0.geometry.affine == geometry.affine } ?? 0
    }
}
