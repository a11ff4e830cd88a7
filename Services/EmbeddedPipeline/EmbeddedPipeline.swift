import Aggregation
import BrainMetastasis
import Foundation
import Ingestion
package import Logging
import LymphNode
package import Messaging
package import Preprocessing
package import ServiceRuntime
package import TensorStore

/// What the stages are told when they run in one process.
package struct EmbeddedSettings: Sendable {
    package var roots: [String]
    package var models: String?
    /// Where heat maps are written; nil for none.
    package var heatmaps: String?
    package var threads: Int
    package var precision = NetworkPrecision.automatic
    package var evaluatesBothBranches = true
    /// How images are judged; see `ExaminationSettings`.
    package var examination = ExaminationSettings()

    package init(roots: [String], models: String?, heatmaps: String?, threads: Int) {
        self.roots = roots
        self.models = models
        self.heatmaps = heatmaps
        self.threads = threads
    }

    /// How images are judged, in the words of the settings.
    ///
    /// - Throws: ``SettingsError`` naming the key.
    package mutating func judge(by words: [String: String]) throws(SettingsError) {
        examination = try ExaminationSettings(words: words)
    }
}

/// All five stages in one process, over the broker and the store in memory. Nothing in a stage knows.
package struct EmbeddedPipeline: Sendable {
    private let settings: EmbeddedSettings
    private let logger: Logger
    private let broker: any Broker
    private let store: any TensorStore
    private let now: @Sendable () -> Double

    /// - Parameters:
    ///   - settings: what the stages are told.
    ///   - logger: of the stages.
    ///   - broker: nothing needs to be declared on it yet.
    ///   - store: of the tensors between the stages.
    ///   - now: seconds since 1970, by which deadlines are kept.
    package init(
        settings: EmbeddedSettings, logger: Logger, broker: any Broker = InMemoryBroker(),
        store: any TensorStore = InMemoryTensorStore(),
        now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) {
        self.settings = settings
        self.logger = logger
        self.broker = broker
        self.store = store
        self.now = now
    }

    /// Runs all stages while `body` publishes studies and waits for their results, then ends them.
    package func run<Value: Sendable>(
        while body: @Sendable (any Broker) async throws -> Value
    ) async throws -> Value {
        let administrator = try await broker.makeAdministrator()
        _ = try await administrator.apply(OncoRelayTopology.description)
        await administrator.close()
        let publisher = try await broker.makePublisher()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for stage in try stages(publisher) { group.addTask { try await stage() } }
            let value = try await body(broker)
            group.cancelAll()
            // What a stage has in hand at the end is finished; how it ends no longer matters.
            while let ended = await group.nextResult() { _ = ended }
            return value
        }
    }

    /// Every stage's life, as a closure that runs until it is cancelled.
    private func stages(_ publisher: any MessagePublisher) throws -> [@Sendable () async throws -> Void] {
        let work = BlockingWork(label: "embedded", width: settings.threads)
        let lifetime = Duration.seconds(3600)
        let metrics = MetricsRegistry()
        let aggregation = AggregationStage(
            settings: AggregationSettings(
                ledgerPath: nil, heatmapFolder: settings.heatmaps, progress: true, retentionDays: 30),
            store: store, publisher: publisher, now: now)
        let ingestion = IngestionStage(roots: settings.roots, store: store, tensorLifetime: lifetime, work: work)
        let preprocessing = PreprocessingStage(
            roots: settings.roots, models: settings.models, store: store, tensorLifetime: lifetime, work: work,
            examination: settings.examination)
        let brain = BrainMetastasisStage(
            models: settings.models, threads: settings.threads, precision: settings.precision, store: store,
            tensorLifetime: lifetime,
            makesHeatmaps: settings.heatmaps != nil, evaluatesBothBranches: settings.evaluatesBothBranches)
        let node = LymphNodeStage(
            models: settings.models, threads: settings.threads, precision: settings.precision, store: store,
            tensorLifetime: lifetime,
            makesHeatmaps: settings.heatmaps != nil)
        return [
            { try await aggregation.run() }, runner(aggregation, metrics), runner(ingestion, metrics),
            runner(preprocessing, metrics), runner(brain, metrics), runner(node, metrics),
        ]
    }

    private func runner(_ stage: some Stage, _ metrics: MetricsRegistry) -> @Sendable () async throws -> Void {
        let runner = StageRunner(
            stage: stage, broker: broker, configuration: RunnerConfiguration(concurrency: 8), metrics: metrics,
            logger: logger)
        return { try await runner.run() }
    }
}
