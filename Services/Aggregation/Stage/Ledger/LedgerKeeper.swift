import Contracts
import Logging
import ServiceRuntime

/// What must happen though no event comes: deadlines, notes that wait for a transaction, old runs.
struct LedgerKeeper {
    private static let tick = Duration.milliseconds(250)
    private static let ticksPerHour = 4 * 3600

    let ledger: Ledger
    let retentionDays: Double
    let metrics: MetricsRegistry?
    let logger: Logger
    /// Seconds since 1970.
    let now: @Sendable () -> Double

    /// Works until the task is cancelled.
    ///
    /// - Throws: ``LedgerError`` where the ledger is damaged.
    func run() async throws {
        var ticks = 0
        while true {
            try await look(tick: ticks)
            ticks += 1
            do { try await Task.sleep(for: Self.tick) } catch { return }
        }
    }

    private func look(tick: Int) async throws {
        await submit(.expire)
        if retentionDays > 0, tick % Self.ticksPerHour == 0 {
            await submit(.prune(before: now() - retentionDays * 86_400))
        }
        if let problem = ledger.problem, problem.isFatal { throw problem }
        metrics?.set(LedgerMetrics.outbox, to: Double(ledger.outbox.count))
        metrics?.set(LedgerMetrics.cleanup, to: Double(ledger.cleanup.count))
    }

    private func submit(_ action: LedgerCommand.Action) async {
        let context = StageContext(
            stage: .aggregation, attempt: 1, priority: .routine, trace: .start(), causationID: nil, logger: logger)
        do {
            try await ledger.submit(LedgerCommand(action: action, now: now(), context: context))
        } catch {
            logger.warning("\(error)")
        }
    }
}
