#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The standard normal distribution.
package enum NormalDistribution {
    package static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

    /// P(|Z| ≥ |z|).
    package static func twoSided(_ z: Double) -> Double { erfc(abs(z) / 2.0.squareRoot()) }

    /// The z below which a share of 0 < p < 1 lies; ±∞ at the ends.
    package static func quantile(_ p: Double) -> Double {
        guard p > 0 else { return -.infinity }
        guard p < 1 else { return .infinity }
        // Of the smaller tail, where erfc keeps its digits.
        if p > 0.5 { return -quantile(1 - p) }
        // A first guess (Abramowitz & Stegun 26.2.23), then Halley's steps.
        let t = (-2 * log(p)).squareRoot()
        var z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))))
        for _ in 0..<4 {
            let error = cumulative(z) - p
            let u = error * (2 * Double.pi).squareRoot() * exp(z * z / 2)
            z -= u / (1 + z * u / 2)
        }
        return z
    }
}

/// Student's t distribution.
package enum StudentDistribution {
    /// P(|T| ≥ |t|) with this many degrees of freedom, not necessarily whole.
    package static func twoSided(_ t: Double, degreesOfFreedom: Double) -> Double {
        SpecialFunctions.beta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
    }
}

/// The chi-squared distribution.
package enum ChiSquaredDistribution {
    /// P(X ≥ x) with this many degrees of freedom.
    package static func upper(_ x: Double, degreesOfFreedom: Int) -> Double {
        SpecialFunctions.upperGamma(Double(degreesOfFreedom) / 2, x / 2)
    }
}

/// The binomial distribution.
package enum BinomialDistribution {
    /// P(X ≤ k) of n tries with probability p each.
    package static func cumulative(_ k: Int, of n: Int, probability p: Double) -> Double {
        if k < 0 { return 0 }
        if k >= n { return 1 }
        return SpecialFunctions.beta(1 - p, Double(n - k), Double(k + 1))
    }
}
