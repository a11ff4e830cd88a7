/// Cohen's kappa of two raters with its standard errors (Fleiss, Cohen & Everitt 1969).
package struct CohenKappa: Sendable, Equatable {
    /// How much a disagreement counts.
    package enum Weighting: String, Sendable, CaseIterable {
        /// All disagreements are alike.
        case none
        /// By their distance.
        case linear
        /// By the square of their distance.
        case quadratic
    }

    package let value: Double
    /// For the interval.
    package let standardError: Double
    /// Under the hypothesis of no agreement beyond chance, for the test.
    package let standardErrorNull: Double
    package let lower: Double
    package let upper: Double
    package let z: Double
    /// Two-sided.
    package let p: Double

    /// - Parameters:
    ///   - table: how often the first rater said the row's category and the second the column's.
    ///   - weighting: how much a disagreement counts.
    ///   - level: of the interval, such as 0.95.
    /// - Throws: ``StatisticsError`` for a table that is not square, is empty, or in which both raters only ever say
    ///   one and the same.
    package init(
        table: [[Int]], weighting: Weighting = .none, level: Double = 0.95
    ) throws(StatisticsError) {
        let size = table.count
        guard size > 1, table.allSatisfy({ $0.count == size && $0.allSatisfy { $0 >= 0 } }) else {
            throw .invalidArgument("kappa needs a square table of counts with two or more categories")
        }
        let total = table.reduce(0) { $0 + $1.reduce(0, +) }
        guard total > 0 else { throw .empty }
        let n = Double(total)
        let shares = table.map { $0.map { Double($0) / n } }
        let rows = shares.map { $0.reduce(0, +) }
        let columns = (0..<size).map { column in shares.reduce(0) { $0 + $1[column] } }
        let weights = (0..<size).map { row in
            (0..<size).map { column -> Double in
                let distance = Double(abs(row - column)) / Double(size - 1)
                switch weighting {
                case .none: return row == column ? 1 : 0
                case .linear: return 1 - distance
                case .quadratic: return 1 - distance * distance
                }
            }
        }
        var (observed, expected) = (0.0, 0.0)
        for row in 0..<size {
            for column in 0..<size {
                observed += weights[row][column] * shares[row][column]
                expected += weights[row][column] * rows[row] * columns[column]
            }
        }
        guard expected < 1 else {
            throw .invalidArgument("kappa is not defined where both raters only ever say one and the same")
        }
        let kappa = (observed - expected) / (1 - expected)
        let rowMeans = (0..<size).map { row in (0..<size).reduce(0) { $0 + columns[$1] * weights[row][$1] } }
        let columnMeans = (0..<size).map { column in (0..<size).reduce(0) { $0 + rows[$1] * weights[$1][column] } }
        var (sum, sumNull) = (0.0, 0.0)
        for row in 0..<size {
            for column in 0..<size {
                let mean = rowMeans[row] + columnMeans[column]
                let deviation = weights[row][column] - mean * (1 - kappa)
                sum += shares[row][column] * deviation * deviation
                let deviationNull = weights[row][column] - mean
                sumNull += rows[row] * columns[column] * deviationNull * deviationNull
            }
        }
        let offset = kappa - expected * (1 - kappa)
        let scale = n * (1 - expected) * (1 - expected)
        value = kappa
        standardError = (max(0, sum - offset * offset) / scale).squareRoot()
        standardErrorNull = (max(0, sumNull - expected * expected) / scale).squareRoot()
        let half = NormalDistribution.quantile(0.5 + level / 2) * standardError
        lower = kappa - half
        upper = kappa + half
        z = standardErrorNull > 0 ? kappa / standardErrorNull : 0
        p = NormalDistribution.twoSided(z)
    }

    /// From two raters' calls; categories in the order given, or sorted.
    ///
    /// - Throws: ``StatisticsError`` for different lengths, or a call that is none of the categories.
    package init<Category: Hashable & Comparable>(
        _ first: [Category], _ second: [Category], categories: [Category]? = nil, weighting: Weighting = .none,
        level: Double = 0.95
    ) throws(StatisticsError) {
        guard first.count == second.count else {
            throw .lengthMismatch(expected: first.count, got: second.count, what: "calls of the second rater")
        }
        guard !first.isEmpty else { throw .empty }
        let names = categories ?? Set(first + second).sorted()
        guard names.count > 1 else {
            throw .invalidArgument("kappa is not defined where both raters only ever say one and the same")
        }
        var table = [[Int]](repeating: [Int](repeating: 0, count: names.count), count: names.count)
        for (one, other) in zip(first, second) {
            guard let row = names.firstIndex(of: one), let column = names.firstIndex(of: other) else {
                throw .invalidArgument("a call is none of the categories")
            }
            table[row][column] += 1
        }
        try self.init(table: table, weighting: weighting, level: level)
    }
}
