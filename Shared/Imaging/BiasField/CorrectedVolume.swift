internal import Tensors

/// A volume without its bias field.
package struct CorrectedVolume: Sendable {
    /// float32, on the volume's grid; slope 1, intercept 0.
    package let volume: Volume
    /// Iterations of each level.
    package let iterations: [Int]
    private let lattices: [SplineLattice]

    init(dividing volume: Volume, by lattices: [SplineLattice], iterations: [Int]) {
        self.iterations = iterations
        self.lattices = lattices
        self.volume = Self.map(volume, lattices, DividingWork.self)
    }

    /// The field's logarithm at every voxel: float32.
    package var logarithmicField: Volume { Self.map(volume, lattices, FieldWork.self) }

    private static func map<Work: FieldRowWork>(
        _ volume: Volume, _ lattices: [SplineLattice], _: Work.Type
    ) -> Volume {
        let rows = lattices.map { SplineRows($0, shape: volume.shape) }
        let buffer = TensorBuffer.filled(count: volume.voxelCount * 4) { bytes in
            volume.perform(
                FieldRows<Work>(rows: rows, volume: volume, target: bytes.bindMemory(to: Float.self).baseAddress!))
        }
        guard let tensor = try? Tensor(shape: volume.tensor.shape, elementType: .float32, buffer: buffer),
            let outcome = try? Volume(tensor: tensor, affine: volume.affine)
        else { preconditionFailure("the grid of a valid volume is valid") }
        return outcome
    }
}

/// What becomes of a row of values and the field's logarithms.
private protocol FieldRowWork {
    static func combine(_ value: SIMD8<Float>, _ field: SIMD8<Float>) -> SIMD8<Float>
}

private enum DividingWork: FieldRowWork {
    @inline(__always)
    static func combine(_ value: SIMD8<Float>, _ field: SIMD8<Float>) -> SIMD8<Float> {
        value * (BiasFieldState.exponentialLessOne(field * -1) + 1)
    }
}

private enum FieldWork: FieldRowWork {
    @inline(__always)
    static func combine(_ value: SIMD8<Float>, _ field: SIMD8<Float>) -> SIMD8<Float> { field }
}

private struct FieldRows<Work: FieldRowWork>: VoxelWork {
    let rows: [SplineRows]
    let volume: Volume
    let target: UnsafeMutablePointer<Float>

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) {
        nonisolated(unsafe) let source = voxels.baseAddress!
        nonisolated(unsafe) let target = target
        let (width, height) = (volume.shape[0], volume.shape[1])
        let (slope, intercept) = (Float(volume.slope), Float(volume.intercept))
        SliceTeam.perform(volume.shape[2]) { [rows] z in
            let planes = rows.map { $0.plane(z) }
            var polynomials: [SIMD4<Float>] = []
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * width + 24) { scratch in
                let sum = scratch.baseAddress!
                let part = sum + width + 8
                let value = part + width + 8
                sum.initialize(repeating: 0, count: 3 * width + 24)
                for y in 0..<height {
                    sum.update(repeating: 0, count: width)
                    for (index, lattice) in rows.enumerated() {
                        lattice.polynomials(planes[index], y, into: &polynomials)
                        lattice.row(polynomials, into: part)
                        for x in 0..<width { sum[x] += part[x] }
                    }
                    let line = width * (y + height * z)
                    for x in 0..<width { value[x] = source[line + x].stored * slope + intercept }
                    var x = 0
                    while x < width {
                        let lanes = Work.combine(
                            UnsafeRawPointer(value + x).loadUnaligned(as: SIMD8<Float>.self),
                            UnsafeRawPointer(sum + x).loadUnaligned(as: SIMD8<Float>.self))
                        for lane in 0..<min(8, width - x) { target[line + x + lane] = lanes[lane] }
                        x += 8
                    }
                }
            }
        }
    }
}
