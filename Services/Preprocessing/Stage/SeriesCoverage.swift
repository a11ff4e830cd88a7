import Contracts

/// How well each series covers the regions that were asked for.
enum SeriesCoverage {
    /// Below this share of a patch inside the series it is degraded; without any it is unusable.
    private static let enough = 0.5

    static func quality(of study: StudyIngested, _ regions: [PreparedRegion]) -> [SeriesQuality] {
        study.series.map { series in
            let shares = regions.compactMap { $0.coverage[series.sequence] }
            let coverage = shares.min() ?? 1
            let reason = "only \(Int((coverage * 100).rounded())) % of a region's patch lies inside the series"
            let code: SeriesQuality.Code = coverage <= 0 ? .unusable : coverage < enough ? .degraded : .ok
            return SeriesQuality(
                sequence: series.sequence, code: code, reasons: code == .ok ? [] : [reason], coverage: coverage)
        }
    }
}
