package import Contracts

/// How a result words what was done to a series on its way to a network: each step by its name, its version and the
/// figures that it came to.
package enum StepNotes {
    static func registration(_ outcome: RigidRegistration.Outcome) -> SeriesNote {
        let motion = outcome.motion
        let figures =
            "\(text(motion.distance)) mm (\((0..<3).map { text(motion.translation[$0]) }.joined(separator: ", "))), "
            + "\(text(motion.angle)) degrees (\((0..<3).map { text(motion.rotation[$0]) }.joined(separator: ", "))); "
            + "normalized mutual information \(text(outcome.before)) before, \(text(outcome.after)) after"
        return SeriesNote(
            .registered,
            "registration (version \(RigidRegistration.version)): "
                + (outcome.isTrustworthy ? "moved by " : "not applied, beyond what is plausible: ") + figures)
    }

    /// Where a registration was considered and the patient lay still.
    static func still(_ outcome: RigidRegistration.Outcome) -> SeriesNote {
        let figures = "\(text(outcome.motion.distance)) mm and \(text(outcome.motion.angle)) degrees"
        return SeriesNote(
            .stepApplied,
            "registration (version \(RigidRegistration.version)): not needed, "
                + (outcome.isSmall ? "found within \(figures)" : "moved by \(figures) the series agree hardly better"))
    }

    static func biasField(_ correction: BiasFieldCorrection, iterations: [Int]) -> SeriesNote {
        SeriesNote(
            .stepApplied,
            "n4 (version \(BiasFieldCorrection.version)): bias field taken out; shrink factor "
                + "\(correction.shrinkFactor), iterations \(iterations.map(String.init).joined(separator: ", "))")
    }

    /// nil where intensities stay as they are.
    package static func normalization(
        _ normalization: IntensityNormalization, _ outcome: IntensityNormalization.Outcome
    ) -> SeriesNote? {
        let (parameters, place) = (outcome.parameters, place(outcome.measured))
        let version = IntensityNormalization.version
        switch normalization.method {
        case .none:
            return nil
        case .zScore:
            var figures = "mean \(text(parameters.shift)), standard deviation \(text(1 / parameters.scale)) \(place)"
            if let clip = normalization.clip { figures += "; clipped at \(text(clip)) standard deviations" }
            return SeriesNote(.stepApplied, "z-score (version \(version)): \(figures)")
        case .minMax:
            return SeriesNote(
                .stepApplied,
                "min-max (version \(version)): robust range \(text(parameters.shift)) to "
                    + "\(text(parameters.shift + 1 / parameters.scale)) (percentiles "
                    + "\(text(normalization.lowerPercentile)) and \(text(normalization.upperPercentile)) \(place))")
        }
    }

    package static func resampling(_ input: ModelInput, _ interpolation: Interpolation) -> SeriesNote {
        SeriesNote(
            .stepApplied,
            "resampling (version \(PatchSampler.version)): \(interpolation.rawValue), "
                + "\(input.size.map(String.init).joined(separator: "×")) samples of "
                + "\(input.spacing.map(text).joined(separator: "×")) mm")
    }

    package static func cutOut(_ input: ModelInput) -> SeriesNote {
        let mean =
            (input.normalization.mean.map { ", mean \(text($0)) subtracted" } ?? "")
            + (input.normalization.meanImage == nil ? "" : ", mean image subtracted")
        return SeriesNote(
            .stepApplied,
            "cut-out (version \(CutOut.version)): smallest rectangle, padded to "
                + "\(input.size.map(String.init).joined(separator: "×"))\(mean)")
    }

    private static func place(_ measured: IntensityNormalization.Measured) -> String {
        switch measured {
        case .head: "within the head"
        case .otsu: "above Otsu's threshold"
        case .nonzero: "of the voxels that are not 0"
        case .all: "of all voxels"
        }
    }

    /// Two decimals at most.
    private static func text(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        guard rounded == rounded.rounded(), abs(rounded) < 1e15 else { return "\(rounded)" }
        return "\(Int(rounded))"
    }
}
