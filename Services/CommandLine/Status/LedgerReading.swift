import Aggregation

/// Reads aggregation's ledger, beside the service that writes it.
enum LedgerReading {
    /// A reader of the counts in the ledger at `path`; it throws the ledger's own errors, which name the path.
    static func counts(path: String) -> @Sendable () async throws -> StudyCounts {
        {
            let studies = try LedgerStatus.read(path: path, limit: 1).studies
            return StudyCounts(
                inFlight: studies.inFlight, final: studies.final, partial: studies.partial, failed: studies.failed,
                rejected: studies.rejected)
        }
    }
}
