import Contracts

/// How a phantom's lymph node looks. Invented for tests and for learning to run the software; no clinical truth is
/// meant.
package struct NodeAppearance: Sendable, Equatable {
    /// Short axis in mm.
    package var shortAxis: Double
    /// Long axis as a multiple of the short axis; 1 is round.
    package var elongation: Double
    /// How far the border wanders, as a share of the radius.
    package var irregularity: Double
    /// How much the signal varies inside, as a share.
    package var heterogeneity: Double
    /// Whether it has a bright fatty hilum.
    package var hasHilum: Bool

    package init(
        shortAxis: Double, elongation: Double, irregularity: Double, heterogeneity: Double, hasHilum: Bool
    ) {
        self.shortAxis = shortAxis
        self.elongation = elongation
        self.irregularity = irregularity
        self.heterogeneity = heterogeneity
        self.hasHilum = hasHilum
    }

    /// Smooth, oval, even, with a hilum.
    package static let negative = NodeAppearance(
        shortAxis: 5, elongation: 1.7, irregularity: 0.03, heterogeneity: 0.04, hasHilum: true)
    /// Irregular, round, mixed.
    package static let positive = NodeAppearance(
        shortAxis: 9, elongation: 1.1, irregularity: 0.25, heterogeneity: 0.35, hasHilum: false)
}

/// A node that was put into a phantom: the truth to compare with.
package struct PhantomNode: Sendable, Equatable {
    /// Its label in the mask, from 1 on.
    package let label: Int
    /// In RAS+ world, mm.
    package let center: Point
    /// Unit vector along the long axis, in the axial plane.
    package let direction: Point
    package let appearance: NodeAppearance
}

/// A pelvis in a T2-weighted series with lymph nodes in the fat around the rectum, made from a seed.
package struct LymphNodePhantom: Sendable {
    package struct Configuration: Sendable {
        package var seed: UInt64
        /// Voxels along i, j, k.
        package var shape = [256, 256, 24]
        /// Voxel size in mm.
        package var spacing = Point(0.6, 0.6, 3)
        /// Imaginary parts of the unit quaternion by which the grid is turned against the pelvis; 0: not at all.
        package var rotation = Point.zero
        /// One node for each.
        package var nodes: [NodeAppearance]
        /// Standard deviation of the noise, in the unit of the signal (fat has 720).
        package var noise: Float = 18
        /// Strength of the bias field.
        package var bias = 0.2

        package init(seed: UInt64, nodes: [NodeAppearance] = [.negative, .positive]) {
            self.seed = seed
            self.nodes = nodes
        }
    }

    package let volume: Volume
    /// uint8 label map.
    package let mask: Volume
    package let nodes: [PhantomNode]

    /// - Throws: `nifti-dimensions-invalid`, `affine-invalid`, or `too-many-regions` where the nodes do not fit into
    ///   the fat around the rectum.
    package init(_ configuration: Configuration) throws(ImagingError) {
        let grid = try PhantomGrid(
            shape: configuration.shape, spacing: configuration.spacing, rotation: configuration.rotation,
            subject: "lymph node phantom")
        var random = PhantomRandom(seed: configuration.seed)
        let anatomy = PelvisAnatomy(grid: grid, spacing: configuration.spacing, random: &random)
        let nodes = try anatomy.place(configuration.nodes, random: &random)
        let painted = anatomy.paint(nodes, on: grid)
        var own = PhantomRandom(seed: random.next())
        volume = try grid.image(
            painted.signal, noise: configuration.noise, bias: configuration.bias, random: &own)
        mask = try grid.mask(painted.labels)
        self.nodes = nodes
    }
}
