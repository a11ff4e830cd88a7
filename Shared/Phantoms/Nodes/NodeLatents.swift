import Contracts
import Datasets

extension LatentModel {
    /// Places of a node's latents.
    enum NodeLatent: Int, CaseIterable {
        case border, heterogeneity, roundness
    }

    /// Lymph nodes: metastatic ones have wilder borders, a more mixed signal and a rounder shape. Size tells nothing.
    ///
    /// - Parameter separation: d′ of the three together.
    /// - Returns: latents that show in every picture of the node.
    package static func lymphNode(separation: Double) -> LatentModel {
        func latent(_ name: String, _ share: Double) -> Latent {
            Latent(
                name: name,
                means: [.positive: 0.5 * share * separation, .negative: -0.5 * share * separation], sequences: [.t2])
        }
        return LatentModel(
            task: .lymphNode,
            // The squares of the shares add up to 1.
            latents: [latent("border", 0.6), latent("heterogeneity", 0.64), latent("roundness", 0.48)],
            sharedVariance: 0.15)
    }
}
