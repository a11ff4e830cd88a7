/// Spearman's rank correlation: whether two lists go up and down together.
package enum RankCorrelation {
    /// - Parameters:
    ///   - x: values.
    ///   - y: as many values.
    /// - Returns: from −1 to 1; 0 where one of them does not vary.
    /// - Throws: ``StatisticsError`` for different lengths or no values.
    package static func spearman(_ x: [Double], _ y: [Double]) throws(StatisticsError) -> Double {
        guard x.count == y.count else { throw .lengthMismatch(expected: x.count, got: y.count, what: "values") }
        guard !x.isEmpty else { throw .empty }
        let (a, b) = (Midranks.of(x), Midranks.of(y))
        // Midranks always have this mean.
        let mean = Double(x.count + 1) / 2
        var (products, squaresA, squaresB) = (0.0, 0.0, 0.0)
        for (one, other) in zip(a, b) {
            products += (one - mean) * (other - mean)
            squaresA += (one - mean) * (one - mean)
            squaresB += (other - mean) * (other - mean)
        }
        guard squaresA > 0, squaresB > 0 else { return 0 }
        return products / (squaresA * squaresB).squareRoot()
    }
}
