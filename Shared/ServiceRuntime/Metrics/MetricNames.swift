/// The metrics that every service shows, in one spelling.
package enum MetricNames {
    /// Deliveries by `outcome`: done, rejected, retried, parked, refused, returned.
    package static let deliveries = "oncorelay_deliveries_total"
    /// Failures by reason `code`.
    package static let failures = "oncorelay_failures_total"
    package static let processing = "oncorelay_processing_seconds"
    package static let publishing = "oncorelay_publishing_seconds"
    package static let inHand = "oncorelay_deliveries_in_hand"
    package static let brokerConnected = "oncorelay_broker_connected"
    package static let storeConnected = "oncorelay_store_connected"
    package static let resident = "oncorelay_resident_bytes"

    /// Declares them all.
    package static func describe(in metrics: MetricsRegistry) {
        metrics.describe(deliveries, kind: "counter", "Deliveries taken in hand, by what became of them.")
        metrics.describe(failures, kind: "counter", "Failed tries, by reason code.")
        metrics.describe(processing, kind: "histogram", "Seconds of work on one delivery.")
        metrics.describe(publishing, kind: "histogram", "Seconds until the broker confirmed what followed.")
        metrics.describe(inHand, kind: "gauge", "Deliveries being worked on.")
        metrics.describe(brokerConnected, kind: "gauge", "1 while the broker is connected.")
        metrics.describe(storeConnected, kind: "gauge", "1 while the tensor store is connected.")
        metrics.describe(resident, kind: "gauge", "Resident memory of this process in bytes.")
    }
}
