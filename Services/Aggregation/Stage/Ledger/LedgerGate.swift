import Logging
import ServiceRuntime
import Synchronization

/// Opens the ledger once, for whoever asks first, and waits while another process owns it.
actor LedgerGate {
    private let settings: AggregationSettings
    private let metrics: MetricsRegistry?
    private let logger: Logger
    private var opening: Task<Ledger, any Error>?

    private struct View {
        var ledger: Ledger?
        var relay: OutboxRelay?
        var problem: LedgerError?
        var isOpen = false
    }

    /// For readers that do not wait.
    private let view = Mutex(View())

    init(settings: AggregationSettings, metrics: MetricsRegistry?, logger: Logger) {
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
    }

    /// What keeps the ledger from being used; nil when it is open and writable.
    nonisolated var problem: LedgerError? {
        view.withLock { view in
            if let ledger = view.ledger { return ledger.problem }
            return view.problem ?? .unusable(path: settings.ledgerPath ?? ":memory:", reason: "it is not open yet")
        }
    }

    nonisolated var relayProblem: String? { view.withLock { $0.relay?.problem } }

    nonisolated func watch(_ relay: OutboxRelay) { view.withLock { $0.relay = relay } }

    /// The ledger, as soon as it is open.
    ///
    /// - Throws: ``LedgerError``, `CancellationError`.
    nonisolated func ledger() async throws -> Ledger {
        if let ledger = view.withLock({ $0.ledger }) { return ledger }
        return try await openOnce()
    }

    func close() async {
        opening?.cancel()
        opening = nil
        let ledger = view.withLock { view in
            defer { view = View(problem: .closed) }
            return view.ledger
        }
        ledger?.close()
    }

    private func openOnce() async throws -> Ledger {
        let task =
            opening
            ?? Task {
                while true {
                    do throws(LedgerError) {
                        let ledger = try Ledger(
                            path: settings.ledgerPath, isProgressWanted: settings.progress, metrics: metrics)
                        view.withLock { $0.ledger = ledger }
                        return ledger
                    } catch {
                        let isNew = view.withLock { view in
                            defer { view.problem = error }
                            return view.problem != error
                        }
                        guard case .owned = error else {
                            opening = nil
                            throw error
                        }
                        if isNew { logger.warning("\(error)") }
                    }
                    do { try await Task.sleep(for: .milliseconds(250)) } catch {
                        opening = nil
                        throw error
                    }
                }
            }
        opening = task
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
