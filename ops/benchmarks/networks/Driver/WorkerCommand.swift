import ArgumentParser
import Classifiers
import NeuralNetwork

/// A worker's models, loaded as the services load them.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Loads model folders as a service does, says how long that took, and waits: 'memory'.")

    @Argument(help: "Model folders; the same one may stand there twice.") var folders: [String]
    @OptionGroup var compute: ComputeOptions

    func run() async throws {
        let start = ContinuousClock.now
        let executor = ComputeExecutor()
        var classifiers: [Classifier] = []
        // Read and hashed at the same time, as a library of classifiers does.
        let models = try await withThrowingTaskGroup { group in
            for folder in folders { group.addTask { try await ModelReader().load(path: folder) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for model in models {
            let classifier = try Classifier(model: model, settings: compute.settings, executor: executor)
            try await classifier.warmUp()
            classifiers.append(classifier)
        }
        let ready = start.duration(to: .now).components
        try Answers.write(
            Answers.Greeting(
                library: "OncoRelay", readySeconds: Double(ready.seconds) + Double(ready.attoseconds) * 1e-18))
        try Answers.serve { _ in false }
        // Kept until here, as a service keeps them.
        withExtendedLifetime(classifiers) {}
    }
}
