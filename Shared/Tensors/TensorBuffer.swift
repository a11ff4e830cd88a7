import Glibc

/// Immutable bytes with shared ownership: memory of its own, adopted memory, or a slice of another buffer.
///
/// Passing a buffer on never copies its bytes.
///
/// `@unchecked Sendable`: the bytes are written only inside `filled`, before anybody else can hold the buffer.
package final class TensorBuffer: @unchecked Sendable {
    /// Memory that this type allocates begins at a multiple of this many bytes (a cache line, an AVX-512 register).
    package static let alignment = 64

    private let base: UnsafeRawPointer
    /// Number of bytes.
    package let count: Int
    /// The buffer whose memory a slice keeps alive.
    private let owner: TensorBuffer?
    private let deallocator: (@Sendable () -> Void)?
    /// Whether the bytes are those of a file that is mapped read-only.
    private let isMappedFile: Bool

    private init(
        base: UnsafeRawPointer, count: Int, owner: TensorBuffer?, isMappedFile: Bool = false,
        deallocator: (@Sendable () -> Void)?
    ) {
        self.base = base
        self.count = count
        self.owner = owner
        self.isMappedFile = isMappedFile
        self.deallocator = deallocator
    }

    deinit {
        deallocator?()
    }

    /// Adopts memory that nobody writes any more.
    ///
    /// - Parameters:
    ///   - bytes: the memory, valid until `deallocator` is called.
    ///   - isMappedFile: whether they are those of a file that is mapped read-only, so that pages can be read again.
    ///   - deallocator: called once, when the last user of the buffer and of its slices is gone, on any thread.
    package convenience init(
        adopting bytes: UnsafeRawBufferPointer, isMappedFile: Bool = false,
        deallocator: @escaping @Sendable () -> Void
    ) {
        self.init(
            base: bytes.baseAddress ?? Self.emptyBase, count: bytes.count, owner: nil, isMappedFile: isMappedFile,
            deallocator: deallocator)
    }

    /// Gives pages of a mapped file back to the system, which reads them again when they are asked for. Nothing happens
    /// to other memory.
    package func releasePages() {
        guard (owner ?? self).isMappedFile, count > 0 else { return }
        let page = UInt(getpagesize())
        let start = UInt(bitPattern: base) / page * page
        let end = UInt(bitPattern: base) + UInt(count)
        madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), CInt(MADV_DONTNEED))
    }

    /// Copies bytes into memory of its own.
    package convenience init(copying bytes: UnsafeRawBufferPointer) {
        let memory = TensorMemory.allocate(bytes.count)
        memory.copyMemory(from: bytes)
        self.init(owning: memory)
    }

    /// Copies bytes into memory of its own.
    package convenience init(copying bytes: [UInt8]) {
        let memory = TensorMemory.allocate(bytes.count)
        bytes.withUnsafeBytes { memory.copyMemory(from: $0) }
        self.init(owning: memory)
    }

    /// Allocates `count` bytes, 64-byte aligned, and lets `body` write them.
    ///
    /// - Parameters:
    ///   - count: the number of bytes, at least 0.
    ///   - body: writes every byte; the memory holds anything before.
    /// - Returns: the filled buffer.
    /// - Throws: what `body` throws; the memory is then freed.
    package static func filled<Failure: Error>(
        count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> TensorBuffer {
        let memory = TensorMemory.allocate(count)
        do {
            try body(memory)
        } catch {
            TensorMemory.free(memory.baseAddress!, count: count)
            throw error
        }
        return TensorBuffer(owning: memory)
    }

    /// A part of this buffer that keeps the whole alive. The range must lie inside the buffer.
    package func slice(_ range: Range<Int>) -> TensorBuffer {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "slice \(range) of a buffer of \(count) bytes")
        return TensorBuffer(
            base: base + range.lowerBound, count: range.count, owner: owner ?? self, deallocator: nil)
    }

    /// Lends the bytes for the duration of `body`.
    @inline(__always)
    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The closure must not outlive self: a slice's memory is freed with its owner.
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    private convenience init(owning memory: UnsafeMutableRawBufferPointer) {
        // An address is passed rather than a pointer, because pointers are not Sendable.
        let address = UInt(bitPattern: memory.baseAddress)
        let count = memory.count
        self.init(
            base: UnsafeRawPointer(memory.baseAddress!), count: count, owner: nil,
            deallocator: { TensorMemory.free(UnsafeMutableRawPointer(bitPattern: address)!, count: count) })
    }

    /// Stands in for the address of memory that has no bytes.
    private static var emptyBase: UnsafeRawPointer { UnsafeRawPointer(bitPattern: alignment)! }
}

extension TensorBuffer: Equatable {
    /// Buffers are equal when their bytes are.
    package static func == (lhs: TensorBuffer, rhs: TensorBuffer) -> Bool {
        guard lhs !== rhs else { return true }
        guard lhs.count == rhs.count else { return false }
        return lhs.withUnsafeBytes { left in
            rhs.withUnsafeBytes { right in memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0 }
        }
    }
}
