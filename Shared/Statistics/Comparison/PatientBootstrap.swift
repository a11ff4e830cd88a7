/// An area's interval from resampled patients: lesions of one patient are not independent of each other.
package struct PatientBootstrap: Sendable, Equatable {
    package let lower: Double
    package let upper: Double
    /// Resamples that counted; those without both classes do not.
    package let resamples: Int

    /// Percentiles of the area over resamples of patients with replacement.
    ///
    /// - Parameters:
    ///   - cases: with both classes.
    ///   - patients: whose each case is.
    ///   - resamples: how many are drawn.
    ///   - seed: the same seed draws the same patients.
    ///   - level: of the interval, such as 0.95.
    /// - Throws: ``StatisticsError`` for different lengths, one class only, or a single patient.
    package init(
        _ cases: LabeledScores, patients: [String], resamples: Int = 2000, seed: UInt64 = 1, level: Double = 0.95
    ) throws(StatisticsError) {
        let ranked = try RankedScores(cases)
        try self.init(cases.count, patients, resamples, seed, level) { ranked.area(weights: $0) }
    }

    /// Percentiles of the difference of two areas, the first less the second, over the same resamples.
    ///
    /// - Parameters:
    ///   - first: with both classes.
    ///   - second: another score of the same cases.
    ///   - patients: whose each case is.
    ///   - resamples: how many are drawn.
    ///   - seed: the same seed draws the same patients.
    ///   - level: of the interval, such as 0.95.
    /// - Throws: ``StatisticsError`` for other cases, one class only, or a single patient.
    package init(
        differenceOf first: LabeledScores, _ second: LabeledScores, patients: [String], resamples: Int = 2000,
        seed: UInt64 = 1, level: Double = 0.95
    ) throws(StatisticsError) {
        guard first.labels == second.labels else {
            throw .invalidArgument("a paired comparison needs the same cases in the same order")
        }
        let (one, other) = (try RankedScores(first), try RankedScores(second))
        try self.init(first.count, patients, resamples, seed, level) { weights in
            guard let a = one.area(weights: weights), let b = other.area(weights: weights) else { return nil }
            return a - b
        }
    }

    /// Percentiles of the mean of several areas, such as each class against the others.
    ///
    /// - Parameters:
    ///   - areas: the same cases with other labels and scores each.
    ///   - patients: whose each case is.
    ///   - resamples: how many are drawn.
    ///   - seed: the same seed draws the same patients.
    ///   - level: of the interval, such as 0.95.
    /// - Throws: ``StatisticsError`` for other lengths, one class only, or a single patient.
    package init(
        meanOf areas: [LabeledScores], patients: [String], resamples: Int = 2000, seed: UInt64 = 1,
        level: Double = 0.95
    ) throws(StatisticsError) {
        var ranked: [RankedScores] = []
        for cases in areas { ranked.append(try RankedScores(cases)) }
        guard let first = areas.first else { throw .empty }
        try self.init(first.count, patients, resamples, seed, level) { weights in
            var sum = 0.0
            for scores in ranked {
                guard let area = scores.area(weights: weights) else { return nil }
                sum += area
            }
            return sum / Double(ranked.count)
        }
    }

    private init(
        _ count: Int, _ patients: [String], _ resamples: Int, _ seed: UInt64, _ level: Double,
        _ statistic: ([Int]) -> Double?
    ) throws(StatisticsError) {
        guard patients.count == count else {
            throw .lengthMismatch(expected: count, got: patients.count, what: "patients")
        }
        let values = try PatientResampling(patients: patients, resamples: resamples, seed: seed).values(of: statistic)
        guard !values.isEmpty else { throw .invalidArgument("no resample of the patients held both classes") }
        lower = PatientResampling.percentile(values, (1 - level) / 2)
        upper = PatientResampling.percentile(values, (1 + level) / 2)
        self.resamples = values.count
    }
}
