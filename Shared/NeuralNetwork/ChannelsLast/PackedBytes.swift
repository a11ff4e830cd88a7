internal import Glibc

/// Bytes at a cache line's beginning. Large amounts come from the system and go back to it at once, so that what was
/// needed only for a while does not stay with the process.
///
/// `@unchecked Sendable`: written by whoever makes it, before anybody else can hold it, or used by one thread only.
final class PackedBytes: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    let count: Int
    private let isMapped: Bool

    private static let hugePage = 2 << 20
    private static let mappedFrom = 256 << 10

    /// The memory holds anything.
    ///
    /// - Throws: `NeuralNetworkError.outOfMemory`.
    init(count: Int) throws(NeuralNetworkError) {
        self.count = count
        isMapped = count >= Self.mappedFrom
        guard isMapped else {
            pointer = try AlignedMemory.allocate(byteCount: count)
            return
        }
        try AlignedMemory.check(count)
        guard let memory = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            memory != MAP_FAILED
        else { throw .outOfMemory(bytes: count) }
        // Only advice: without huge pages everything works, slower.
        if count >= Self.hugePage { madvise(memory, count, CInt(MADV_HUGEPAGE)) }
        pointer = memory
    }

    deinit {
        if isMapped { munmap(pointer, count) } else { free(pointer) }
    }
}
