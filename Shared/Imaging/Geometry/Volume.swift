package import Contracts
package import Tensors

/// Voxels in space: a three-dimensional image whose affine takes voxel indices to RAS+ world coordinates in mm.
///
/// A voxel's value is `stored · slope + intercept`. The voxels stay in the type they are stored in, so that a volume is
/// as small in memory, in the tensor store and on the wire as it is in its file.
package struct Volume: Sendable {
    /// Voxels along i, j, k; i is fastest in memory.
    package let shape: [Int]
    /// Voxel index (i, j, k) of a voxel's center to RAS+ world in mm.
    package let affine: Affine
    /// The stored voxels, of shape `[k, j, i]` (row-major, so i is fastest): uint8, int16 or float32.
    package let tensor: Tensor
    package let slope: Double
    package let intercept: Double

    /// Puts stored voxels into space.
    ///
    /// - Parameters:
    ///   - tensor: of shape `[k, j, i]`; uint8, int16 or float32.
    ///   - affine: voxel index (i, j, k) to RAS+ world in mm.
    ///   - slope: a voxel's value is its stored value times this, plus the intercept.
    ///   - intercept: see `slope`.
    ///   - subject: what errors call the volume.
    /// - Throws: `nifti-dimensions-invalid`, `nifti-type-unsupported`, `affine-invalid`, or `nifti-header-invalid` for
    ///   a slope or intercept that is not finite.
    package init(
        tensor: Tensor, affine: Affine, slope: Double = 1, intercept: Double = 0, subject: String = "volume"
    ) throws(ImagingError) {
        guard tensor.shape.count == 3, tensor.shape.allSatisfy({ $0 > 0 }) else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject,
                "expected voxels of shape [k, j, i] with positive extents, found \(tensor.shape)")
        }
        let alignment: Int
        switch tensor.elementType {
        case .uint8: alignment = 1
        case .int16: alignment = 2
        case .float32: alignment = 4
        case .float16, .bfloat16:
            throw ImagingError(
                .niftiTypeUnsupported, subject: subject,
                "expected voxels stored as uint8, int16 or float32, found \(tensor.elementType.rawValue)")
        }
        guard affine.isInvertible else {
            throw ImagingError(
                .affineInvalid, subject: subject,
                "expected a finite affine that can be inverted, its determinant is \(affine.determinant)")
        }
        guard slope.isFinite, intercept.isFinite, slope != 0 else {
            throw ImagingError(
                .niftiHeaderInvalid, subject: subject, "expected a finite slope other than 0 and a finite intercept")
        }
        self.shape = tensor.shape.reversed()
        self.affine = affine
        self.tensor = Self.aligned(tensor, to: alignment)
        self.slope = slope
        self.intercept = intercept
    }

    /// A slice of a stored file may begin at any byte; voxels are read by pointers of their own type.
    private static func aligned(_ tensor: Tensor, to alignment: Int) -> Tensor {
        tensor.buffer.withUnsafeBytes { bytes in
            guard UInt(bitPattern: bytes.baseAddress) % UInt(alignment) != 0 else { return tensor }
            let copy = TensorBuffer(copying: bytes)
            return (try? Tensor(shape: tensor.shape, elementType: tensor.elementType, buffer: copy)) ?? tensor
        }
    }

    package var voxelCount: Int { shape[0] * shape[1] * shape[2] }

    /// Voxel size in mm along i, j, k.
    package var spacing: Point { affine.spacing }

    /// The volume of one voxel in mm³.
    package var voxelVolume: Double { abs(affine.determinant) }

    package var orientation: Orientation { Orientation(affine) }

    /// As messages carry it.
    package var geometry: VolumeGeometry {
        let spacing = spacing
        return VolumeGeometry(
            shape: shape, spacing: [spacing.x, spacing.y, spacing.z], affine: affine.rows,
            orientation: orientation.description)
    }

    /// Puts voxels from the tensor store back into space.
    ///
    /// - Throws: as the other initializer; `affine-invalid` where the geometry has no affine of 16 numbers, and
    ///   `nifti-dimensions-invalid` where its shape is not the tensor's.
    package init(
        tensor: Tensor, geometry: VolumeGeometry, slope: Double, intercept: Double, subject: String = "volume"
    ) throws(ImagingError) {
        guard let affine = Affine(rows: geometry.affine) else {
            throw ImagingError(
                .affineInvalid, subject: subject,
                "expected an affine of 16 numbers ending in 0 0 0 1, found \(geometry.affine.count)")
        }
        guard geometry.shape == tensor.shape.reversed() else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject,
                "expected voxels of shape \(geometry.shape) along i, j, k, found \(Array(tensor.shape.reversed()))")
        }
        try self.init(tensor: tensor, affine: affine, slope: slope, intercept: intercept, subject: subject)
    }

    /// Whether the voxels of both lie in the same places: equal shapes, and no corner further apart than `tolerance`
    /// mm.
    package func hasSameGrid(as other: Volume, tolerance: Double) -> Bool {
        shape == other.shape && affine.largestDifference(from: other.affine, over: shape) <= tolerance
    }

    /// Does work on the stored voxels in their own type.
    package func perform<Work: VoxelWork>(_ work: Work) -> Work.Result {
        tensor.buffer.withUnsafeBytes { bytes in
            switch tensor.elementType {
            case .uint8: work.run(on: bytes.bindMemory(to: UInt8.self))
            case .int16: work.run(on: bytes.bindMemory(to: Int16.self))
            case .float32, .float16, .bfloat16: work.run(on: bytes.bindMemory(to: Float.self))
            }
        }
    }

    /// The value (slope and intercept applied) of one voxel; nil outside.
    package func value(_ i: Int, _ j: Int, _ k: Int) -> Double? {
        guard 0..<shape[0] ~= i, 0..<shape[1] ~= j, 0..<shape[2] ~= k else { return nil }
        return perform(ValueAt(index: i + shape[0] * (j + shape[1] * k))) * slope + intercept
    }
}

private struct ValueAt: VoxelWork {
    let index: Int

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> Double {
        Double(voxels[index].stored)
    }
}
