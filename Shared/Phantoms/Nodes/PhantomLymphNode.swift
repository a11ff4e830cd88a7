import Datasets

/// A node to draw: its size, which knows nothing of its status, and what its latents mean. All maps are monotone.
struct PhantomLymphNode: Sendable {
    let patient: Int
    /// Within the patient, from 1.
    let number: Int
    let status: Outcome
    /// In mm.
    let shortAxis: Double
    let latents: [Double]

    private func squash(_ latent: LatentModel.NodeLatent) -> Double {
        let value = latents[latent.rawValue]
        return value / (value * value + 4).squareRoot()
    }

    /// Standard deviation of the border about its ellipse, as a share.
    var irregularity: Double { 0.085 + 0.08 * squash(.border) }

    /// Standard deviation of the signal inside, as a share.
    var heterogeneity: Double { 0.21 + 0.2 * squash(.heterogeneity) }

    /// Short by long axis.
    var roundness: Double { 0.72 + 0.26 * squash(.roundness) }
}
