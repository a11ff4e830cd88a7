internal import Dispatch

/// Work on the slices of a volume, on as many threads as the machine has cores.
enum SliceTeam {
    /// Calls `body` once for each index, in any order and on several threads; returns when all are done.
    ///
    /// - Parameters:
    ///   - count: the number of slices.
    ///   - body: writes only to memory that belongs to its slice.
    static func perform(_ count: Int, _ body: @Sendable (Int) -> Void) {
        guard count > 1 else {
            if count == 1 { body(0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            DispatchQueue.concurrentPerform(iterations: count) { body($0) }
        }
    }

    /// Calls `body` for contiguous parts of `0..<count`, a few for each thread; for work that needs scratch memory.
    static func performParts(_ count: Int, parts: Int = 16, _ body: @Sendable (Range<Int>) -> Void) {
        let parts = min(parts, count)
        guard parts > 0 else { return }
        perform(parts) { part in
            body(part * count / parts..<(part + 1) * count / parts)
        }
    }
}
