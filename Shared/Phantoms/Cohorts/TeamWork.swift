#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Things made on all cores, a few at a time, so that memory stays small.
enum TeamWork {
    /// - Parameters:
    ///   - count: how many things.
    ///   - progress: how many are done; called from any thread.
    ///   - body: makes one, by its index from 0.
    /// - Returns: what the bodies returned, by index.
    /// - Throws: the first error of a body; no other body is begun then. `CancellationError` where the task was cancelled.
    static func run<Result: Sendable>(
        _ count: Int, _ progress: @Sendable @escaping (Int) -> Void,
        _ body: @Sendable @escaping (Int) throws -> Result
    ) async throws -> [Result] {
        return try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results = [Result?](repeating: nil, count: count)
            var (next, done) = (0, 0)
            func begin() {
                guard next < count else { return }
                let index = next
                next += 1
                group.addTask { @concurrent in
                    try Task.checkCancellation()
                    return (index, try body(index))
                }
            }
            for _ in 0..<max(1, ProcessInfo.processInfo.activeProcessorCount) { begin() }
            while let (index, result) = try await group.next() {
                results[index] = result
                done += 1
                progress(done)
                begin()
            }
            return results.compactMap(\.self)
        }
    }
}
