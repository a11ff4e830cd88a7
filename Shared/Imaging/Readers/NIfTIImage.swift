import Contracts
package import Tensors

/// A NIfTI file as it is: all its volumes, its voxels in the type that the file has them in.
package struct NIfTIImage: Sendable {
    /// Extents of all axes, at least three; those beyond the third number the volumes.
    package let shape: [Int]
    /// Voxel index (i, j, k) to RAS+ world in mm.
    package let affine: Affine
    /// What gave the image its place in space.
    package let geometrySource: NIfTIGeometrySource
    package let type: NIfTIVoxelType
    /// A voxel's value is its stored value times the slope, plus the intercept.
    package let slope: Double
    package let intercept: Double
    /// The stored voxels, first axis fastest, in this machine's byte order.
    package let voxels: TensorBuffer
    /// As the file has them.
    package let isBigEndian: Bool

    package var volumeCount: Int { shape[3...].reduce(1, *) }

    /// Lends the scaled voxels, piece by piece in their order; stored values are exact in float64 up to 2⁵³.
    package func forEachPiece(_ body: (UnsafeBufferPointer<Double>) -> Void) {
        voxels.withUnsafeBytes { bytes in
            switch type {
            case .uint8: pieces(bytes.bindMemory(to: UInt8.self), body) { Double($0) }
            case .int8: pieces(bytes.bindMemory(to: Int8.self), body) { Double($0) }
            case .uint16: pieces(bytes.bindMemory(to: UInt16.self), body) { Double($0) }
            case .int16: pieces(bytes.bindMemory(to: Int16.self), body) { Double($0) }
            case .uint32: pieces(bytes.bindMemory(to: UInt32.self), body) { Double($0) }
            case .int32: pieces(bytes.bindMemory(to: Int32.self), body) { Double($0) }
            case .uint64: pieces(bytes.bindMemory(to: UInt64.self), body) { Double($0) }
            case .int64: pieces(bytes.bindMemory(to: Int64.self), body) { Double($0) }
            case .float32: pieces(bytes.bindMemory(to: Float.self), body) { Double($0) }
            case .float64: pieces(bytes.bindMemory(to: Double.self), body) { $0 }
            }
        }
    }

    @inline(__always)
    private func pieces<Element>(
        _ values: UnsafeBufferPointer<Element>, _ body: (UnsafeBufferPointer<Double>) -> Void,
        _ convert: (Element) -> Double
    ) {
        let size = 32_768
        let isScaled = slope != 1 || intercept != 0
        withUnsafeTemporaryAllocation(of: Double.self, capacity: size) { piece in
            var start = 0
            while start < values.count {
                let count = min(size, values.count - start)
                if isScaled {
                    for index in 0..<count { piece[index] = convert(values[start + index]) * slope + intercept }
                } else {
                    for index in 0..<count { piece[index] = convert(values[start + index]) }
                }
                body(UnsafeBufferPointer(rebasing: piece[..<count]))
                start += count
            }
        }
    }

    /// One of the volumes, as the other rooms work on them.
    ///
    /// - Throws: `nifti-dimensions-invalid` where there is no such volume; `nifti-type-unsupported` where whole numbers
    ///   are beyond 2²⁴.
    package func volume(_ index: Int = 0, subject: String = "image") throws(ImagingError) -> Volume {
        guard 0..<volumeCount ~= index else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject,
                "expected a volume from 0 to \(volumeCount - 1), found \(index)")
        }
        let count = shape[0] * shape[1] * shape[2] * type.byteCount
        let loader = VoxelLoader(type: type, shape: Array(shape[..<3]), slope: slope, subject: subject)
        let tensor = try voxels.withUnsafeBytes { bytes throws(ImagingError) in
            try loader.load(nil) { target throws(ImagingError) in
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[index * count..<(index + 1) * count]))
            }
        }
        return try Volume(tensor: tensor, affine: affine, slope: slope, intercept: intercept, subject: subject)
    }
}

extension NIfTIReader {
    /// Reads a file with all its volumes; see ``read(path:subject:)``.
    ///
    /// - Throws: what reading one volume throws.
    package func readImage(path: String, subject: String = "image") throws(ImagingError) -> NIfTIImage {
        try readImage(LocatedFile(opening: path, subject: subject), subject: subject)
    }

    /// Reads a located file with all its volumes.
    ///
    /// - Throws: what reading one volume throws.
    package func readImage(_ file: LocatedFile, subject: String = "image") throws(ImagingError) -> NIfTIImage {
        try withBytes(of: file, subject: subject) { bytes, isCompressed throws(ImagingError) in
            try load(
                bytes, isCompressed: isCompressed, severalVolumes: true, subject: subject
            ) { checked, inflated, fill throws(ImagingError) in
                let layout = checked.layout
                let loader = VoxelLoader(
                    layout: layout, isBigEndian: checked.header.isBigEndian, subject: subject)
                let voxels = try loader.stored(inflated, count: layout.voxelBytes, fill)
                return NIfTIImage(
                    shape: layout.fileShape, affine: checked.affine, geometrySource: checked.source,
                    type: layout.voxelType, slope: layout.slope, intercept: layout.intercept, voxels: voxels,
                    isBigEndian: checked.header.isBigEndian)
            }
        }
    }
}
