import Contracts

/// Finds the rigid motion that brings one volume of a patient onto another.
///
/// Normalized mutual information over block means of 8, 4 and 2 mm, made largest by Powell's method (Comput J
/// 1964;7:155–162): six parameters, no derivatives. Deterministic.
package struct RigidRegistration: Sendable, Equatable {
    /// Changes with the figures that come out.
    package static let version = 2

    /// Block sizes in mm, coarse to fine.
    package var levels = [8.0, 4.0, 2.0]
    /// About how many places are compared at each level.
    package var samples = [20_000, 40_000, 80_000]

    package init() {}

    /// What came of a registration.
    package struct Outcome: Sendable, Equatable {
        /// Takes the fixed volume's world to the moving volume's world.
        package let motion: RigidMotion
        /// Normalized mutual information (1 to 2) without and with the motion, at the finest level.
        package let before: Double
        package let after: Double

        /// Below this, mm or degrees, a motion may be the level's own error.
        fileprivate let error: Double
        /// A motion must win this share of the information that the volumes have about each other,
        private static let leastShare = 0.01
        /// and this much: whatever is laid over noise, a ten-thousandth is won somewhere.
        private static let leastGain = 0.001

        /// Whether the motion may be an error, and the patient lay still.
        var isSmall: Bool { motion.distance < error && motion.angle < error }

        /// Whether the patient moved: the motion is no error, and the volumes agree really better with it.
        package var isMovement: Bool {
            !isSmall && after - max(before, 1) >= max(Self.leastShare * (after - 1), Self.leastGain)
        }

        /// Whether the motion is one that a patient can make between two series and the volumes agree better with it.
        package var isTrustworthy: Bool { after > before && motion.distance <= 60 && motion.angle <= 45 }
    }

    /// Registers two volumes.
    ///
    /// - Parameters:
    ///   - moving: the volume that is to be moved.
    ///   - fixed: the volume that stays.
    /// - Returns: the motion, about the middle of the fixed volume.
    /// - Throws: `affine-invalid` where a volume's affine cannot be inverted.
    package func register(_ moving: Volume, to fixed: Volume) throws(ImagingError) -> Outcome {
        try search(moving, fixed, endsEarly: false)
    }

    /// Registers two volumes where the patient has moved between them: the search ends at the first level at which the
    /// best motion is none to speak of.
    ///
    /// The heads' outlines do not tell: of diffusion-weighted images the brain is seen and not the scalp. So what is
    /// compared is what a registration compares.
    ///
    /// - Returns: the motion as far as it was searched, ``Outcome/isMovement`` where the patient has moved.
    /// - Throws: as the other one.
    package func registerIfMoved(_ moving: Volume, to fixed: Volume) throws(ImagingError) -> Outcome {
        try search(moving, fixed, endsEarly: true)
    }

    private func search(
        _ moving: Volume, _ fixed: Volume, endsEarly: Bool
    ) throws(ImagingError) -> Outcome {
        let center = Self.middle(fixed)
        var best = RigidMotion(center: center)
        var outcome = Outcome(motion: best, before: -1, after: -1, error: Self.error)
        for (index, spacing) in levels.enumerated() {
            let information = try MutualInformation(
                fixed: SampledVolume(fixed, spacing: spacing), moving: SampledVolume(moving, spacing: spacing),
                target: samples[min(index, samples.count - 1)])
            var starts = [best]
            if index == 0 {
                // Frames of reference may lie anywhere: the middles of the volumes are another guess.
                starts.append(RigidMotion(translation: Self.middle(moving) - center, center: center))
            }
            let found = starts.map { start in
                PowellSearch(step: spacing / 2, tolerance: spacing / 160).maximize(from: start, information.value)
            }
            let winner = found.max { $0.value < $1.value }
            best = winner?.motion ?? best
            let before = information.value(RigidMotion(center: center))
            // A coarser level errs by more; heads that moved by 2 mm or 2 degrees do not end there.
            let error = Self.error + 0.25 * Double(min(2, levels.count - 1 - index))
            outcome = Outcome(motion: best, before: before, after: winner?.value ?? before, error: error)
            if endsEarly, outcome.isSmall { break }
        }
        return outcome
    }

    /// Of the finest level, mm or degrees: series of a patient who lay still are found within a tenth of a mm and a third
    /// of a degree.
    private static let error = 0.5

    private static func middle(_ volume: Volume) -> Point {
        volume.affine.apply(
            Point(Double(volume.shape[0] - 1), Double(volume.shape[1] - 1), Double(volume.shape[2] - 1)) * 0.5)
    }
}

extension Volume {
    /// The same voxels, placed where a registration says that they belong in the fixed volume's world.
    ///
    /// - Throws: `affine-invalid`.
    package func placed(by motion: RigidMotion) throws(ImagingError) -> Volume {
        try Volume(
            tensor: tensor, affine: motion.affine.inverted().composed(with: affine), slope: slope,
            intercept: intercept)
    }
}
