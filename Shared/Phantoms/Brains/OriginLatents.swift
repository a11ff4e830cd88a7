import Contracts
import Datasets

extension LatentModel {
    /// Places of the origin's latents in a lesion's numbers.
    enum BrainLatent: Int, CaseIterable {
        case t1Signal, t2Signal, flairSignal, diffusion, enhancement, necrosis, edema, texture
    }

    /// Lesions of the four origins.
    ///
    /// Invented, but for what the paper says of single sequences: T1 tells most of lung or not, DWI of small-cell or not,
    /// contrast-enhanced T1 of breast or gastrointestinal, and that with T2 and DWI more.
    ///
    /// - Parameter separation: d′ of each question's leading latent: lung or not in T1, small-cell or not in DWI; breast
    ///   or gastrointestinal has 0.82 of it in T1CE.
    /// - Returns: eight latents, each with the sequences that show it.
    package static func brainMetastasis(separation: Double) -> LatentModel {
        func latent(
            _ name: String, _ means: (sclc: Double, nsclc: Double, bc: Double, gic: Double), _ seen: Set<MRSequence>
        ) -> Latent {
            Latent(
                name: name,
                means: [
                    .sclc: means.sclc * separation, .nsclc: means.nsclc * separation, .bc: means.bc * separation,
                    .gic: means.gic * separation,
                ], sequences: seen)
        }
        return LatentModel(
            task: .brainMetastasis,
            latents: [
                latent("t1-signal", (0.50, 0.50, -0.50, -0.50), [.t1]),
                latent("t2-signal", (0.08, -0.08, -0.26, 0.26), [.t2]),
                latent("flair-signal", (0.26, 0.18, -0.18, -0.26), [.flair]),
                latent("diffusion", (0.50, -0.50, 0.16, -0.16), [.dwi]),
                latent("enhancement", (-0.10, 0.10, 0.41, -0.41), [.t1ce]),
                latent("necrosis", (-0.15, 0.15, -0.13, 0.13), [.t1ce, .t2, .dwi]),
                latent("edema", (0.05, 0.15, -0.15, -0.05), [.t2, .flair]),
                latent("texture", (0.10, -0.10, -0.13, 0.13), [.t2]),
            ],
            sharedVariance: 0.25)
    }
}
