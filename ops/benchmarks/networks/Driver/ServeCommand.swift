import ArgumentParser
import Classifiers
import NeuralNetwork
import Tensors

/// One network at one input shape.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs a model folder on its input.safetensors: 'run N', 'gradcam N', 'output', 'layers', 'memory'.")

    @Argument(help: "A folder of prepare.py: model.json, weights.safetensors, input.safetensors.")
    var folder: String
    @OptionGroup var compute: ComputeOptions

    func run() throws {
        let start = ContinuousClock.now
        let model = try ModelFolder.load(path: folder)
        let plan = try InferencePlan(
            graph: model.graph, parameters: model.parameters, settings: compute.settings)
        let input = try SafetensorsFile.map(path: folder + "/input.safetensors").requiredTensor("input")
        let layer = model.description.gradCAMLayer
        let seed = [[Float]](
            repeating: (0..<model.description.architecture.classes).map { $0 == 1 ? 1 : 0 }, count: input.shape[0])
        _ = try plan.run(input)
        let ready = start.duration(to: .now).components
        _ = try plan.run(input)
        try Answers.write(
            Answers.Greeting(
                library: "OncoRelay, \(plan.backend.name) \(plan.precision.rawValue)",
                readySeconds: Double(ready.seconds) + Double(ready.attoseconds) * 1e-18))
        try Answers.serve { words in
            switch (words.first, words.count) {
            case ("run", 2):
                try Answers.write(try Answers.times(Int(words[1]) ?? 1) { _ = try plan.run(input) })
            case ("gradcam", 2):
                try Answers.write(
                    try Answers.times(Int(words[1]) ?? 1) {
                        _ = try plan.gradCAM(input, layer: layer, seed: seed)
                    })
            case ("output", 1):
                try Answers.write(Answers.Logits(logits: try plan.run(input).floats()))
            case ("layers", 1):
                try Answers.write(LayerTimes(try plan.profile(input)))
            default: return false
            }
            return true
        }
    }
}
