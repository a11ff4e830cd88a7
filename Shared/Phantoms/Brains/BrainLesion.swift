import Contracts
import Imaging

/// A lesion to paint: where it is, and what its latents mean.
///
/// All maps from latents are monotone, so a picture without noise would give the latents back.
struct BrainLesion: Sendable {
    /// Its value in the label map.
    let label: Int
    /// In RAS+ mm.
    let center: SIMD3<Float>
    /// Mean radius in mm, edema not counted. Knows nothing of the origin.
    let radius: Float
    /// How far the border wanders, as a share of the radius. Knows nothing of the origin.
    let irregularity: Float
    let latents: [Double]

    private let solid: Signals
    /// The dead core's share of the radius.
    private let core: Float
    /// In mm.
    private let edemaWidth: Float
    /// Standard deviation of the living part's mottle in T2, as a share.
    private let mottle: Float
    private let shift: SIMD3<Float>

    init(label: Int, center: SIMD3<Float>, radius: Float, irregularity: Float, latents: [Double]) {
        self.label = label
        self.center = center
        self.radius = radius
        self.irregularity = irregularity
        self.latents = latents
        shift = SIMD3(repeating: Float(label) * 17.3)
        func value(_ latent: LatentModel.BrainLatent) -> Float { Float(latents[latent.rawValue]) }
        solid = Signals(
            Self.level(430, 80, value(.t1Signal)), Self.level(650, 95, value(.t2Signal)),
            Self.level(560, 80, value(.flairSignal)), Self.level(430, 90, value(.diffusion)),
            Self.level(900, 150, value(.enhancement)), 0, 0, 0)
        core = 0.36 + 0.30 * Self.squash(value(.necrosis))
        edemaWidth = 7.5 + 6.5 * Self.squash(value(.edema))
        mottle = 0.16 + 0.14 * Self.squash(value(.texture))
    }

    /// Base and step of a standard deviation; far out steps grow smaller, so that signals stay positive.
    private static func level(_ base: Float, _ step: Float, _ latent: Float) -> Float {
        let limit = 0.9 * base
        let change = step * latent
        return base + change / (1 + (change / limit) * (change / limit)).squareRoot()
    }

    /// Monotone from −1 to 1; about half the latent near 0.
    private static func squash(_ latent: Float) -> Float { latent / (latent * latent + 4).squareRoot() }

    /// Beyond this many mm from the center it changes nothing.
    var extent: Float { radius * (1 + 1.3 * irregularity) + edemaWidth * 1.5 + 2 }

    /// Dead tissue looks like the living in T1 and FLAIR, so that those know nothing of it.
    private var dead: Signals {
        Signals(solid[0], 1000, solid[2], 150, 260, 0, 0, 0)
    }

    /// Whether a place with this offset belongs to it, and what its signals become.
    ///
    /// - Parameters:
    ///   - offset: from the center in mm.
    ///   - sample: the healthy head there; changed where the lesion or its edema is.
    ///   - noise: fields of the patient.
    /// - Returns: whether the place is lesion, edema not counted.
    func paint(_ offset: SIMD3<Float>, over sample: inout HeadAnatomy.Sample, _ noise: LesionFields) -> Bool {
        let distance = (offset * offset).sum().squareRoot()
        let border = radius * (1 + irregularity * 1.4 * noise.border(offset / (radius * 0.8) + shift))
        let outside = distance - border
        if outside > -0.9, sample.white > 0 {
            let width = edemaWidth * (1 + 0.55 * noise.fingers(offset / 8 + shift))
            let share = sample.white * smoothStep(width + 1.5, width - 1.5, outside)
            // T2 and FLAIR; the other sequences know nothing of it.
            for lane in 1...2 {
                sample.signals[lane] += (TissueSignals.edema[lane] - sample.signals[lane]) * 0.9 * share
            }
        }
        if outside > 0.9 { return false }
        var signals = solid
        // Only T2 shows the mottle; its mean is 0.
        signals[1] *= 1 + 3.4 * mottle * noise.mottle(offset / 3.6 + shift)
        signals = mix(signals, dead, smoothStep(0.7, -0.7, distance - border * core))
        sample.signals = mix(sample.signals, signals, smoothStep(0.9, -0.9, outside))
        return outside <= 0
    }
}

/// Random fields that all lesions of a patient share.
struct LesionFields: Sendable {
    let border: GradientNoise
    let fingers: GradientNoise
    let mottle: GradientNoise

    init(_ random: inout PhantomRandom) {
        border = GradientNoise(&random)
        fingers = GradientNoise(&random)
        mottle = GradientNoise(&random)
    }
}
