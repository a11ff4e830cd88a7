/// Pearson's test whether rows and columns of a table of counts are independent.
package struct ChiSquaredTest: Sendable, Equatable {
    package let statistic: Double
    package let degreesOfFreedom: Int
    package let p: Double

    /// - Parameters:
    ///   - table: counts, each row as long as the others.
    ///   - correctsContinuity: Yates' correction; only of effect in a table of two rows and two columns.
    /// - Throws: ``StatisticsError`` for a table with one row or column, or with an empty one.
    package init(_ table: [[Int]], correctsContinuity: Bool = true) throws(StatisticsError) {
        let width = table.first?.count ?? 0
        guard table.count > 1, width > 1, table.allSatisfy({ $0.count == width && $0.allSatisfy { $0 >= 0 } }) else {
            throw .invalidArgument("a chi-squared test needs two or more rows and columns of counts")
        }
        let rows = table.map { Double($0.reduce(0, +)) }
        let columns = (0..<width).map { column in Double(table.reduce(0) { $0 + $1[column] }) }
        let total = rows.reduce(0, +)
        guard rows.allSatisfy({ $0 > 0 }), columns.allSatisfy({ $0 > 0 }) else {
            throw .invalidArgument("a chi-squared test needs a count in every row and column")
        }
        degreesOfFreedom = (table.count - 1) * (width - 1)
        let isCorrected = correctsContinuity && degreesOfFreedom == 1
        var sum = 0.0
        for (row, counts) in table.enumerated() {
            for (column, count) in counts.enumerated() {
                let expected = rows[row] * columns[column] / total
                let distance = abs(Double(count) - expected)
                let corrected = isCorrected ? distance - min(0.5, distance) : distance
                sum += corrected * corrected / expected
            }
        }
        statistic = sum
        p = ChiSquaredDistribution.upper(sum, degreesOfFreedom: degreesOfFreedom)
    }
}
