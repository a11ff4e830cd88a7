import Glibc

/// Memory for tensors: small ones from `malloc`, large ones from the system directly.
///
/// Touching 16 MiB of fresh memory costs 4096 page faults, several times the copying itself; with huge pages it is 8.
/// And what comes from the system goes back to it at once, so that a service's memory does not creep up.
enum TensorMemory {
    /// The size of a huge page on x86-64 and on 64-bit ARM with 4 KiB pages.
    private static let hugePage = 2 << 20

    /// Memory that begins at a multiple of `TensorBuffer.alignment`, never nil: like Swift's own allocation, running
    /// out of memory ends the process.
    static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
        precondition(count >= 0, "a buffer of \(count) bytes")
        if let pointer = count >= hugePage ? map(count) : block(count) {
            return UnsafeMutableRawBufferPointer(start: pointer, count: count)
        }
        fatalError("no memory for a buffer of \(count) bytes")
    }

    /// Gives back what `allocate` gave for the same count.
    static func free(_ pointer: UnsafeMutableRawPointer, count: Int) {
        if count >= hugePage {
            munmap(pointer, mappedCount(count))
        } else {
            Glibc.free(pointer)
        }
    }

    private static func block(_ count: Int) -> UnsafeMutableRawPointer? {
        var pointer: UnsafeMutableRawPointer?
        return posix_memalign(&pointer, TensorBuffer.alignment, max(count, 1)) == 0 ? pointer : nil
    }

    /// Maps memory that begins at a huge page.
    private static func map(_ count: Int) -> UnsafeMutableRawPointer? {
        let wanted = mappedCount(count)
        let (total, overflow) = wanted.addingReportingOverflow(hugePage)
        guard !overflow, wanted >= count,
            let start = mmap(nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else { return nil }
        let excess = Int(bitPattern: start) & (hugePage - 1)
        let before = excess == 0 ? 0 : hugePage - excess
        if before > 0 { munmap(start, before) }
        if hugePage - before > 0 { munmap(start + before + wanted, hugePage - before) }
        // Only advice: without huge pages everything works, slower.
        madvise(start + before, wanted, CInt(MADV_HUGEPAGE))
        return start + before
    }

    /// Whole small pages.
    private static func mappedCount(_ count: Int) -> Int {
        let page = Int(getpagesize())
        return (count &+ page &- 1) & ~(page - 1)
    }
}
