import Contracts
internal import Tensors

/// Turns the voxels of a file into the tensor that a volume keeps.
///
/// uint8, int16 and float32 stay as they are. Of the others, whole numbers become int16 where all of them fit, else
/// float32 (exact up to 2²⁴; beyond that the file is refused), and float64 is rounded to float32.
struct VoxelLoader {
    let type: NIfTIVoxelType
    /// Extents along i, j, k, and of the fourth axis where there are several volumes.
    let shape: [Int]
    let slope: Double
    let isBigEndian: Bool
    let subject: String

    private var voxelCount: Int { shape.reduce(1, *) }

    /// What a volume keeps as it is stored; nil for the types that are narrowed.
    private var element: ElementType? {
        switch type {
        case .uint8: .uint8
        case .int16: .int16
        case .float32: .float32
        default: nil
        }
    }

    init(layout: NIfTILayout, isBigEndian: Bool, subject: String) {
        self.init(
            type: layout.voxelType,
            shape: layout.volumeCount == 1 ? layout.shape : layout.shape + [layout.volumeCount],
            slope: layout.slope, isBigEndian: isBigEndian, subject: subject)
    }

    init(type: NIfTIVoxelType, shape: [Int], slope: Double, isBigEndian: Bool = false, subject: String) {
        self.type = type
        self.shape = shape
        self.slope = slope
        self.isBigEndian = isBigEndian
        self.subject = subject
    }

    /// The stored voxels of any number of volumes in this machine's byte order, all of them finite.
    ///
    /// - Parameters:
    ///   - voxels: the file's own bytes where they lie in memory: they are used where they are.
    ///   - count: bytes.
    ///   - fill: writes the file's own bytes.
    /// - Returns: `count` bytes.
    /// - Throws: what `fill` throws, and `voxels-non-finite`.
    func stored(
        _ voxels: TensorBuffer?, count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void
    ) throws(ImagingError) -> TensorBuffer {
        if let voxels, isUsable(voxels) {
            try voxels.withUnsafeBytes { bytes throws(ImagingError) in try checkFinite(bytes) }
            return voxels
        }
        return try TensorBuffer.filled(count: count) { target throws(ImagingError) in
            try fill(target)
            if isBigEndian {
                switch type.byteCount {
                case 2: Self.swap(target, as: UInt16.self)
                case 4: Self.swap(target, as: UInt32.self)
                case 8: Self.swap(target, as: UInt64.self)
                default: break
                }
            }
            try checkFinite(UnsafeRawBufferPointer(target))
        }
    }

    /// Whether bytes are in this machine's order, and begin where numbers of their type may.
    private func isUsable(_ voxels: TensorBuffer) -> Bool {
        guard !isBigEndian || type.byteCount == 1 else { return false }
        return voxels.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) % UInt(type.byteCount) == 0 }
    }

    private func checkFinite(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) {
        switch type {
        case .float32: try checkFinite(bytes.bindMemory(to: Float.self))
        case .float64:
            let values = bytes.bindMemory(to: Double.self)
            let broken = values.reduce(into: 0) { $0 += ($1 * slope).isFinite ? 0 : 1 }
            if broken > 0 { throw nonFinite(broken) }
        default: break
        }
    }

    /// Loads the voxels.
    ///
    /// - Parameters:
    ///   - voxels: the volume's bytes as they stand in the file, where they lie in memory: they are used where they are.
    ///   - fill: writes the volume's bytes as they stand in the file.
    /// - Returns: of shape `[k, j, i]`, of several volumes `[t, k, j, i]`: uint8, int16 or float32.
    /// - Throws: what `fill` throws; `voxels-non-finite` for NaN and infinities, scaled values included; `nifti-type-unsupported` for whole
    ///   numbers beyond 2²⁴.
    func load(
        _ voxels: TensorBuffer?, _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void
    ) throws(ImagingError) -> Tensor {
        if let voxels, let element, isUsable(voxels) {
            try voxels.withUnsafeBytes { bytes throws(ImagingError) in try checkFinite(bytes) }
            return try tensor(element, voxels)
        }
        switch type {
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
        case .uint64: return try narrowed(UInt64.self, fill)
        case .float64: return try rounded(fill)
        }
    }

    private func tensor(
        _ element: ElementType, _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void
    ) throws(ImagingError) -> Tensor {
        try tensor(element, TensorBuffer.filled(count: voxelCount * element.byteCount, fill))
    }

    private func tensor(_ element: ElementType, _ buffer: TensorBuffer) throws(ImagingError) -> Tensor {
        do {
            return try Tensor(shape: shape.reversed(), elementType: element, buffer: buffer)
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
        let slope = Float(slope)
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
        _ element: Element.Type, _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void,
        _ body: (UnsafeBufferPointer<Element>) throws(ImagingError) -> Output
    ) throws(ImagingError) -> Output {
        let staging = UnsafeMutableRawBufferPointer.allocate(byteCount: voxelCount * type.byteCount, alignment: 64)
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
        _ integer: Integer.Type, _ fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Void
    ) throws(ImagingError) -> Tensor {
        try staged(integer, fill) { values throws(ImagingError) in
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
