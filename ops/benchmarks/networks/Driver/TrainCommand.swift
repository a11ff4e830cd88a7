import ArgumentParser
import Classifiers
import NeuralNetwork
import Tensors

/// Training steps on one batch.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a model folder on its input.safetensors: 'run N', 'memory'.",
        discussion: """
            A step is the forward pass, cross-entropy (of the auxiliary head 0.4 times), the backward pass, and SGD \
            with momentum 0.95; the classes are 0, 1, 0, 1, …
            """)

    @Argument(help: "A folder of prepare.py: model.json, weights.safetensors, input.safetensors.")
    var folder: String
    @OptionGroup var compute: ComputeOptions

    func run() throws {
        let start = ContinuousClock.now
        let model = try ModelFolder.load(path: folder)
        var graph = model.graph
        if case .inceptionV3(let network) = model.description.architecture {
            graph = try network.graph(withAuxiliaryHead: true)
        }
        let network = try TrainingNetwork(graph: graph, parameters: model.parameters, settings: settings)
        let optimizer = try SGD(SGD.Settings(learningRate: 1e-4, momentum: 0.95))
        let input = try SafetensorsFile.map(path: folder + "/input.safetensors").requiredTensor("input")
        let targets = (0..<input.shape[0]).map { $0 % 2 }

        func step() throws {
            let outputs = try network.forward(input, mode: .training)
            let loss = SoftmaxCrossEntropy()
            var gradients = [network.outputName: try loss.evaluate(outputs.logits, targets: targets).gradient]
            for (name, logits) in outputs.auxiliary {
                let gradient = try loss.evaluate(logits, targets: targets).gradient
                gradients[name] = try Tensor(shape: gradient.shape, floats: gradient.floats().map { 0.4 * $0 })
            }
            try network.backward(from: gradients)
            try optimizer.step(network)
        }

        try step()
        let ready = start.duration(to: .now).components
        try step()
        try Answers.write(
            Answers.Greeting(
                library: "OncoRelay, \(network.engineName)",
                readySeconds: Double(ready.seconds) + Double(ready.attoseconds) * 1e-18))
        try Answers.serve { words in
            guard words.count == 2, words[0] == "run" else { return false }
            try Answers.write(try Answers.times(Int(words[1]) ?? 1, of: step))
            return true
        }
    }

    private var settings: TrainingSettings {
        let precisions: [Precision: TrainingSettings.Precision] = [.float32: .float32, .bfloat16: .bfloat16]
        let engines: [BackendChoice: TrainingSettings.Engine] = [.oneDNN: .oneDNN, .openBLAS: .openBLAS]
        return TrainingSettings(
            threads: compute.threads, engine: engines[compute.backend] ?? .automatic,
            precision: precisions[compute.precision] ?? .automatic)
    }
}
