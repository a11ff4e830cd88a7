#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How well probabilities keep their word.
package struct CalibrationReport: Sendable, Equatable {
    /// Cases whose probabilities lie in one bin.
    package struct Bin: Sendable, Equatable {
        package let lower: Double
        package let upper: Double
        package let count: Int
        package let meanProbability: Double
        /// The share of positive cases, with its uncertainty.
        package let observed: Proportion
    }

    /// Mean squared distance of the probability from the truth.
    package let brier: Double
    /// Mean negative logarithm of the probability of what was true; probabilities are kept ε away from 0 and 1.
    package let logLoss: Double
    /// Expected calibration error: mean distance of the bins' probabilities and shares, by their counts.
    package let expectedCalibrationError: Double
    /// Bins of equal width that hold cases.
    package let bins: [Bin]

    /// - Throws: ``StatisticsError`` for scores that are no probabilities.
    package init(_ cases: LabeledScores, bins count: Int = 10) throws(StatisticsError) {
        guard cases.scores.allSatisfy({ (0...1).contains($0) }) else {
            throw .invalidArgument("calibration needs probabilities, between 0 and 1")
        }
        guard count > 0 else { throw .invalidArgument("calibration needs one bin or more") }
        let n = Double(cases.count)
        let epsilon = Double.ulpOfOne
        var (squares, logarithms) = (0.0, 0.0)
        var sums = [(probability: Double, positives: Int, count: Int)](repeating: (0, 0, 0), count: count)
        for (label, score) in zip(cases.labels, cases.scores) {
            let distance = score - (label ? 1 : 0)
            squares += distance * distance
            logarithms -= log(min(max(label ? score : 1 - score, epsilon), 1 - epsilon))
            let bin = min(count - 1, Int(score * Double(count)))
            sums[bin].probability += score
            sums[bin].positives += label ? 1 : 0
            sums[bin].count += 1
        }
        brier = squares / n
        logLoss = logarithms / n
        bins = sums.enumerated().compactMap { index, sum in
            guard let observed = Proportion(sum.positives, of: sum.count) else { return nil }
            return Bin(
                lower: Double(index) / Double(count), upper: Double(index + 1) / Double(count), count: sum.count,
                meanProbability: sum.probability / Double(sum.count), observed: observed)
        }
        expectedCalibrationError = bins.reduce(0) {
            $0 + Double($1.count) / n * abs($1.meanProbability - $1.observed.value)
        }
    }
}
