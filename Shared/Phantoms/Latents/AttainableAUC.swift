package import Contracts
import Datasets
import Imaging
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The best AUC that anything can have which sees some sequences of single regions.
package struct AttainableAUC: Sendable {
    package let value: Double
    /// Standard error of the simulation; 0 where a formula gives the value.
    package let standardError: Double

    package static let draws = 100_000

    /// Where each class is one outcome, AUC = Φ(d′ / √2), d′ the distance of the means (Green & Swets 1966; Marzban
    /// 2004); where it is a mixture of outcomes, a seeded simulation of the likelihood ratio.
    ///
    /// - Parameters:
    ///   - model: the latents.
    ///   - role: the question; outcomes of one class are equally frequent.
    ///   - sequences: those that are seen.
    ///   - draws: pairs to draw where no formula is.
    package init(
        _ model: LatentModel, _ role: ClassifierRole, seeing sequences: Set<MRSequence>, draws: Int = Self.draws
    ) {
        let score = LikelihoodRatio(model, role, seeing: sequences)
        if score.positives.count == 1, score.negatives.count == 1 {
            let squares = zip(score.positives[0], score.negatives[0]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            value = NormalDistribution.cumulative((squares / 2).squareRoot())
            standardError = 0
            return
        }
        // The same numbers for every question and subset, so that a subset that sees more is never drawn worse.
        var random = PhantomRandom(seed: 0x0a0c)
        var labels: [Bool] = []
        var scores: [Double] = []
        for draw in 0..<max(1, draws) {
            let noise = random.gaussians(model.latents.count)
            for (isPositive, means) in [(true, score.positives), (false, score.negatives)] {
                let mean = means[draw % means.count]
                labels.append(isPositive)
                scores.append(score(zip(mean, score.visible).map { $0 + noise[$1] }))
            }
        }
        guard let cases = try? LabeledScores(labels: labels, scores: scores),
            let area = try? DeLong.area(under: cases)
        else { preconditionFailure("both classes are drawn, and their densities are positive") }
        value = area.value
        standardError = area.variance.squareRoot()
    }
}

/// The log of the ratio of the two classes' densities at the visible latents.
package struct LikelihoodRatio: Sendable {
    let visible: [Int]
    /// Of each outcome of a class, the means of the visible latents.
    let positives: [[Double]]
    let negatives: [[Double]]

    package init(_ model: LatentModel, _ role: ClassifierRole, seeing sequences: Set<MRSequence>) {
        let visible = model.visible(in: sequences)
        func means(_ label: Int) -> [[Double]] {
            model.outcomes.filter { role.label(of: $0) == label }.map { outcome in
                let mean = model.mean(outcome)
                return visible.map { mean[$0] }
            }
        }
        self.visible = visible
        positives = means(1)
        negatives = means(0)
    }

    /// - Parameter latents: all of a region.
    /// - Returns: above 0 where they speak for class 1.
    package func score(_ latents: [Double]) -> Double { callAsFunction(visible.map { latents[$0] }) }

    func callAsFunction(_ seen: [Double]) -> Double { Self.density(seen, positives) - Self.density(seen, negatives) }

    /// The log of a mixture's density, but for a constant.
    private static func density(_ seen: [Double], _ means: [[Double]]) -> Double {
        let exponents = means.map { mean in -0.5 * zip(seen, mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
        let largest = exponents.max() ?? 0
        return largest + log(exponents.reduce(0) { $0 + exp($1 - largest) } / Double(max(1, exponents.count)))
    }
}
