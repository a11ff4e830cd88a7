/// The types in which a volume keeps its voxels: the smallest of these that holds the file's values.
package protocol VoxelElement: BitwiseCopyable, Sendable {
    /// The stored value, before slope and intercept.
    var stored: Float { get }
    /// Whether it is stored as 0; much faster to ask than the value.
    var isStoredZero: Bool { get }
    /// The value that comes closest to a number.
    init(nearest value: Double)
}

extension UInt8: VoxelElement {
    package init(nearest value: Double) { self = UInt8(value.rounded().clamped(to: 0...255)) }
    @inline(__always)
    package var stored: Float { Float(self) }
    @inline(__always)
    package var isStoredZero: Bool { self == 0 }
}

extension Int16: VoxelElement {
    package init(nearest value: Double) { self = Int16(value.rounded().clamped(to: -32_768...32_767)) }
    @inline(__always)
    package var stored: Float { Float(self) }
    @inline(__always)
    package var isStoredZero: Bool { self == 0 }
}

extension Float: VoxelElement {
    package init(nearest value: Double) { self = Float(value) }
    @inline(__always)
    package var stored: Float { self }
    @inline(__always)
    package var isStoredZero: Bool { self == 0 }
}

/// Work that is done alike for each type of voxel; the compiler makes a version of its own for each.
package protocol VoxelWork {
    associatedtype Result

    /// Does the work.
    ///
    /// - Parameter voxels: the stored voxels, first axis fastest.
    /// - Returns: what came of it.
    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> Result
}

extension Double {
    /// The nearest number of a range.
    @inline(__always)
    func clamped(to range: ClosedRange<Double>) -> Double { min(max(self, range.lowerBound), range.upperBound) }
}
