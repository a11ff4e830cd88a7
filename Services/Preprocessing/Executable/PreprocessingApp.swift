import Preprocessing
import ServiceRuntime

@main
enum PreprocessingApp {
    static func main() async {
        await ServiceApplication.main { environment in
            let settings = environment.settings
            let work = BlockingWork(label: "preprocessing", width: settings.threads)
            return AssembledStage(
                PreprocessingStage(
                    roots: settings.roots, models: settings.models, store: environment.store,
                    tensorLifetime: settings.tensorLifetime, work: work,
                    examination: try ExaminationSettings(words: settings.examination)))
        }
    }
}
