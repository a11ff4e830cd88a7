import ArgumentParser

/// What the networks' benchmark measures of ours; ops/benchmarks/networks/run calls it.
@main
struct NetworkBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oncorelay-network-benchmark",
        abstract: "Runs our networks beside their peers: answers commands on standard input with lines of JSON.",
        subcommands: [ServeCommand.self, TrainCommand.self, WorkerCommand.self])
}
