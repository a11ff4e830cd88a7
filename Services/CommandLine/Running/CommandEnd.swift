import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The one place where an error becomes a line on standard error and an exit code.
enum CommandEnd {
    static func exit(with error: any Error) -> Never {
        let end = describe(error)
        if !end.text.isEmpty {
            end.isHelp ? Console.standard.line(end.text) : Console.standard.note(end.text)
        }
        leave(end.code)
    }

    struct End: Equatable {
        var text: String
        /// Help that was asked for goes to standard output.
        var isHelp: Bool
        var code: Int32
    }

    /// What to say of an error, and the exit code.
    static func describe(_ error: any Error) -> End {
        if let code = error as? ExitCode { return End(text: "", isHelp: false, code: code.rawValue) }
        if let failure = CommandFailure(error) {
            return End(text: "oncorelay: \(failure.message)", isHelp: false, code: failure.status.rawValue)
        }
        // What is left comes from the parser: help that was asked for, or a complaint.
        let code = OncoRelayCommand.exitCode(for: error)
        let text = OncoRelayCommand.fullMessage(for: error)
        if code.isSuccess { return End(text: text, isHelp: true, code: 0) }
        let status: ExitStatus = code == .validationFailure ? .usage : .softwareFault
        let complaint = oneLine(OncoRelayCommand.message(for: error))
        return End(text: "oncorelay: \(complaint)\(pointer(in: text))", isHelp: false, code: status.rawValue)
    }

    /// The parser lists allowed values in lines of their own.
    private static func oneLine(_ text: String) -> String {
        let lines = text.split(separator: "\n").map { line in
            line.hasPrefix("  - ") ? String(line.dropFirst(4)) : String(line)
        }
        guard let first = lines.first else { return "" }
        let line = first + (lines.count > 1 ? " " + lines.dropFirst().joined(separator: ", ") : "")
        return line.hasSuffix(".") ? String(line.dropLast()) : line
    }

    /// Which help to read, as the parser says in its last line: `See 'oncorelay publish --help' for more information.`
    private static func pointer(in text: String) -> String {
        let parts = text.split(separator: "\n").last?.split(separator: "'") ?? []
        guard parts.count == 3, parts[1].hasSuffix("--help") else { return "" }
        return "; see '\(parts[1])'"
    }

    private static func leave(_ code: Int32) -> Never {
        #if canImport(Glibc)
            Glibc.exit(code)
        #else
            Musl.exit(code)
        #endif
    }
}

extension ExitStatus {
    /// Ends a command that has said what is to be said; success returns.
    func end() throws {
        if self != .success { throw ExitCode(rawValue) }
    }
}
