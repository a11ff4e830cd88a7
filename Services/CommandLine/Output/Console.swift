#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where a command writes: what was asked for to standard output, everything else to standard error.
struct Console: Sendable {
    private let output: @Sendable (String) -> Void
    private let notes: @Sendable (String) -> Void

    /// - Parameters:
    ///   - output: Takes text for standard output, as it is.
    ///   - notes: Takes text for standard error, as it is.
    init(output: @escaping @Sendable (String) -> Void, notes: @escaping @Sendable (String) -> Void) {
        self.output = output
        self.notes = notes
    }

    static let standard = Console(
        output: { write($0, to: STDOUT_FILENO) }, notes: { write($0, to: STDERR_FILENO) })

    /// A line (or several) on standard output.
    func line(_ text: String) { output(text + "\n") }

    /// A line (or several) on standard error.
    func note(_ text: String) { notes(text + "\n") }

    /// Text on standard error without an end of line, for a line that is written over.
    func fragment(_ text: String) { notes(text) }

    /// A value as readable JSON on standard output.
    func json(_ value: some Encodable) throws { line(try JSONText.pretty(value)) }

    /// Writes all of it. Where nobody reads standard output any more (`| head`), there is nothing left to do.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            } else if errno != EINTR {
                guard descriptor == STDOUT_FILENO else { return }
                if errno == EPIPE { exit(141) }
                let reason = String(cString: strerror(errno))
                standard.note(
                    "oncorelay: standard output cannot be written: \(reason); give it a place that can be written to, "
                        + "with room enough, and try again")
                exit(ExitStatus.softwareFault.rawValue)
            }
        }
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #else
            Musl.write(descriptor, bytes, count)
        #endif
    }
}
