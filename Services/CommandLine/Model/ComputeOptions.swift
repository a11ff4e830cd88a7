import ArgumentParser
import NeuralNetwork

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How a network is computed: `--precision`, `--backend`, `--threads`.
struct ComputeOptions: ParsableArguments {
    @Option(
        help: """
            Arithmetic: 'fp32' is exact; 'bf16' fast where the processor multiplies it, elsewhere it takes half the \
            memory; 'auto' asks the processor.
            """)
    var precision: Precision?

    @Option(help: "What computes: 'auto' takes the faster one that is at hand.")
    var backend = BackendChoice.automatic

    @Option(help: ArgumentHelp("Threads of the network's arithmetic (default: all cores).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
        }
        guard backend != .openBLAS || precision != .bfloat16 else {
            throw ValidationError("--precision: openblas computes in fp32; leave --backend to have bf16")
        }
    }

    /// The settings that were asked for, with this precision where none was.
    func settings(precision standard: Precision) -> ComputeSettings {
        ComputeSettings(
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, precision: precision ?? standard,
            backend: backend)
    }

    /// The settings that were asked for; without a precision float32, which is rounded least then: the same numbers each
    /// time.
    func exactSettings() -> ComputeSettings {
        var exact = settings(precision: .float32)
        if exact.precision == .float32 { exact.rounding = .least }
        return exact
    }

    /// A plan that computes as was asked for.
    static func plan(
        _ graph: NetworkGraph, _ parameters: any ParameterSource & Sendable, _ settings: ComputeSettings
    ) throws -> InferencePlan {
        let plan = try InferencePlan(graph: graph, parameters: parameters, settings: settings)
        if settings.precision != .automatic, settings.precision != plan.precision {
            Console.standard.note(
                "--precision: this processor has no \(settings.precision.rawValue); computed in "
                    + "\(plan.precision.rawValue), which is more exact")
        }
        return plan
    }
}

extension Precision: ExpressibleByArgument {}
extension BackendChoice: ExpressibleByArgument {}

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
