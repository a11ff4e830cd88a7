import ArgumentParser
import Glibc

/// Throws mutated files at everything that reads what strangers send, in one process: a crash ends it, and a hang or
/// a hunger for memory is reported and fails it.
@main
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
                let start = ContinuousClock.now
                let outcome = target.read(input)
                report.add(outcome, took: ContinuousClock.now - start)
            }
            report.peakMegabytes = Self.peakMegabytes
            isClean = isClean && report.slowestMilliseconds < 1000 && report.peakMegabytes < memory
            isClean = isClean && report.undocumented == 0
            print(report.json)
        }
        guard isClean else { throw ExitCode(1) }
    }

    private static var peakMegabytes: Int {
        var usage = rusage()
        getrusage(RUSAGE_SELF, &usage)
        return usage.ru_maxrss / 1024
    }
}

/// What came of all executions of a target.
struct FuzzReport {
    let target: String
    let seed: UInt64
    var executions = 0
    var accepted = 0
    var undocumented = 0
    var reasons: [String: Int] = [:]
    var slowestMilliseconds = 0.0
    var peakMegabytes = 0

    init(target: String, seed: UInt64) {
        self.target = target
        self.seed = seed
    }

    mutating func add(_ outcome: FuzzTarget.Outcome, took duration: Duration) {
        executions += 1
        let (seconds, attoseconds) = duration.components
        slowestMilliseconds = max(slowestMilliseconds, Double(seconds) * 1000 + Double(attoseconds) * 1e-15)
        switch outcome {
        case .accepted: accepted += 1
        case .refused(let code): reasons[code, default: 0] += 1
        case .undocumented(let text):
            undocumented += 1
            reasons["undocumented: \(text)", default: 0] += 1
        }
    }

    var json: String {
        let counts = reasons.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        let slowest = (slowestMilliseconds * 100).rounded() / 100
        return "{\"target\":\"\(target)\",\"seed\":\(seed),\"executions\":\(executions),\"accepted\":\(accepted),"
            + "\"slowest_ms\":\(slowest),\"peak_rss_mb\":\(peakMegabytes),\"reasons\":{\(counts)}}"
    }
}
