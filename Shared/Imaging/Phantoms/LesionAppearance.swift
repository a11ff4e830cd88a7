package import Contracts

/// How a phantom's lesion looks. Invented for tests and for learning to run the software; no clinical truth is meant.
package struct LesionAppearance: Sendable, Equatable {
    /// Share of the radius that is necrotic or cystic, 0 to 1.
    package var core: Double
    /// Width of the surrounding edema as a share of the radius.
    package var edema: Double
    /// How far the border wanders, as a share of the radius.
    package var irregularity: Double
    /// Signal of the living tumor in each sequence, on the scale of `BrainTissue`.
    package var tumor: [MRSequence: Float]
    /// Signal of the core.
    package var necrosis: [MRSequence: Float]

    package init(
        core: Double, edema: Double, irregularity: Double, tumor: [MRSequence: Float], necrosis: [MRSequence: Float]
    ) {
        self.core = core
        self.edema = edema
        self.irregularity = irregularity
        self.tumor = tumor
        self.necrosis = necrosis
    }

    /// A bright ring around a dark core after contrast, much edema.
    package static let ringEnhancing = LesionAppearance(
        core: 0.62, edema: 1.0, irregularity: 0.15,
        tumor: [.t1: 400, .t2: 620, .flair: 580, .dwi: 440, .t1ce: 1150],
        necrosis: [.t1: 240, .t2: 980, .flair: 380, .dwi: 170, .t1ce: 250])
    /// Small-celled: solid, bright in diffusion, little edema.
    package static let solidRestricting = LesionAppearance(
        core: 0, edema: 0.35, irregularity: 0.05,
        tumor: [.t1: 420, .t2: 470, .flair: 520, .dwi: 640, .t1ce: 950],
        necrosis: [.t1: 300, .t2: 900, .flair: 400, .dwi: 250, .t1ce: 300])
    /// Solid, irregular, moderately bright everywhere.
    package static let solidIrregular = LesionAppearance(
        core: 0.2, edema: 0.6, irregularity: 0.3,
        tumor: [.t1: 360, .t2: 690, .flair: 640, .dwi: 360, .t1ce: 800],
        necrosis: [.t1: 260, .t2: 940, .flair: 420, .dwi: 210, .t1ce: 280])
    /// Mucinous: dark in T2, bright in T1, thin rim.
    package static let mucinous = LesionAppearance(
        core: 0.45, edema: 0.7, irregularity: 0.1,
        tumor: [.t1: 560, .t2: 300, .flair: 340, .dwi: 300, .t1ce: 900],
        necrosis: [.t1: 640, .t2: 330, .flair: 310, .dwi: 240, .t1ce: 660])

    package static let all = [ringEnhancing, solidRestricting, solidIrregular, mucinous]
}
