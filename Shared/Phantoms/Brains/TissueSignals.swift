import Contracts

/// The signals of five sequences side by side, in the order of `MRSequence.allCases`; three lanes stay empty.
typealias Signals = SIMD8<Float>

/// What a healthy head is made of, in arbitrary units (white matter in T1 has 620): T1 white brighter than gray, T2 bright
/// fluid, FLAIR dark fluid, DWI little but brain, contrast medium in scalp and vessels.
enum TissueSignals {
    //                          T1   T2    FLAIR DWI  T1CE
    static let air = Signals(0, 0, 0, 0, 0, 0, 0, 0)
    static let fat = Signals(860, 560, 470, 40, 900, 0, 0, 0)
    static let muscle = Signals(330, 210, 260, 90, 420, 0, 0, 0)
    static let bone = Signals(70, 50, 50, 15, 80, 0, 0, 0)
    static let fluid = Signals(150, 1100, 90, 40, 160, 0, 0, 0)
    static let gray = Signals(450, 540, 490, 340, 470, 0, 0, 0)
    static let deepGray = Signals(500, 490, 460, 320, 515, 0, 0, 0)
    static let white = Signals(620, 400, 400, 280, 630, 0, 0, 0)
    /// Sinuses between the hemispheres: full of contrast medium in T1CE.
    static let vein = Signals(180, 150, 130, 60, 1000, 0, 0, 0)
    /// Of edema in white matter, in T2 and FLAIR.
    static let edema = Signals(0, 850, 860, 0, 0, 0, 0, 0)
}

@inline(__always)
func mix(_ from: Signals, _ to: Signals, _ share: Float) -> Signals { from + (to - from) * share }
