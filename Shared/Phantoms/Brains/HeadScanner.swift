import Imaging
import Tensors

/// How a patient's head was scanned: grid, noise and bias. Knows nothing of the origin.
struct HeadScanner: Sendable {
    /// Voxels along i, j, k.
    let shape: [Int]
    /// Voxel index to RAS+ mm.
    let affine: Affine

    /// Any grid.
    init(shape: [Int], affine: Affine) {
        self.shape = shape
        self.affine = affine
    }

    private static let orientations = ["RAS", "LPS", "LAS", "RPS", "PSR", "ASL", "RSA", "LIP"]

    /// A grid that covers the head, in one of the orientations that scanners give, turned by up to 8°.
    ///
    /// - Parameters:
    ///   - reach: half of the head's extent in mm.
    ///   - spacing: about so many mm; it differs by a fifth between patients and axes.
    ///   - random: of the patient.
    init(around reach: SIMD3<Float>, spacing: Double, random: inout PhantomRandom) {
        let code = Self.orientations[Int(random.next() % UInt64(Self.orientations.count))]
        let inPlane = spacing * random.uniform(0.9, 1.1)
        // The first two axes are those of the slices.
        let sizes = Point(inPlane, inPlane, spacing * random.uniform(0.95, 1.3))
        let turn = Self.rotation(&random)
        var columns: [Point] = []
        var shape: [Int] = []
        for (axis, letter) in code.enumerated() {
            let (direction, extent): (Point, Float) =
                switch letter {
                case "R": (Point(1, 0, 0), reach.x)
                case "L": (Point(-1, 0, 0), reach.x)
                case "A": (Point(0, 1, 0), reach.y)
                case "P": (Point(0, -1, 0), reach.y)
                case "S": (Point(0, 0, 1), reach.z)
                default: (Point(0, 0, -1), reach.z)
                }
            columns.append(turn.applyLinear(direction) * sizes[axis])
            // A margin of air, and even extents as scanners have them.
            shape.append(2 * Int((Double(extent) * random.uniform(1.02, 1.08) / sizes[axis]).rounded(.up)))
        }
        var affine = Affine(columns[0], columns[1], columns[2], translation: .zero)
        let middle = Point(Double(shape[0] - 1), Double(shape[1] - 1), Double(shape[2] - 1)) * 0.5
        let shift = Point(random.uniform(-3, 3), random.uniform(-3, 3), random.uniform(-3, 3))
        affine.translation = shift - affine.applyLinear(middle)
        self.affine = affine
        self.shape = shape
    }

    /// By a unit quaternion whose imaginary part is small.
    private static func rotation(_ random: inout PhantomRandom) -> Affine {
        let (b, c, d) = (random.uniform(-0.05, 0.05), random.uniform(-0.04, 0.04), random.uniform(-0.04, 0.04))
        let a = (1 - b * b - c * c - d * d).squareRoot()
        return Affine(
            Point(a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)),
            Point(2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)),
            Point(2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c), translation: .zero)
    }

    var count: Int { shape[0] * shape[1] * shape[2] }

    /// One series: times a gain of its own and a smooth bias, with Rician noise, as int16.
    ///
    /// - Parameters:
    ///   - signal: of each voxel, first axis fastest.
    ///   - random: of the series.
    /// - Returns: int16 without slope or intercept.
    /// - Throws: nothing for a grid that was made.
    func series(_ signal: ArraySlice<Float>, random: inout PhantomRandom) throws -> Volume {
        let gain = Float(random.uniform(0.5, 1.8))
        let strength = Float(random.uniform(8, 20)) * gain
        // Up to about a tenth from one side of the head to the other.
        let slope = SIMD3<Float>(Self.signed(0.05, &random), Self.signed(0.05, &random), Self.signed(0.05, &random))
        let curve = SIMD3<Float>(Self.signed(0.05, &random), Self.signed(0.05, &random), Self.signed(0.05, &random))
        let half = SIMD3<Float>(Float(shape[0]), Float(shape[1]), Float(shape[2])) * 0.5
        var noise = PhantomRandom(seed: random.next())
        let buffer = TensorBuffer.filled(count: count * 2) { bytes in
            let voxels = bytes.bindMemory(to: Int16.self)
            signal.withUnsafeBufferPointer { signal in
                var index = 0
                for k in 0..<shape[2] {
                    let z = (Float(k) - half.z) / half.z
                    for j in 0..<shape[1] {
                        let y = (Float(j) - half.y) / half.y
                        let row = slope.y * y + slope.z * z + curve.y * y * y + curve.z * z * z
                        for i in 0..<shape[0] {
                            let x = (Float(i) - half.x) / half.x
                            let bias = 1 + row + x * (slope.x + curve.x * x)
                            let first = signal[index] * gain * bias + noise.normal() * strength
                            let second = noise.normal() * strength
                            let magnitude = (first * first + second * second).squareRoot()
                            voxels[index] = Int16(min(magnitude.rounded(), 32_767))
                            index += 1
                        }
                    }
                }
            }
        }
        return try volume(.int16, buffer)
    }

    func labelMap(_ labels: [UInt8]) throws -> Volume { try volume(.uint8, TensorBuffer(copying: labels)) }

    private func volume(_ type: ElementType, _ buffer: TensorBuffer) throws -> Volume {
        try Volume(
            tensor: Tensor(shape: shape.reversed(), elementType: type, buffer: buffer), affine: affine,
            subject: "phantom")
    }

    private static func signed(_ size: Double, _ random: inout PhantomRandom) -> Float {
        Float(random.uniform(-size, size))
    }
}
