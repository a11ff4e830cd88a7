/// Split-conformal prediction (Vovk et al. 2005; Sadinle, Lei & Wasserman 2019).
package enum ConformalQuantile {
    /// The score that a new case, exchangeable with these, does not exceed with a chance of `coverage` at least: the
    /// ⌈(n + 1) · coverage⌉-th smallest.
    ///
    /// - Parameters:
    ///   - scores: of n cases, higher for stranger ones.
    ///   - coverage: above 0 and below 1.
    /// - Returns: the score; nil where n is too small for any, that is where ⌈(n + 1) · coverage⌉ > n.
    /// - Throws: ``StatisticsError`` for no scores, one that is not finite, or another coverage.
    package static func value(of scores: [Double], coverage: Double) throws(StatisticsError) -> Double? {
        guard !scores.isEmpty else { throw .empty }
        if let index = scores.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index, what: "the score") }
        guard coverage > 0, coverage < 1 else {
            throw .invalidArgument("coverage: expected a number between 0 and 1, found \(coverage)")
        }
        let rank = rank(count: scores.count, coverage: coverage)
        guard rank <= scores.count else { return nil }
        return scores.sorted()[rank - 1]
    }

    /// ⌈(n + 1) · coverage⌉. A product that is whole but for rounding counts as whole.
    static func rank(count: Int, coverage: Double) -> Int {
        let product = Double(count + 1) * coverage
        let whole = product.rounded()
        return Int(abs(product - whole) <= 1e-9 * product ? whole : product.rounded(.up))
    }
}
