import Glibc

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

    /// Resident memory at its highest, MB.
    static var peakMegabytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss / 1024
    }

    /// Processor time of this thread, ms: what else the machine does does not count.
    static var processorMilliseconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) * 1e-6
    }

    mutating func add(_ outcome: FuzzTarget.Outcome, took milliseconds: Double) {
        executions += 1
        slowestMilliseconds = max(slowestMilliseconds, milliseconds)
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
