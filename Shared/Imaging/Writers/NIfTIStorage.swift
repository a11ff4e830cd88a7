import Contracts
internal import Tensors

/// How voxels are to be stored in a file.
package enum NIfTIStorage: Sendable, Equatable {
    /// In the type, and with the slope and intercept, that they have.
    case asStored
    /// As numbers of a type, without slope and intercept: whole numbers are rounded to the nearest (halves away from
    /// zero) and must fit.
    case type(NIfTIVoxelType)
}

extension NIfTIImage {
    /// The image with its voxels as numbers of another type.
    ///
    /// - Throws: `nifti-type-unsupported` where a value does not fit the type.
    package func converted(to storage: NIfTIStorage, subject: String = "image") throws(ImagingError) -> NIfTIImage {
        guard case .type(let wanted) = storage, wanted != type || slope != 1 || intercept != 0 else { return self }
        if let range = wanted.range { try check(range, wanted, subject) }
        let count = shape.reduce(1, *)
        var offset = 0
        let bytes = TensorBuffer.filled(count: count * wanted.byteCount) { target in
            forEachPiece { piece in
                switch wanted {
                case .uint8: Self.store(piece, target, &offset) { UInt8($0.rounded()) }
                case .int8: Self.store(piece, target, &offset) { Int8($0.rounded()) }
                case .uint16: Self.store(piece, target, &offset) { UInt16($0.rounded()) }
                case .int16: Self.store(piece, target, &offset) { Int16($0.rounded()) }
                case .uint32: Self.store(piece, target, &offset) { UInt32($0.rounded()) }
                case .int32: Self.store(piece, target, &offset) { Int32($0.rounded()) }
                case .uint64: Self.store(piece, target, &offset) { UInt64($0.rounded()) }
                case .int64: Self.store(piece, target, &offset) { Int64($0.rounded()) }
                case .float32: Self.store(piece, target, &offset) { Float($0) }
                case .float64: Self.store(piece, target, &offset) { $0 }
                }
            }
        }
        return NIfTIImage(
            shape: shape, affine: affine, geometrySource: geometrySource, type: wanted, slope: 1, intercept: 0,
            voxels: bytes, isBigEndian: false)
    }

    private func check(
        _ range: ClosedRange<Double>, _ wanted: NIfTIVoxelType, _ subject: String
    ) throws(ImagingError) {
        var (low, high) = (Double.infinity, -Double.infinity)
        forEachPiece { piece in
            for value in piece {
                low = min(low, value)
                high = max(high, value)
            }
        }
        guard range.contains(low.rounded()), range.contains(high.rounded()) else {
            throw ImagingError(
                .niftiTypeUnsupported, subject: subject,
                "expected values that fit \(wanted.name), found \(low) to \(high); choose a wider type")
        }
    }

    @inline(__always)
    private static func store<Element>(
        _ piece: UnsafeBufferPointer<Double>, _ target: UnsafeMutableRawBufferPointer, _ offset: inout Int,
        _ convert: (Double) -> Element
    ) {
        let values = target.bindMemory(to: Element.self)
        for index in piece.indices { values[offset + index] = convert(piece[index]) }
        offset += piece.count
    }

    /// A volume as an image, in the type that it is stored in.
    package init(_ volume: Volume) {
        let type: NIfTIVoxelType =
            switch volume.tensor.elementType {
            case .uint8: .uint8
            case .int16: .int16
            case .float32, .float16, .bfloat16: .float32
            }
        self.init(
            shape: volume.shape, affine: volume.affine, geometrySource: .sform, type: type, slope: volume.slope,
            intercept: volume.intercept, voxels: volume.tensor.buffer, isBigEndian: false)
    }

    /// Volumes of one grid, type, slope and intercept, put behind each other along a fourth axis.
    ///
    /// - Parameters:
    ///   - volumes: in the order of the file.
    ///   - axes: the extents beyond the third; their product is the number of volumes.
    ///   - subject: what errors call the image.
    /// - Throws: `nifti-dimensions-invalid` where they do not belong together.
    package init(_ volumes: [Volume], axes: [Int], subject: String = "image") throws(ImagingError) {
        guard let first = volumes.first, axes.reduce(1, *) == volumes.count,
            volumes.allSatisfy({
                $0.shape == first.shape && $0.affine == first.affine && $0.slope == first.slope
                    && $0.intercept == first.intercept
            })
        else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: subject,
                "expected \(axes) volumes of one grid, found \(volumes.count) that may differ")
        }
        let images = volumes.map { NIfTIImage($0) }
        // Whole numbers may have been narrowed for one volume and not for another.
        let type = images.contains { $0.type == .float32 } ? NIfTIVoxelType.float32 : images[0].type
        let isMixed = images.contains { $0.type != images[0].type }
        let size = first.voxelCount * type.byteCount
        let buffer = TensorBuffer.filled(count: size * volumes.count) { target in
            for (index, volume) in volumes.enumerated() {
                let part = UnsafeMutableRawBufferPointer(rebasing: target[index * size..<(index + 1) * size])
                if isMixed, type == .float32 {
                    volume.perform(StoredFloats(target: part.bindMemory(to: Float.self)))
                } else {
                    volume.tensor.buffer.withUnsafeBytes { part.copyMemory(from: $0) }
                }
            }
        }
        self.init(
            shape: first.shape + axes, affine: first.affine, geometrySource: .sform, type: type, slope: first.slope,
            intercept: first.intercept, voxels: buffer, isBigEndian: false)
    }
}

/// Stored values as float32.
struct StoredFloats: VoxelWork {
    let target: UnsafeMutableBufferPointer<Float>

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) {
        for index in voxels.indices { target[index] = voxels[index].stored }
    }
}
