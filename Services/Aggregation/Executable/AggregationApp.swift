import Aggregation
import ServiceLifecycle
import ServiceRuntime

@main
enum AggregationApp {
    static func main() async {
        await ServiceApplication.main { environment in
            let settings = environment.settings
            let stage = AggregationStage(
                settings: AggregationSettings(
                    ledgerPath: settings.ledger, heatmapFolder: settings.heatmaps, progress: settings.progress),
                store: environment.store, publisher: PatientPublisher(broker: environment.broker),
                metrics: environment.metrics)
            return AssembledStage(stage, companions: [LedgerService(stage: stage)])
        }
    }
}

/// The ledger's own life beside the stage's: it publishes, keeps deadlines and cleans up until the stage has drained.
struct LedgerService: Service {
    let stage: AggregationStage

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await stage.run() }
        await stage.close()
    }
}
