import ArgumentParser
import NeuralNetwork

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How a network is computed: `--precision`, `--backend`, `--threads`.
struct ComputeOptions: ParsableArguments {
    enum Precision: String, ExpressibleByArgument, CaseIterable {
        case auto, fp32, bf16
    }

    enum BackendName: String, ExpressibleByArgument, CaseIterable {
        case auto, onednn, openblas
    }

    @Option(help: "Arithmetic of the network: 'auto' asks the processor.")
    var precision = Precision.auto

    @Option(help: "What computes: 'auto' takes the faster one.")
    var backend = BackendName.auto

    @Option(help: ArgumentHelp("Threads of the network's arithmetic (default: all cores).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
        }
        guard precision != .bf16 else {
            throw ValidationError("--precision: this version computes in fp32")
        }
        guard backend != .onednn else {
            throw ValidationError("--backend: this version computes with openblas")
        }
    }

    var settings: ComputeSettings {
        ComputeSettings(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    }

    /// A plan, and what it really computes with.
    func plan(_ graph: NetworkGraph, _ parameters: any ParameterSource & Sendable) throws -> InferencePlan {
        try InferencePlan(graph: graph, parameters: parameters, settings: settings)
    }
}

extension InferencePlan {
    /// `openblas` or `onednn`.
    var backendName: String { backend.name }
    /// `fp32` or `bf16`.
    var precisionName: String { "fp32" }
}

/// A list of whole numbers, such as `64,64,64`.
struct NumberList: ExpressibleByArgument {
    let values: [Int]

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        let values = words.compactMap { Int($0) }
        guard !values.isEmpty, values.count == words.count else { return nil }
        self.values = values
    }
}
