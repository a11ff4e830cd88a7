import ArgumentParser
import NeuralNetwork

/// How ours computes.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Threads of one forward pass.") var threads = 2
    @Option(help: "fp32, bf16 or auto.") var precision = Precision.automatic
    @Option(help: "onednn, openblas or auto.") var backend = BackendChoice.automatic

    var settings: ComputeSettings { ComputeSettings(threads: threads, precision: precision, backend: backend) }
}

extension Precision: ExpressibleByArgument {}
extension BackendChoice: ExpressibleByArgument {}
