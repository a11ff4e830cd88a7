import Foundation
import Synchronization

/// The time by which deadlines are kept, which a test may let pass.
final class PipelineClock: Sendable {
    private let ahead = Mutex(0.0)

    /// Seconds since 1970.
    var now: Double { Date().timeIntervalSince1970 + ahead.withLock { $0 } }

    func pass(seconds: Double) { ahead.withLock { $0 += seconds } }
}
