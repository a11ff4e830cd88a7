/// A test whether two samples have the same mean.
package struct TTest: Sendable, Equatable {
    package let t: Double
    package let degreesOfFreedom: Double
    /// Two-sided.
    package let p: Double

    /// - Parameters:
    ///   - x: the first sample.
    ///   - y: the second sample.
    ///   - assumesEqualVariances: Student's test; otherwise Welch's.
    /// - Throws: ``StatisticsError`` for fewer than two values, or values of which none varies.
    package init(_ x: [Double], _ y: [Double], assumesEqualVariances: Bool = false) throws(StatisticsError) {
        guard x.count > 1, y.count > 1 else {
            throw .invalidArgument("a t test needs two values of each sample, found \(x.count) and \(y.count)")
        }
        let (n, m) = (Double(x.count), Double(y.count))
        let (meanX, varianceX) = Self.moments(x)
        let (meanY, varianceY) = Self.moments(y)
        guard varianceX + varianceY > 0 else { throw .invalidArgument("a t test needs values that vary") }
        let variance: Double
        if assumesEqualVariances {
            degreesOfFreedom = n + m - 2
            variance = ((n - 1) * varianceX + (m - 1) * varianceY) / (n + m - 2) * (1 / n + 1 / m)
        } else {
            let (a, b) = (varianceX / n, varianceY / m)
            variance = a + b
            degreesOfFreedom = (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1))
        }
        t = (meanX - meanY) / variance.squareRoot()
        p = StudentDistribution.twoSided(t, degreesOfFreedom: degreesOfFreedom)
    }

    /// Mean and sample variance.
    private static func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1))
    }
}
