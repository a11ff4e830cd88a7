import ArgumentParser

/// Throws mutated files at everything that reads what strangers send, in one process: a crash ends it, and a hang or
/// a hunger for memory is reported and fails it.
struct FuzzMain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oncorelay-fuzz",
        abstract: "Mutate small valid inputs from a seed, and read them.",
        discussion: """
            Prints one JSON object for each target: executions, how many were accepted, the reason codes of the others, \
            the slowest execution in ms and the peak memory of the process in MB. Exit codes: 0 nothing found, 1 an \
            execution took longer than a second, an undocumented error came up, or memory went beyond the cap.
            """)

    @Option(help: "How often each target runs.")
    var executions = 100_000

    @Option(help: "The same seed makes the same inputs.")
    var seed: UInt64 = 1

    @Option(help: "One target; all without it.")
    var target: String?

    @Option(help: "Cap of resident memory, MB.")
    var memory = 512

    func run() throws {
        let targets = FuzzTarget.all.filter { target == nil || $0.name == target }
        guard !targets.isEmpty else {
            throw ValidationError("--target: expected one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
        }
        var isClean = true
        for target in targets {
            var report = FuzzReport(target: target.name, seed: seed)
            var mutator = Mutator(seed: seed, seeds: target.seeds)
            for _ in 0..<executions {
                let input = mutator.next()
                let start = FuzzReport.processorMilliseconds
                let outcome = input.withUnsafeBytes { target.read($0) }
                report.add(outcome, took: FuzzReport.processorMilliseconds - start)
            }
            report.peakMegabytes = FuzzReport.peakMegabytes
            isClean = isClean && report.slowestMilliseconds < 1000 && report.peakMegabytes < memory
            isClean = isClean && report.undocumented == 0
            print(report.json)
        }
        guard isClean else { throw ExitCode(1) }
    }
}
