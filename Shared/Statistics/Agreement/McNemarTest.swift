/// McNemar's test of two readers' (or methods') calls on the same cases.
package struct McNemarTest: Sendable, Equatable {
    /// Cases that only the first had right.
    package let onlyFirst: Int
    /// Cases that only the second had right.
    package let onlySecond: Int
    /// Exact, two-sided, by the binomial distribution.
    package let exactP: Double
    /// (|b − c| − 1)² / (b + c) with continuity correction; 0 where they never differ.
    package let chiSquared: Double
    package let p: Double

    package init(onlyFirst: Int, onlySecond: Int) {
        self.onlyFirst = onlyFirst
        self.onlySecond = onlySecond
        let total = onlyFirst + onlySecond
        let tail = BinomialDistribution.cumulative(min(onlyFirst, onlySecond), of: total, probability: 0.5)
        exactP = total == 0 ? 1 : min(1, 2 * tail)
        let distance = max(0, Double(abs(onlyFirst - onlySecond)) - 1)
        chiSquared = total == 0 ? 0 : distance * distance / Double(total)
        p = ChiSquaredDistribution.upper(chiSquared, degreesOfFreedom: 1)
    }

    /// - Precondition: as many calls of each as truths.
    package init(truth: [Bool], first: [Bool], second: [Bool]) {
        precondition(truth.count == first.count && truth.count == second.count, "a call of each for each case")
        var (b, c) = (0, 0)
        for index in truth.indices {
            let isFirstRight = first[index] == truth[index]
            let isSecondRight = second[index] == truth[index]
            if isFirstRight, !isSecondRight { b += 1 }
            if !isFirstRight, isSecondRight { c += 1 }
        }
        self.init(onlyFirst: b, onlySecond: c)
    }
}
