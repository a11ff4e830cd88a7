/// A share of cases, and how sure one may be of it.
package struct Proportion: Sendable, Equatable {
    package let successes: Int
    package let trials: Int

    /// Nil for a share of nothing.
    package init?(_ successes: Int, of trials: Int) {
        guard trials > 0, (0...trials).contains(successes) else { return nil }
        self.successes = successes
        self.trials = trials
    }

    package var value: Double { Double(successes) / Double(trials) }

    /// Wilson (1927), without continuity correction.
    package func wilson(level: Double = 0.95) -> (lower: Double, upper: Double) {
        let z = NormalDistribution.quantile(0.5 + level / 2)
        let n = Double(trials)
        let center = (value + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (value * (1 - value) / n + z * z / (4 * n * n)).squareRoot()
        return (max(0, center - half), min(1, center + half))
    }

    /// Clopper & Pearson (1934), exact.
    package func clopperPearson(level: Double = 0.95) -> (lower: Double, upper: Double) {
        let tail = (1 - level) / 2
        let (k, n) = (Double(successes), Double(trials))
        let lower = successes == 0 ? 0 : SpecialFunctions.inverseBeta(tail, k, n - k + 1)
        let upper = successes == trials ? 1 : 1 - SpecialFunctions.inverseBeta(tail, n - k, k + 1)
        return (lower, upper)
    }
}
