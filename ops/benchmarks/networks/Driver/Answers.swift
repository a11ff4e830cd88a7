import Foundation

/// Lines of commands in, lines of JSON out: how each participant of the benchmark is told when it is its turn.
enum Answers {
    /// Reads commands until the input ends or a command is not known.
    ///
    /// - Parameter handle: is given a line's words; returns whether it knew them.
    /// - Throws: what `handle` throws.
    static func serve(_ handle: ([Substring]) throws -> Bool) throws {
        while let line = readLine() {
            let words = line.split(separator: " ")
            if words == ["memory"] {
                try write(ResidentMemory.now())
            } else if try !handle(words) {
                return
            }
        }
    }

    static func write(_ answer: some Encodable) throws {
        var line = try JSONEncoder().encode(answer)
        line.append(UInt8(ascii: "\n"))
        FileHandle.standardOutput.write(line)
    }

    /// Runs `work` and takes each run's time in milliseconds.
    static func times(_ count: Int, of work: () throws -> Void) rethrows -> Times {
        let clock = ContinuousClock()
        return Times(
            milliseconds: try (0..<count).map { _ in
                let duration = try clock.measure(work).components
                return Double(duration.seconds) * 1e3 + Double(duration.attoseconds) * 1e-15
            })
    }

    struct Times: Encodable {
        let milliseconds: [Double]
    }

    struct Greeting: Encodable {
        let ready = true
        let library: String
        let readySeconds: Double
    }

    struct Logits: Encodable {
        let logits: [Float]
    }
}

/// What the kernel says that this process holds.
struct ResidentMemory: Encodable {
    /// Every page that is in memory.
    var residentMB = 0.0
    /// The same with each shared page divided by those who share it.
    var proportionalMB = 0.0

    static func now() throws -> ResidentMemory {
        var memory = ResidentMemory()
        let text = try String(contentsOf: URL(filePath: "/proc/self/smaps_rollup"), encoding: .utf8)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kilobytes = Double(words[1]) else { continue }
            if words[0] == "Rss:" { memory.residentMB = kilobytes / 1024 }
            if words[0] == "Pss:" { memory.proportionalMB = kilobytes / 1024 }
        }
        return memory
    }
}
