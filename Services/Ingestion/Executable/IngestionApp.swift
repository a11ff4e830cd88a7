import Ingestion
import ServiceRuntime

@main
enum IngestionApp {
    static func main() async {
        await ServiceApplication.main { environment in
            let settings = environment.settings
            let work = BlockingWork(label: "ingestion", width: settings.threads)
            return AssembledStage(
                IngestionStage(
                    roots: settings.roots, store: environment.store, tensorLifetime: settings.tensorLifetime, work: work
                ))
        }
    }
}
