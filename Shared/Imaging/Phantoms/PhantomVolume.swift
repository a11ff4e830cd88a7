import Contracts
import Tensors

/// What both phantoms share: the grid in space, and the way from clean signal to a scanner's whole numbers.
struct PhantomGrid {
    /// Voxels along i, j, k.
    let shape: [Int]
    let affine: Affine

    /// A grid centered at world 0, turned by the unit quaternion with the given imaginary parts.
    ///
    /// - Throws: `nifti-dimensions-invalid` or `affine-invalid` for sizes that no volume has.
    init(shape: [Int], spacing: Point, rotation: Point, subject: String) throws(ImagingError) {
        guard shape.count == 3, shape.allSatisfy({ 1...1024 ~= $0 }) else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject, "expected three extents from 1 to 1024, found \(shape)")
        }
        let squares = rotation.dot(rotation)
        guard squares <= 1, (0..<3).allSatisfy({ 1e-3...1e3 ~= spacing[$0] }) else {
            throw ImagingError(
                .affineInvalid, subject: subject,
                "expected spacings from 0.001 to 1000 mm and a rotation of length at most 1")
        }
        self.shape = shape
        let (a, b, c, d) = ((1 - squares).squareRoot(), rotation.x, rotation.y, rotation.z)
        let columns = [
            Point(a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)),
            Point(2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)),
            Point(2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c),
        ]
        let turned = Affine(
            columns[0] * spacing.x, columns[1] * spacing.y, columns[2] * spacing.z, translation: .zero)
        let middle = Point(Double(shape[0] - 1), Double(shape[1] - 1), Double(shape[2] - 1)) * 0.5
        var affine = turned
        affine.translation = Point.zero - turned.applyLinear(middle)
        self.affine = affine
    }

    var count: Int { shape[0] * shape[1] * shape[2] }

    /// Calls `body` with each voxel's number and its place in world mm, in file order.
    func forEach(_ body: (_ index: Int, _ world: Point) -> Void) {
        var index = 0
        for k in 0..<shape[2] {
            for j in 0..<shape[1] {
                for i in 0..<shape[0] {
                    body(index, affine.apply(Point(Double(i), Double(j), Double(k))))
                    index += 1
                }
            }
        }
    }

    /// A label map of one byte a voxel.
    func mask(_ labels: [UInt8]) throws(ImagingError) -> Volume {
        try volume(.uint8, TensorBuffer(copying: labels))
    }

    /// An image as a scanner would give it: times a smooth bias, with Rician noise, as int16.
    ///
    /// - Parameters:
    ///   - signal: the clean signal of each voxel, in file order.
    ///   - noise: standard deviation of the noise in each of the two receiver channels.
    ///   - bias: strength of the bias field: the signal varies by about this share across the image.
    ///   - random: where noise and bias come from.
    /// - Returns: int16, without slope or intercept.
    /// - Throws: nothing for a grid that was made.
    func image(
        _ signal: [Float], noise: Float, bias: Double, random: inout PhantomRandom
    ) throws(ImagingError) -> Volume {
        let slopes = random.inUnitBall() * bias
        let curves = random.inUnitBall() * bias
        let extent = Point(Double(shape[0]), Double(shape[1]), Double(shape[2]))
        let strength = noise
        var generator = random
        let buffer = TensorBuffer.filled(count: count * 2) { bytes in
            let voxels = bytes.bindMemory(to: Int16.self)
            var index = 0
            for k in 0..<shape[2] {
                for j in 0..<shape[1] {
                    for i in 0..<shape[0] {
                        let place = (Point(Double(i), Double(j), Double(k)) + 0.5) / extent - 0.5
                        let gain = Float(1 + place.dot(slopes) + (place * place).dot(curves) * 2)
                        let real = signal[index] * gain + generator.normal() * strength
                        let imaginary = generator.normal() * strength
                        let magnitude = (real * real + imaginary * imaginary).squareRoot()
                        voxels[index] = Int16(min(magnitude.rounded(), 32_767))
                        index += 1
                    }
                }
            }
        }
        random = generator
        return try volume(.int16, buffer)
    }

    private func volume(_ type: ElementType, _ buffer: TensorBuffer) throws(ImagingError) -> Volume {
        guard let tensor = try? Tensor(shape: shape.reversed(), elementType: type, buffer: buffer) else {
            preconditionFailure("a phantom's buffer is made for its shape")
        }
        return try Volume(tensor: tensor, affine: affine, subject: "phantom")
    }
}
