import Contracts
import ServiceRuntime

/// What the ledger tells of itself.
enum LedgerMetrics {
    /// Results by `event`: final, partial, amended, failed, rejected.
    static let results = "oncorelay_results_total"
    static let events = "oncorelay_ledger_events_total"
    static let commit = "oncorelay_ledger_commit_seconds"
    static let outbox = "oncorelay_outbox_events"
    static let cleanup = "oncorelay_cleanup_rows"

    static func describe(in metrics: MetricsRegistry?) {
        guard let metrics else { return }
        metrics.describe(results, kind: "counter", "Results announced for the first time, by kind.")
        metrics.describe(events, kind: "counter", "Commands that the ledger was given.")
        metrics.describe(commit, kind: "histogram", "Seconds for one transaction of the ledger.")
        metrics.describe(outbox, kind: "gauge", "Events in memory that the broker has not confirmed yet.")
        metrics.describe(cleanup, kind: "gauge", "Sets of tensors in memory that are to be deleted.")
    }

    static func observe(_ commands: Int, since start: ContinuousClock.Instant, in metrics: MetricsRegistry?) {
        guard let metrics else { return }
        let duration = (ContinuousClock.now - start).components
        metrics.observe(commit, seconds: Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
        metrics.increment(events, by: UInt64(commands))
    }

    static func count(_ types: [String], in metrics: MetricsRegistry?) {
        guard let metrics else { return }
        for type in types {
            let word = type.dropFirst((EventType.prefix + "result.").count).dropLast(EventType.version.count)
            metrics.increment(results, [("event", String(word))])
        }
    }
}
