/// How a stage consumes.
package struct RunnerConfiguration: Sendable {
    /// Deliveries worked on at once.
    package var concurrency: Int
    /// Unacknowledged deliveries per queue.
    package var prefetch: Int
    /// Work on one delivery is given up after this and tried again later.
    package var processingTimeout: Duration = .seconds(300)
    /// A message that came back so often (its workers died or lost the broker) is parked instead of tried again.
    package var crashLimit = 5
    /// How long to wait before publishing again what the broker refused.
    package var refusedPause: Duration = .milliseconds(500)
    package var faults: FaultInjection = .none

    package init(concurrency: Int = 16) {
        self.concurrency = concurrency
        prefetch = concurrency * 2
    }
}
