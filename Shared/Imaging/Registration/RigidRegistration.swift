import Contracts

/// Finds the rigid motion that brings one volume of a patient onto another.
///
/// Normalized mutual information over block means of 8, 4 and 2 mm, made largest by Powell's method (Comput J
/// 1964;7:155–162): six parameters, no derivatives. Deterministic.
package struct RigidRegistration: Sendable, Equatable {
    /// Changes with the figures that come out.
    package static let version = 1

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
    }

    /// Registers two volumes.
    ///
    /// - Parameters:
    ///   - moving: the volume that is to be moved.
    ///   - fixed: the volume that stays.
    /// - Returns: the motion, about the middle of the fixed volume.
    /// - Throws: `affine-invalid` where a volume's affine cannot be inverted.
    package func register(_ moving: Volume, to fixed: Volume) throws(ImagingError) -> Outcome {
        let center = Self.middle(fixed)
        var best = RigidMotion(center: center)
        var before = -1.0
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
            before = information.value(RigidMotion(center: center))
            if index == levels.count - 1 {
                return Outcome(motion: best, before: before, after: winner?.value ?? before)
            }
        }
        return Outcome(motion: best, before: before, after: before)
    }

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
