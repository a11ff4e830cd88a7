import Contracts

/// How well each series covers the regions that were asked for, and what was found out about it on the way.
enum SeriesCoverage {
    /// Below this share of a patch inside the series it is degraded; without any it is unusable.
    private static let enough = 0.5
    /// Notes that a series is to be read with care for; the others only tell what was done.
    private static let cautions: Set<SeriesNote.Code> = [.missingSlices, .geometryUnknown, .sequenceContradicted]

    static func quality(of study: StudyIngested, _ regions: [PreparedRegion]) -> [SeriesQuality] {
        study.series.map { series in
            let shares = regions.compactMap { $0.coverage[series.sequence] }
            let coverage = shares.min() ?? 1
            var reasons: [String] = []
            if coverage < enough {
                let percent = Int((coverage * 100).rounded())
                reasons.append("only \(percent) % of a region's patch lies inside the series")
            }
            let cautions = (series.notes ?? []).filter { Self.cautions.contains($0.code) && !isOfPicture($0, study) }
            reasons += cautions.map { "\($0.code.rawValue): \($0.message)" }
            let code: SeriesQuality.Code = coverage <= 0 ? .unusable : reasons.isEmpty ? .ok : .degraded
            let done = regions.first?.notes[series.sequence] ?? []
            let notes = (series.notes ?? []) + done
            return SeriesQuality(
                sequence: series.sequence, code: code, reasons: reasons, coverage: coverage,
                notes: notes.isEmpty ? nil : notes, recognized: series.recognized)
        }
    }

    /// A cut-out is not expected to say where it lies.
    private static func isOfPicture(_ note: SeriesNote, _ study: StudyIngested) -> Bool {
        note.code == .geometryUnknown && study.regions.wholeImages
    }
}
