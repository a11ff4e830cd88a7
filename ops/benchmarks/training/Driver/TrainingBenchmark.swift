import ArgumentParser
import Contracts
import Datasets
import Foundation
import Learning
import NeuralNetwork
import Tensors

/// Our training beside PyTorch's; ops/benchmarks/training/run calls it.
@main
struct TrainingBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oncorelay-training-benchmark",
        abstract: "Trains a recipe on random examples: 'run N' takes N steps, batches with augmentation included.")

    @Argument(help: "The recipe.") var recipe: String
    @Option(help: "Threads of the arithmetic.") var threads = 2
    @Option(help: "Examples in memory.") var examples = 32
    @Option(help: "A key and its value above the recipe.") var set: [String] = []
    @Flag(help: "Batches alone: no network.") var batchesOnly = false

    func run() throws {
        let recipe = try RecipeFile(path: recipe, settings: set).recipe()
        let prepared = try Self.examples(examples, recipe)
        let graph = try recipe.architecture.graph()
        let session = try TrainingSession(
            recipe, parameters: try ParameterInitialization(for: recipe.architecture).make(for: graph, seed: 1),
            counts: [1, 1], threads: threads)
        let maker = BatchMaker(
            prepared, augmentation: recipe.augmentation, seed: 1, extents: recipe.input.size.reversed(),
            channels: recipe.architecture.inputChannels, fill: 0)
        var epoch = 0

        func steps(_ count: Int) throws -> [Double] {
            let size = recipe.training.batch
            let order = (0..<count * size).map { $0 % prepared.items.count }
            let pipeline = BatchPipeline(EpochOrder.batches(order, size: size), epoch: epoch, maker: maker)
            epoch += 1
            var times: [Double] = []
            let clock = ContinuousClock()
            var start = clock.now
            while let batch = try pipeline.next() {
                if !batchesOnly { _ = try session.step(batch) }
                let now = clock.now
                let passed = start.duration(to: now).components
                times.append(Double(passed.seconds) * 1e3 + Double(passed.attoseconds) * 1e-15)
                start = now
            }
            return times
        }

        _ = try steps(2)
        try Self.answer(["ready": true, "library": "OncoRelay, \(session.network.engineName)"])
        while let line = readLine() {
            let words = line.split(separator: " ")
            guard words.count == 2, words[0] == "run", let count = Int(words[1]) else { return }
            try Self.answer(["milliseconds": try steps(count)])
        }
    }

    private static func answer(_ value: [String: Any]) throws {
        var line = try JSONSerialization.data(withJSONObject: value)
        line.append(UInt8(ascii: "\n"))
        FileHandle.standardOutput.write(line)
    }

    /// Noise, stored as training stores it.
    private static func examples(_ count: Int, _ recipe: Recipe) throws -> PreparedExamples {
        let isFlat = recipe.task == .nodeStatus
        let margin = isFlat ? 0 : BatchMaker.margin(recipe)
        let shape =
            [isFlat ? 1 : recipe.input.sequences.count] + recipe.input.size.reversed().map { $0 + 2 * margin }
        return PreparedExamples(
            items: try (0..<count).map { number in
                var generator = SeededGenerator(seed: 1, name: "example \(number)")
                let values = (0..<shape.reduce(1, *)).map { _ in Float(generator.uniform() - 0.5) }
                let mask = (0..<shape[1...].reduce(1, *)).map { Float($0 % 7 == 0 ? 1 : 0) }
                let example = Example(
                    id: "example-\(number)", patient: "\(number)", group: "\(number)",
                    outcome: number % 2 == 0 ? .bc : .gic,
                    source: .cutout(image: URL(filePath: "/none.png"), plane: .axial))
                return PreparedExamples.Item(
                    example: example, label: number % 2,
                    tensor: try Tensor(shape: shape, floats: values).converted(to: .float16),
                    mask: recipe.attention.isEnabled
                        ? try Tensor(shape: Array(shape[1...]), floats: mask).converted(to: .float16) : nil)
            })
    }
}
