internal import Glibc
internal import NeuralNetwork

/// The random change of one example in one epoch: a function of seed, epoch and the example's id alone, so that it does
/// not matter which thread makes it, or when.
struct AugmentationDraw {
    /// From an offset from the patch's middle (x, y, z; samples) to one in the stored patch: columns one after another.
    var matrix: [Float]
    /// For each channel: intensity · gain + shift.
    var gains: [Float]
    var shifts: [Float]
    /// Standard deviation of the noise; 0 for none.
    var noise: Float
    /// Where the noise's numbers come from.
    var generator: SeededGenerator

    static let identity: [Float] = [1, 0, 0, 0, 1, 0, 0, 0, 1]

    /// - Parameters:
    ///   - settings: how much may change.
    ///   - channels: of the stored example.
    ///   - isFlat: whether it is a picture, which turns about one axis.
    ///   - seed: the training's.
    ///   - epoch: from 0.
    ///   - id: the example's.
    init(_ settings: AugmentationSettings, channels: Int, isFlat: Bool, seed: UInt64, epoch: Int, id: String) {
        var generator = SeededGenerator(seed: seed, name: "augmentation \(epoch) \(id)")
        func within(_ limit: Double) -> Double { (2 * generator.uniform() - 1) * limit }
        // Drawn whether used or not: another setting leaves the other draws as they were.
        let flips = AugmentationSettings.Axis.allCases.map { axis in
            generator.uniform() < 0.5 && settings.flips.contains(axis) ? -1.0 : 1.0
        }
        let angles = (0..<3).map { _ in within(settings.rotation) * .pi / 180 }
        let size = 1 + within(settings.scaling)
        gains = (0..<channels).map { _ in Float(1 + within(settings.intensityScaling)) }
        shifts = (0..<channels).map { _ in Float(within(settings.intensityShift)) }
        noise = Float(generator.uniform() * settings.noise)
        matrix = Self.matrix(
            rotation: isFlat ? [0, 0, angles[2]] : angles, flips: isFlat ? [flips[0], flips[1], 1] : flips,
            size: size, isFlat: isFlat)
        self.generator = generator
    }

    /// R · F / size, R = Rz Ry Rx.
    static func matrix(rotation: [Double], flips: [Double], size: Double, isFlat: Bool) -> [Float] {
        let (cx, sx) = (cos(rotation[0]), sin(rotation[0]))
        let (cy, sy) = (cos(rotation[1]), sin(rotation[1]))
        let (cz, sz) = (cos(rotation[2]), sin(rotation[2]))
        let columns: [[Double]] = [
            [cz * cy, sz * cy, -sy],
            [cz * sy * sx - sz * cx, sz * sy * sx + cz * cx, cy * sx],
            [cz * sy * cx + sz * sx, sz * sy * cx - cz * sx, cy * cx],
        ]
        return (0..<3).flatMap { axis in
            columns[axis].map { Float($0 * flips[axis] / (isFlat && axis == 2 ? 1 : size)) }
        }
    }

    /// Samples by which a patch must be larger on each side so that its turned and scaled grid stays inside: the corner
    /// of a cube, turned by the settings' angles, rounded up; at most a quarter of the patch, beyond which the outermost
    /// samples are repeated.
    static func margin(_ settings: AugmentationSettings, size: Int) -> Int {
        guard settings.isEnabled else { return 0 }
        let angle = settings.rotation * .pi / 180
        let half = Double(size - 1) / 2
        let reach = half * (1 + 2 * min(sin(min(angle, .pi / 2)), 0.7)) / (1 - min(settings.scaling, 0.5))
        return min(Int((reach - half).rounded(.up)), size / 8)
    }
}
