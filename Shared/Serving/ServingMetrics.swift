package import Contracts
package import ServiceRuntime

/// Regions that one network is about to compute together.
package struct ServedBatch: Sendable, Equatable {
    package let role: ClassifierRole
    package let regions: Int
}

/// What serving tells of itself: `oncorelay_batched_regions_total` by `oncorelay_batches_total` is the mean batch.
package enum ServingMetrics {
    /// Batches by `role`.
    package static let batches = "oncorelay_batches_total"
    /// Regions in them by `role`.
    package static let regions = "oncorelay_batched_regions_total"

    /// Declares them, and gives what counts batches; nil counts nothing.
    package static func observer(in metrics: MetricsRegistry?) -> @Sendable (ServedBatch) async -> Void {
        guard let metrics else { return { _ in } }
        metrics.describe(batches, kind: "counter", "Batches that networks computed, by role.")
        metrics.describe(regions, kind: "counter", "Regions in those batches, by role.")
        return { batch in
            let labels = [("role", batch.role.rawValue)]
            metrics.increment(Self.batches, labels)
            metrics.increment(Self.regions, labels, by: UInt64(batch.regions))
        }
    }
}
