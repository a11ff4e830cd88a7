import Contracts
import Imaging

/// Cut-outs of lymph nodes, as the second paper makes them: the smallest rectangle along the node's margin in the
/// slice where it is largest, padded and not scaled to the network's square.
struct CutOutMaker: PatchMaker {
    let specification: String
    private let padding: CutOutPadding
    private let meanImage: MeanImage?
    private let study: StudyIngested
    private let series: [Volume]
    private let normalizations: [NormalizationParameters]
    let notes: [Int: [SeriesNote]]

    init(_ shared: SharedInput, study: StudyIngested, series: [Volume]) throws {
        guard shared.input.size.count == 2, shared.input.size[0] == shared.input.size[1] else {
            throw Failure(
                .modelDamaged, .transient,
                "input.size: expected two equal sizes for cut-outs, found \(shared.input.size); mend model.json")
        }
        specification = shared.input.specification
        padding = CutOutPadding(
            side: shared.input.size[0], mean: shared.input.normalization.mean.map { [$0] } ?? [],
            scale: shared.input.normalization.scale ?? 1)
        let side = padding.side
        meanImage = try shared.input.normalization.meanImage.map { image throws(ImagingError) in
            try MeanImage.load(image, side: side)
        }
        let normalization = try IntensityNormalization(shared.input.normalization)
        let steps = try PreparationSteps(shared.input.normalization.steps)
        var prepared: [Volume] = []
        var normalizations: [NormalizationParameters] = []
        var notes: [Int: [SeriesNote]] = [:]
        for (index, volume) in series.enumerated() {
            // Each cut-out comes out of one series: nothing is to be registered.
            let (volume, said) = try steps.apply(to: volume, reference: nil)
            prepared.append(volume)
            let outcome = normalization.outcome(for: volume)
            normalizations.append(outcome.parameters)
            notes[index] =
                said + [StepNotes.normalization(normalization, outcome)].compactMap(\.self)
                + [StepNotes.cutOut(shared.input)]
        }
        self.study = study
        self.series = prepared
        self.notes = notes
        self.normalizations = normalizations
    }

    func make(_ planned: PlannedWork) throws -> MadePatch {
        let index = planned.image ?? 0
        let volume = series[index]
        let section: CrossSection
        if study.regions.wholeImages {
            section = try CrossSection(wholeOf: volume, subject: "series[\(index)]")
        } else {
            let plane = study.series[index].plane ?? Plane.acquired(volume)
            section = try CrossSection(of: planned.region, in: volume, plane: plane, subject: planned.region.id)
        }
        let picture = CutOut(section, of: volume, normalization: normalizations[index])
        let (tensor, _) = try padding.input(from: picture, meanImage: meanImage?.pixels)
        let sequence = study.series[index].sequence
        return MadePatch(
            tensor: tensor, sequences: [sequence], affine: affine(of: section, in: volume), coverage: [sequence: 1])
    }

    /// Pixel (column, row, 0) of the padded square to RAS+ world, mm.
    private func affine(of section: CrossSection, in volume: Volume) -> Affine {
        let frame = section.frame
        let axes = [volume.affine.first, volume.affine.second, volume.affine.third]
        let left = Double(Self.margin(section.columns.count, in: padding.side))
        let top = Double(Self.margin(section.rows.count, in: padding.side))
        var origin = Point.zero
        origin[frame.sliceAxis] = Double(section.slice)
        origin[frame.columnAxis] =
            frame.reversesColumns
            ? Double(section.columns.upperBound) + left : Double(section.columns.lowerBound) - left
        origin[frame.rowAxis] =
            frame.reversesRows ? Double(section.rows.upperBound) + top : Double(section.rows.lowerBound) - top
        return Affine(
            axes[frame.columnAxis] * (frame.reversesColumns ? -1 : 1),
            axes[frame.rowAxis] * (frame.reversesRows ? -1 : 1),
            axes[frame.sliceAxis], translation: volume.affine.apply(origin))
    }

    private static func margin(_ extent: Int, in side: Int) -> Int {
        extent <= side ? (side - extent) / 2 : -((extent - side) / 2)
    }
}
