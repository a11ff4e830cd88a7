import Contracts
internal import Tensors

/// Turns the voxels of a file into the tensor that a volume keeps.
///
/// uint8, int16 and float32 stay as they are. Of the others, whole numbers become int16 where all of them fit, else
/// float32 (exact up to 2²⁴; beyond that the file is refused), and float64 is rounded to float32.
struct VoxelLoader {
    let layout: NIfTILayout
    let isBigEndian: Bool
    let subject: String

    /// Loads the voxels.
    ///
    /// - Parameter fill: writes the `layout.voxelBytes` bytes of the file.
    /// - Returns: of shape `[k, j, i]`, of several volumes `[t, k, j, i]`: uint8, int16 or float32.
    /// - Throws: what `fill` throws; `voxels-non-finite` for NaN and infinities, scaled values included; `nifti-type-unsupported` for whole
    ///   numbers beyond 2²⁴.
    func load(
        _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void
    ) throws(ImagingError) -> Tensor {
        switch layout.voxelType {
        case .uint8:
            return try tensor(.uint8, fill)
        case .int16:
            return try tensor(.int16) { bytes throws(ImagingError) in
                try fill(bytes)
                if isBigEndian { Self.swap(bytes, as: UInt16.self) }
            }
        case .float32:
            return try tensor(.float32) { bytes throws(ImagingError) in
                try fill(bytes)
                if isBigEndian { Self.swap(bytes, as: UInt32.self) }
                try checkFinite(UnsafeBufferPointer(bytes.bindMemory(to: Float.self)))
            }
        case .int8: return try narrowed(Int8.self, fill)
        case .uint16: return try narrowed(UInt16.self, fill)
        case .int32: return try narrowed(Int32.self, fill)
        case .uint32: return try narrowed(UInt32.self, fill)
        case .int64: return try narrowed(Int64.self, fill)
        case .float64: return try rounded(fill)
        }
    }

    private func tensor(
        _ type: ElementType, _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void
    ) throws(ImagingError) -> Tensor {
        let buffer = try TensorBuffer.filled(count: layout.voxelCount * type.byteCount, fill)
        do {
            return try Tensor(
                shape: (layout.shape + (layout.volumeCount == 1 ? [] : [layout.volumeCount])).reversed(),
                elementType: type, buffer: buffer)
        } catch {
            throw ImagingError(.niftiDimensionsInvalid, subject: subject, "\(error)")
        }
    }

    private static func swap<Integer: FixedWidthInteger>(_ bytes: UnsafeMutableRawBufferPointer, as: Integer.Type) {
        let values = bytes.bindMemory(to: Integer.self)
        for index in values.indices { values[index] = values[index].byteSwapped }
    }

    private func checkFinite(_ voxels: UnsafeBufferPointer<Float>) throws(ImagingError) {
        // A sum of zeros is NaN as soon as one factor is NaN or infinite; blocks keep the loop free of branches.
        let slope = Float(layout.slope)
        var start = 0
        while start < voxels.count {
            let end = min(start + 65_536, voxels.count)
            var sum = SIMD8<Float>(repeating: 0)
            var index = start
            while index + 8 <= end {
                let lanes = UnsafeRawPointer(voxels.baseAddress! + index).loadUnaligned(as: SIMD8<Float>.self)
                sum += lanes * slope * 0
                index += 8
            }
            var rest: Float = sum.sum()
            while index < end {
                rest += voxels[index] * slope * 0
                index += 1
            }
            guard rest == 0 else { throw nonFinite(voxels[start..<end].filter { !($0 * slope).isFinite }.count) }
            start = end
        }
    }

    private func nonFinite(_ count: Int) -> ImagingError {
        ImagingError(
            .voxelsNonFinite, subject: subject,
            "expected finite voxels, found \(count) that are NaN or infinite in the first block that has any; repair the "
                + "image")
    }

    /// Reads the file's bytes aside and lends them as numbers of their own type.
    private func staged<Element: BitwiseCopyable, Output>(
        _ type: Element.Type, _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void,
        _ body: (UnsafeBufferPointer<Element>) throws(ImagingError) -> Output
    ) throws(ImagingError) -> Output {
        let staging = UnsafeMutableRawBufferPointer.allocate(byteCount: layout.voxelBytes, alignment: 64)
        defer { staging.deallocate() }
        try fill(staging)
        if isBigEndian {
            switch MemoryLayout<Element>.size {
            case 2: Self.swap(staging, as: UInt16.self)
            case 4: Self.swap(staging, as: UInt32.self)
            case 8: Self.swap(staging, as: UInt64.self)
            default: break
            }
        }
        return try body(UnsafeBufferPointer(staging.bindMemory(to: Element.self)))
    }

    private func narrowed<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void
    ) throws(ImagingError) -> Tensor {
        try staged(type, fill) { values throws(ImagingError) in
            var lowest = Integer.max
            var highest = Integer.min
            for value in values {
                lowest = min(lowest, value)
                highest = max(highest, value)
            }
            if let low = Int(exactly: lowest), let high = Int(exactly: highest), low >= -32768, high <= 32767 {
                return try tensor(.int16) { bytes throws(ImagingError) in
                    let target = bytes.bindMemory(to: Int16.self)
                    for index in values.indices { target[index] = Int16(truncatingIfNeeded: values[index]) }
                }
            }
            guard let low = Int(exactly: lowest), let high = Int(exactly: highest), low >= -(1 << 24), high <= 1 << 24
            else {
                throw ImagingError(
                    .niftiTypeUnsupported, subject: subject,
                    "expected whole numbers within ±2^24, found \(lowest) to \(highest); scale the image")
            }
            return try tensor(.float32) { bytes throws(ImagingError) in
                let target = bytes.bindMemory(to: Float.self)
                for index in values.indices { target[index] = Float(values[index]) }
            }
        }
    }

    private func rounded(
        _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void
    ) throws(ImagingError) -> Tensor {
        try staged(Double.self, fill) { values throws(ImagingError) in
            try tensor(.float32) { bytes throws(ImagingError) in
                let target = bytes.bindMemory(to: Float.self)
                for index in values.indices { target[index] = Float(values[index]) }
                try checkFinite(UnsafeBufferPointer(target))
            }
        }
    }
}
