package import Contracts

/// A lesion that was put into a phantom: the truth to compare with.
package struct PhantomLesion: Sendable, Equatable {
    /// Its label in the mask, from 1 on.
    package let label: Int
    /// In RAS+ world, mm.
    package let center: Point
    /// Mean radius in mm, without edema.
    package let radius: Double
    package let appearance: LesionAppearance
}

/// A head in five MR sequences with lesions, made from a seed: scalp, skull, fluid, folded gray and white matter,
/// ventricles, a smooth bias field and Rician noise.
package struct BrainPhantom: Sendable {
    package struct Configuration: Sendable {
        package var seed: UInt64
        /// Voxels along i, j, k.
        package var shape = [96, 112, 96]
        /// Voxel size in mm.
        package var spacing = Point(2, 2, 2)
        /// Imaginary parts of the unit quaternion by which the grid is turned against the head; 0: not at all.
        package var rotation = Point.zero
        /// One lesion for each.
        package var lesions: [LesionAppearance]
        package var sequences: [MRSequence] = MRSequence.allCases
        /// Standard deviation of the noise, in the unit of the signal (white matter in T1 has 620).
        package var noise: Float = 12
        /// Strength of the bias field.
        package var bias = 0.2

        package init(seed: UInt64, lesions: [LesionAppearance] = [.ringEnhancing]) {
            self.seed = seed
            self.lesions = lesions
        }
    }

    package let volumes: [MRSequence: Volume]
    /// uint8 label map: the lesions without their edema.
    package let mask: Volume
    package let lesions: [PhantomLesion]

    /// - Throws: `nifti-dimensions-invalid`, `affine-invalid`, or `too-many-regions` where the lesions do not fit into
    ///   the brain.
    package init(_ configuration: Configuration) throws(ImagingError) {
        let grid = try PhantomGrid(
            shape: configuration.shape, spacing: configuration.spacing, rotation: configuration.rotation,
            subject: "brain phantom")
        var random = PhantomRandom(seed: configuration.seed)
        let anatomy = BrainAnatomy(grid: grid, spacing: configuration.spacing, random: &random)
        let lesions = try anatomy.place(configuration.lesions, random: &random)
        let painted = anatomy.paint(lesions, on: grid)
        var volumes: [MRSequence: Volume] = [:]
        for sequence in MRSequence.allCases {
            // Each sequence has numbers of its own, so that leaving one out changes none of the others.
            var own = PhantomRandom(seed: random.next())
            guard configuration.sequences.contains(sequence) else { continue }
            volumes[sequence] = try grid.image(
                painted.signal(in: sequence, lesions: lesions), noise: configuration.noise, bias: configuration.bias,
                random: &own)
        }
        self.volumes = volumes
        self.lesions = lesions
        mask = try grid.mask(painted.labels)
    }
}
