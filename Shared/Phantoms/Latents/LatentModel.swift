package import Contracts
package import Datasets
import Imaging

/// Appearance as latent numbers: within an outcome each is normal with variance 1, independent of the others, about a
/// mean that depends on the outcome.
///
/// A picture is a function of its latents, of nuisances that know nothing of the outcome, and of noise. So no classifier
/// of single lesions or nodes does better than the likelihood ratio of the latents: that is the attainable AUC.
package struct LatentModel: Sendable {
    /// One number of the appearance.
    package struct Latent: Sendable, Equatable {
        package let name: String
        /// Means of the outcomes, in standard deviations.
        package let means: [Outcome: Double]
        /// The sequences that it changes; all others are exactly the same whatever it is.
        package let sequences: Set<MRSequence>
    }

    package let task: ClinicalTask
    package let latents: [Latent]
    /// The part of the variance that regions of one patient share.
    package let sharedVariance: Double

    package var outcomes: [Outcome] { Outcome.all(of: task) }

    func mean(_ outcome: Outcome) -> [Double] { latents.map { $0.means[outcome] ?? 0 } }

    /// The positions of the latents that show in at least one of the sequences.
    func visible(in sequences: Set<MRSequence>) -> [Int] {
        latents.indices.filter { !latents[$0].sequences.isDisjoint(with: sequences) }
    }

    /// What the regions of one patient have in common.
    func drawPatient(_ random: inout PhantomRandom) -> [Double] { random.gaussians(latents.count) }

    /// The latents of a region.
    func draw(_ outcome: Outcome, patient: [Double], random: inout PhantomRandom) -> [Double] {
        let (common, own) = (sharedVariance.squareRoot(), (1 - sharedVariance).squareRoot())
        let means = mean(outcome)
        return latents.indices.map { means[$0] + common * patient[$0] + own * random.gaussian() }
    }
}
