/// What one check found.
struct Diagnosis: Encodable, Sendable, Equatable {
    enum Verdict: String, Encodable, Sendable {
        case ok
        case warn
        case fail
    }

    var name: String
    var status: Verdict
    var detail: String
    /// What to do; absent where nothing is to be done.
    var remedy: String?

    static func ok(_ name: String, _ detail: String) -> Diagnosis {
        Diagnosis(name: name, status: .ok, detail: detail)
    }

    static func warn(_ name: String, _ detail: String, remedy: String) -> Diagnosis {
        Diagnosis(name: name, status: .warn, detail: detail, remedy: remedy)
    }

    static func fail(_ name: String, _ detail: String, remedy: String) -> Diagnosis {
        Diagnosis(name: name, status: .fail, detail: detail, remedy: remedy)
    }
}

/// What all checks found.
struct DoctorReport: Encodable, Sendable, Equatable {
    var ok: Bool
    var checks: [Diagnosis]

    init(_ checks: [Diagnosis]) {
        self.checks = checks
        ok = !checks.contains { $0.status == .fail }
    }

    var status: ExitStatus { ok ? .success : .findings }

    /// The report as a person reads it.
    func lines(for terminal: Terminal) -> [String] {
        let style = terminal.style
        let nameWidth = checks.reduce(0) { max($0, $1.name.count) }
        return checks.flatMap { check in
            let mark: String
            switch check.status {
            case .ok: mark = style.good("ok  ")
            case .warn: mark = style.warning("warn")
            case .fail: mark = style.bad("fail")
            }
            let name = check.name + String(repeating: " ", count: nameWidth - check.name.count)
            let indent = nameWidth + 8
            let width = max(20, terminal.width - indent)
            let details = TextTable.wrapped(check.detail, width: width)
            let remedy = TextTable.wrapped(check.remedy.map { "→ \($0)" } ?? "", width: width, indent: 2)
            return (details + remedy).enumerated().map { index, text in
                index == 0 ? "\(mark)  \(name)  \(text)" : String(repeating: " ", count: indent) + text
            }
        }
    }
}
