import BrainMetastasis
import ServiceRuntime

@main
enum BrainMetastasisApp {
    static func main() async {
        await ServiceApplication.main { environment in
            let settings = environment.settings
            return AssembledStage(
                BrainMetastasisStage(
                    models: settings.models, threads: settings.threads, precision: settings.precision,
                    store: environment.store,
                    tensorLifetime: settings.tensorLifetime, makesHeatmaps: settings.gradCAM,
                    evaluatesBothBranches: settings.evaluatesBothBranches, metrics: environment.metrics,
                    warn: environment.warn))
        }
    }
}
