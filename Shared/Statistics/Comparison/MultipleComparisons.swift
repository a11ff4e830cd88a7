/// p values of several tests, adjusted for their number; in the order given.
package enum MultipleComparisons {
    package static func bonferroni(_ p: [Double]) -> [Double] { p.map { min(1, $0 * Double(p.count)) } }

    /// Holm (1979): keeps the family-wise error, and is never worse than Bonferroni.
    package static func holm(_ p: [Double]) -> [Double] {
        adjust(p, ascending: true) { value, rank, count in value * Double(count - rank) }
    }

    /// Benjamini & Hochberg (1995): keeps the false discovery rate.
    package static func benjaminiHochberg(_ p: [Double]) -> [Double] {
        adjust(p, ascending: false) { value, rank, count in value * Double(count) / Double(rank + 1) }
    }

    /// Adjusts by rank from zero on, and keeps the order: step down takes the running maximum, step up the minimum.
    private static func adjust(
        _ p: [Double], ascending: Bool, _ adjusted: (Double, Int, Int) -> Double
    ) -> [Double] {
        let order = p.indices.sorted { p[$0] < p[$1] }
        var result = p
        var bound = ascending ? 0.0 : 1.0
        for rank in ascending ? Array(order.indices) : order.indices.reversed() {
            let value = min(1, adjusted(p[order[rank]], rank, p.count))
            bound = ascending ? max(bound, value) : min(bound, value)
            result[order[rank]] = bound
        }
        return result
    }
}
