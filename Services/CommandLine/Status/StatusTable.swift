import Contracts

/// A status as a person reads it.
struct StatusTable: Sendable {
    let status: SystemStatus
    let terminal: Terminal

    var lines: [String] {
        var table = TextTable([.shrinking("queue"), .right("ready"), .right("in hand"), .right("consumers")])
        for queue in status.queues {
            table.add([
                queue.name, String(queue.ready), queue.unacknowledged.map(String.init) ?? "–", String(queue.consumers),
            ])
        }
        var lines = table.isEmpty ? [] : table.lines(width: terminal.width, style: terminal.style) + [""]
        lines.append(studies)
        lines += warnings.map(terminal.style.warning)
        lines += status.notes.flatMap {
            TextTable.wrapped($0, width: terminal.width, indent: 2).map(terminal.style.faint)
        }
        return lines
    }

    private var studies: String {
        let counts: [(String, Int?)] = [
            ("in flight", status.studies.inFlight), ("final", status.studies.final),
            ("partial", status.studies.partial), ("failed", status.studies.failed),
            ("rejected", status.studies.rejected), ("parked messages", status.studies.parked),
        ]
        return terminal.style.bold("Studies") + "  "
            + counts.map { "\($0.0) \($0.1.map(String.init) ?? "–")" }.joined(separator: " · ")
    }

    /// What needs a person.
    private var warnings: [String] {
        var warnings: [String] = []
        if !status.missing.isEmpty {
            warnings.append(
                "\(status.missing.count) queues are missing (\(status.missing.prefix(3).joined(separator: ", "))"
                    + "\(status.missing.count > 3 ? ", …" : "")): run 'oncorelay topology apply'")
        }
        for stage in StageName.allCases {
            let queues = status.queues.filter { QueueName.work(stage).contains($0.name) }
            if !queues.isEmpty, queues.allSatisfy({ $0.consumers == 0 }) {
                let waiting = queues.reduce(0) { $0 + $1.ready }
                warnings.append(
                    "nobody consumes \(stage.rawValue) (\(waiting) waiting): is oncorelay-\(stage.rawValue) running?")
            }
        }
        if status.studies.parked > 0 {
            warnings.append("\(status.studies.parked) messages are parked: 'oncorelay dead-letters list --table'")
        }
        return warnings
    }
}
