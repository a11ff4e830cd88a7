#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An area under the ROC curve with its uncertainty.
package struct AUCEstimate: Sendable, Equatable {
    /// P(s⁺ > s⁻) + ½ P(s⁺ = s⁻).
    package let value: Double
    /// DeLong's variance.
    package let variance: Double
    /// The interval at `level`, clipped to [0, 1].
    package let lower: Double
    package let upper: Double
}

/// Two areas compared.
package struct AUCComparison: Sendable, Equatable {
    /// The first area less the second.
    package let difference: Double
    /// Of the difference.
    package let variance: Double
    /// Nil where neither varies but they differ: then p is 0.
    package let z: Double?
    /// Two-sided.
    package let p: Double
    package let lower: Double
    package let upper: Double
}

/// DeLong, DeLong & Clarke-Pearson (1988) in the fast form of Sun & Xu (2014).
package enum DeLong {
    /// What one score says of each case: V10 of the positives, V01 of the negatives.
    struct Components {
        let area: Double
        let positives: [Double]
        let negatives: [Double]

        init(_ cases: LabeledScores) throws(StatisticsError) {
            try cases.requireBothClasses()
            var positiveScores: [Double] = []
            var negativeScores: [Double] = []
            for (label, score) in zip(cases.labels, cases.scores) {
                if label { positiveScores.append(score) } else { negativeScores.append(score) }
            }
            let m = Double(positiveScores.count)
            let n = Double(negativeScores.count)
            let all = Midranks.of(positiveScores + negativeScores)
            let within = (positives: Midranks.of(positiveScores), negatives: Midranks.of(negativeScores))
            positives = positiveScores.indices.map { (all[$0] - within.positives[$0]) / n }
            negatives = negativeScores.indices.map {
                1 - (all[positiveScores.count + $0] - within.negatives[$0]) / m
            }
            area = positives.reduce(0, +) / m
        }
    }

    /// - Parameters:
    ///   - cases: with both classes.
    ///   - level: of the interval, such as 0.95.
    /// - Returns: the area, DeLong's variance and the interval.
    /// - Throws: ``StatisticsError/oneClassOnly(positives:negatives:)``.
    package static func area(under cases: LabeledScores, level: Double = 0.95) throws(StatisticsError) -> AUCEstimate {
        let components = try Components(cases)
        let variance = covariance(components, components)
        let half = NormalDistribution.quantile(0.5 + level / 2) * variance.squareRoot()
        return AUCEstimate(
            value: components.area, variance: variance, lower: max(0, components.area - half),
            upper: min(1, components.area + half))
    }

    /// Two scores of the same cases.
    ///
    /// - Throws: ``StatisticsError`` where labels differ or a class is missing.
    package static func compare(
        paired first: LabeledScores, _ second: LabeledScores, level: Double = 0.95
    ) throws(StatisticsError) -> AUCComparison {
        guard first.labels == second.labels else {
            throw .invalidArgument("a paired comparison needs the same cases in the same order")
        }
        let (one, other) = (try Components(first), try Components(second))
        let variance = covariance(one, one) + covariance(other, other) - 2 * covariance(one, other)
        return comparison(one.area - other.area, variance, level)
    }

    /// Scores of different cases, such as two cohorts.
    package static func compare(
        unpaired first: LabeledScores, _ second: LabeledScores, level: Double = 0.95
    ) throws(StatisticsError) -> AUCComparison {
        let (one, other) = (try Components(first), try Components(second))
        return comparison(one.area - other.area, covariance(one, one) + covariance(other, other), level)
    }

    private static func comparison(_ difference: Double, _ variance: Double, _ level: Double) -> AUCComparison {
        // Identical scores leave rounding errors where nothing varies.
        let isConstant = variance <= 1e-18
        let deviation = isConstant ? 0 : variance.squareRoot()
        let isEqual = abs(difference) < 1e-15
        let z: Double? = isConstant ? (isEqual ? 0 : nil) : difference / deviation
        let half = NormalDistribution.quantile(0.5 + level / 2) * deviation
        return AUCComparison(
            difference: difference, variance: isConstant ? 0 : variance, z: z,
            p: z.map(NormalDistribution.twoSided) ?? 0, lower: difference - half, upper: difference + half)
    }

    /// S = cov(V10)/m + cov(V01)/n. One case of a class has no variance of its own.
    private static func covariance(_ one: Components, _ other: Components) -> Double {
        sampleCovariance(one.positives, other.positives) / Double(one.positives.count)
            + sampleCovariance(one.negatives, other.negatives) / Double(one.negatives.count)
    }

    private static func sampleCovariance(_ x: [Double], _ y: [Double]) -> Double {
        guard x.count > 1 else { return 0 }
        let meanX = x.reduce(0, +) / Double(x.count)
        let meanY = y.reduce(0, +) / Double(y.count)
        return zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / Double(x.count - 1)
    }
}
