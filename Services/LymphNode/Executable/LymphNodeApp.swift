import LymphNode
import ServiceRuntime

@main
enum LymphNodeApp {
    static func main() async {
        await ServiceApplication.main { environment in
            let settings = environment.settings
            return AssembledStage(
                LymphNodeStage(
                    models: settings.models, threads: settings.threads, precision: settings.precision,
                    store: environment.store,
                    tensorLifetime: settings.tensorLifetime, makesHeatmaps: settings.gradCAM,
                    metrics: environment.metrics, warn: environment.warn))
        }
    }
}
