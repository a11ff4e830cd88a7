import Imaging

/// A head without lesions, in RAS+ mm about the middle of the brain: scalp, skull, folded cortex, white matter,
/// ventricles, deep gray matter, cerebellum, brain stem and eyes. Every seed has its own proportions and folds.
struct HeadAnatomy: Sendable {
    typealias Place = SIMD3<Float>

    /// What is at a place.
    struct Sample {
        var signals: Signals
        /// Share of white matter, for edema.
        var white: Float
        /// Depth below the surface of the brain in mm; negative outside.
        var depth: Float
    }

    private let proportions: Place
    private let ventricleSize: Float
    private let foldWidth: Float
    private let folds: GradientNoise
    private let warp: GradientNoise
    private let mottle: GradientNoise

    /// Half of the head's extent in mm, scalp included.
    let reach: Place

    init(_ random: inout PhantomRandom) {
        proportions = Place(
            Float(random.uniform(0.92, 1.06)), Float(random.uniform(0.93, 1.06)), Float(random.uniform(0.94, 1.05)))
        ventricleSize = Float(random.uniform(0.8, 1.35))
        foldWidth = Float(random.uniform(0.8, 1.5))
        folds = GradientNoise(&random)
        warp = GradientNoise(&random)
        mottle = GradientNoise(&random)
        reach = Place(73, 88, 80) * proportions
    }

    /// About the distance in mm to the surface of an ellipsoid, positive inside.
    @inline(__always)
    private func depth(_ place: Place, _ center: Place, _ axes: Place) -> Float {
        let scaled = (place - center) / axes
        let square = (scaled * scaled).sum()
        // r (1 − r) / |∇r²|/2 is the first-order distance (Taubin 1994).
        let slope = scaled / axes
        let length = max((slope * slope).sum(), 1e-8).squareRoot()
        return (1 - square) / (2 * length) * (square > 1 ? 1 : 1 / (1 + 0.5 * (1 - square)))
    }

    private func cerebrumDepth(_ p: Place) -> Float {
        let dome = depth(p, Place(0, 0, 6), Place(60, 76, 56))
        // Flat below, deepest at the temporal lobes.
        let floor =
            p.z + 26 + 8 * smoothStep(12, 36, abs(p.x)) * smoothStep(-40, -5, p.y)
            - 10 * smoothStep(28, 62, p.y)
        return min(dome, floor * 0.9)
    }

    private func cerebellumDepth(_ p: Place) -> Float {
        depth(p, Place(0, -42, -32), Place(44, 28, 21)) - 1.5 * smoothStep(4, 0, abs(p.x))
    }

    private func stemDepth(_ p: Place) -> Float {
        let width = (p.x * p.x + (p.y + 14) * (p.y + 14)).squareRoot()
        return min(12 - width, -6 - p.z)
    }

    func sample(at world: Place) -> Sample {
        let p = world / proportions
        let cerebrum = cerebrumDepth(p)
        let cerebellum = cerebellumDepth(p)
        let stem = stemDepth(p)
        let depth = max(cerebrum, max(cerebellum, stem))
        if depth < -1.5 { return Sample(signals: outside(p, depth), white: 0, depth: depth) }
        let wander = Place(
            warp(p / 23), warp(p / 23 + 31.7), warp(p / 23 + 67.1))
        var sample: Sample
        if cerebrum >= cerebellum, cerebrum >= stem {
            sample = inCerebrum(p, cerebrum, wander)
        } else if cerebellum >= stem {
            sample = inCerebellum(p, cerebellum, wander)
        } else {
            sample = Sample(signals: mix(TissueSignals.white, TissueSignals.deepGray, 0.35), white: 0.4, depth: stem)
        }
        sample.depth = depth
        let rim = smoothStep(-0.3, 1.0, depth)
        sample.signals = mix(TissueSignals.fluid, sample.signals * (1 + 0.05 * mottle(p / 19)), rim)
        sample.white *= rim
        return sample
    }

    private func inCerebrum(_ p: Place, _ depth: Float, _ wander: Place) -> Sample {
        // Sulci are where a warped field is near zero; they end at some depth.
        let q = p + wander * 9
        let field = folds(q / 14)
        let valley = abs(field) * 11
        let floor = 15 + 9 * wander.x
        let below = max(0, depth - floor)
        let toSulcus = (valley * valley + below * below).squareRoot()
        // Between the hemispheres, above the corpus callosum.
        let callosum = max(0, 14 - p.z + 0.12 * abs(p.y)) * (abs(p.y) < 42 ? 1 : 0)
        let middle = abs(p.x + 1.5 * wander.y)
        let toFissure = (middle * middle + callosum * callosum).squareRoot()
        let toFluid = min(min(toSulcus - foldWidth * smoothStep(16, 2, depth), toFissure - 0.9), depth + 0.3)
        let cortex = 3.1 + 0.6 * wander.z
        let white = smoothStep(cortex - 0.6, cortex + 0.8, toFluid)
        var signals = mix(TissueSignals.gray, TissueSignals.white, white)
        signals = mix(TissueSignals.fluid, signals, smoothStep(-0.5, 0.7, toFluid))
        var isWhite = white
        let deep = deepGrayDepth(p + wander * 2)
        let deepShare = smoothStep(-0.8, 0.8, deep)
        signals = mix(signals, TissueSignals.deepGray, deepShare)
        isWhite *= 1 - deepShare
        let ventricles = smoothStep(-0.6, 0.6, ventricleDepth(p + wander * 1.5))
        signals = mix(signals, TissueSignals.fluid, ventricles)
        isWhite *= 1 - ventricles
        // The sagittal sinus runs in the fissure at the surface.
        if p.z > 5, middle < 3, depth < 5 {
            signals = mix(signals, TissueSignals.vein, smoothStep(3, 1.5, middle) * smoothStep(4.5, 2.5, depth))
        }
        return Sample(signals: signals, white: isWhite, depth: depth)
    }

    private func deepGrayDepth(_ p: Place) -> Float {
        let side = Place(abs(p.x), p.y, p.z)
        let thalamus = depth(side, Place(10, -14, 4), Place(7.5, 13, 8.5))
        let putamen = depth(side, Place(25, 4, 2), Place(5.5, 16, 9))
        let caudate = depth(side, Place(13.5, 17, 9), Place(5, 11, 9))
        return max(thalamus, max(putamen, caudate))
    }

    func ventricleDepth(_ p: Place) -> Float {
        let side = Place(abs(p.x), p.y, p.z)
        let s = ventricleSize
        // Front horns turn out and down, the backs out.
        let bend = Place(side.x - 0.004 * (p.y - 2) * (p.y - 2), p.y, p.z + 0.006 * (p.y - 2) * (p.y - 2))
        let body = depth(bend, Place(7.5, 0, 15), Place(4.6 * s, 31, 6.5 * s))
        let back = depth(side, Place(21, -36, 5), Place(4.2 * s, 17, 6 * s))
        let third = depth(side, Place(0, -6, 1), Place(1.7 * s, 12, 9))
        let fourth = depth(side, Place(0, -28, -26), Place(4.5 * s, 4, 8))
        return max(max(body, back), max(third, fourth))
    }

    private func inCerebellum(_ p: Place, _ depth: Float, _ wander: Place) -> Sample {
        // Folia run from side to side.
        let across = (p.z + 0.35 * p.y + 2.5 * wander.x + 1.2 * wander.y) / 5.5
        let phase = abs(across - across.rounded()) * 5.5
        let leaf = smoothStep(13, 3, depth)
        let arbor = smoothStep(7, 12, depth)
        var signals = mix(
            TissueSignals.gray, TissueSignals.white, max(arbor, 0.75 * smoothStep(1.2, 2.4, phase) * (1 - leaf * 0.4)))
        signals = mix(signals, TissueSignals.fluid, leaf * 0.7 * smoothStep(0.7, 0.15, phase))
        let fourth = smoothStep(-0.6, 0.6, ventricleDepth(p))
        signals = mix(signals, TissueSignals.fluid, fourth)
        return Sample(signals: signals, white: arbor * (1 - fourth), depth: depth)
    }

    /// Fluid, skull, scalp, muscle and eyes around the brain, air around the head.
    private func outside(_ p: Place, _ brain: Float) -> Signals {
        let head = depth(p, Place(0, 0, 0), Place(73, 88, 80))
        let face = depth(p, Place(0, 14, -40), Place(60, 70, 60))
        let skin = max(head, face)
        if skin < -0.8 { return TissueSignals.air }
        let eye = depth(Place(abs(p.x), p.y, p.z), Place(29, 62, -32), Place(11.5, 11.5, 11.5))
        var signals = TissueSignals.muscle
        signals *= 1 + 0.25 * mottle(p / 7)
        signals = mix(signals, TissueSignals.fat, smoothStep(6.5, 4.5, skin))
        if eye > -6 {
            signals = mix(signals, TissueSignals.fat, smoothStep(-6, -5, eye))
            signals = mix(signals, TissueSignals.fluid, smoothStep(-0.5, 0.7, eye))
        }
        let sinus = depth(Place(abs(p.x), p.y, p.z), Place(11, 66, -48), Place(9, 17, 17))
        signals = mix(signals, TissueSignals.air, smoothStep(-1, 1, sinus))
        let bone = smoothStep(-9.5, -8.3, brain) * (1 - smoothStep(-3.2, -2.2, brain))
        signals = mix(signals, TissueSignals.bone, bone)
        signals = mix(signals, TissueSignals.fluid, smoothStep(-3.2, -2.2, brain))
        return mix(TissueSignals.air, signals, smoothStep(-0.8, 0.6, skin))
    }
}
