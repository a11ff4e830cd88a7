package import Contracts
import Logging
package import Messaging
package import ServiceRuntime
package import TensorStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Joins what the classifiers say of a study's regions into one result.
///
/// An event is done with when the ledger has it on disk; what follows from it goes into the ledger's outbox in the same
/// transaction and is published from there. Keep ``run()`` running beside
/// them: it publishes, ends studies at their deadlines and deletes tensors.
package final class AggregationStage: Stage {
    package typealias Payload = ReceivedEvent
    package static let name = StageName.aggregation

    private let settings: AggregationSettings
    private let store: any TensorStore
    private let publisher: any MessagePublisher
    private let metrics: MetricsRegistry?
    private let logger: Logger
    private let gate: LedgerGate
    private let heatmaps: HeatmapArchive
    /// Seconds since 1970.
    private let now: @Sendable () -> Double

    package init(
        settings: AggregationSettings, store: any TensorStore, publisher: any MessagePublisher,
        metrics: MetricsRegistry? = nil, now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) {
        self.settings = settings
        self.store = store
        self.publisher = publisher
        self.metrics = metrics
        self.now = now
        logger = Logger(label: "oncorelay-aggregation")
        gate = LedgerGate(settings: settings, metrics: metrics, logger: logger)
        heatmaps = HeatmapArchive(
            folder: settings.heatmapFolder, store: store, work: BlockingWork(label: "heatmaps", width: 2))
    }

    /// Opens the ledger, and waits while another process owns it (``missingDependencies()`` says so meanwhile).
    ///
    /// - Throws: ``LedgerError`` where it is damaged or cannot be written, `CancellationError`.
    package func prepare() async throws { _ = try await gate.ledger() }

    package func decode(_ delivery: Delivery) throws(Failure) -> StageInput<ReceivedEvent> {
        try StageInput.read(delivery)
    }

    /// Returns nothing: what follows is published from the ledger's outbox.
    ///
    /// - Throws: ``Failure``: transient where the ledger cannot be written now, or for a part of a run that it does not
    ///   know (yet); permanent for a part of another task.
    package func process(
        _ input: StageInput<ReceivedEvent>, in context: StageContext
    ) async throws -> [OutgoingEvent] {
        let ledger = try await gate.ledger()
        var event = input.payload
        var notes: [Failure] = []
        var spent: [String] = []
        if case .classified(let part) = event.input, part.decisionPath.contains(where: { $0.heatmap?.tensor != nil }) {
            let kept = try await heatmaps.keep(part, attempt: context.attempt)
            (notes, spent) = (kept.notes, kept.spent)
            event = ReceivedEvent(
                .classified(kept.part),
                body: try context.pipelineEvent(kept.part, run: part.runID, region: part.regionID).body)
        }
        try await ledger.submit(
            LedgerCommand(action: .event(event, notes: notes, spent: spent), now: now(), context: context))
        return []
    }

    package func missingDependencies() async -> [String: String] {
        var missing: [String: String] = [:]
        if let problem = gate.problem { missing["ledger"] = problem.description }
        if let problem = gate.relayProblem { missing["outbox"] = problem }
        return missing
    }

    /// Publishes, ends studies at their deadlines and deletes tensors, until the task is cancelled.
    ///
    /// - Throws: ``LedgerError`` where the ledger is damaged or cannot be opened.
    package func run() async throws {
        let ledger: Ledger
        do { ledger = try await gate.ledger() } catch is CancellationError { return }
        let relay = OutboxRelay(ledger: ledger, publisher: publisher, logger: logger)
        gate.watch(relay)
        let cleaner = TensorCleaner(ledger: ledger, store: store, logger: logger)
        let keeper = LedgerKeeper(
            ledger: ledger, retentionDays: settings.retentionDays, metrics: metrics, logger: logger, now: now)
        let progress = ProgressAnnouncer(mailbox: ledger.progress, publisher: publisher)
        do {
            try await withThrowingTaskGroup { group in
                group.addTask { try await relay.run() }
                group.addTask { await relay.runAside() }
                group.addTask { try await cleaner.run() }
                group.addTask { try await keeper.run() }
                group.addTask { await progress.run() }
                try await group.waitForAll()
            }
        } catch is CancellationError {
            return
        }
    }

    /// Writes what is noted, closes the ledger and lets another process have it.
    package func close() async { await gate.close() }
}
