#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a stream ends in: a terminal of some width, or a file.
struct Terminal: Sendable, Equatable {
    /// Whether a person looks at it as it is written.
    let isInteractive: Bool
    /// Characters in a line.
    let width: Int
    let style: TextStyle

    init(isInteractive: Bool, width: Int, style: TextStyle) {
        self.isInteractive = isInteractive
        self.width = width
        self.style = style
    }

    static let standardOutput = Terminal(STDOUT_FILENO, ProcessInfo.processInfo.environment)
    static let standardError = Terminal(STDERR_FILENO, ProcessInfo.processInfo.environment)

    private init(_ descriptor: Int32, _ environment: [String: String]) {
        let isTerminal = isatty(descriptor) == 1
        var size = winsize()
        let isMeasured = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        self.init(
            isTerminal: isTerminal, measuredWidth: isMeasured ? Int(size.ws_col) : nil, environment: environment)
    }

    /// Rules: no color where `NO_COLOR` is set (no-color.org), the terminal is `dumb` or there is none.
    init(isTerminal: Bool, measuredWidth: Int?, environment: [String: String]) {
        let isDumb = environment["TERM"] == "dumb"
        let wantsNoColor = !(environment["NO_COLOR"] ?? "").isEmpty
        let width = measuredWidth ?? environment["COLUMNS"].flatMap { Int($0) } ?? 100
        self.init(
            isInteractive: isTerminal && !isDumb, width: max(40, min(width, 400)),
            style: TextStyle(isColored: isTerminal && !isDumb && !wantsNoColor))
    }
}

/// Bold and color, or neither.
struct TextStyle: Sendable, Equatable {
    let isColored: Bool

    static let plain = TextStyle(isColored: false)

    func bold(_ text: String) -> String { wrapped(text, "1") }
    func faint(_ text: String) -> String { wrapped(text, "2") }
    func good(_ text: String) -> String { wrapped(text, "32") }
    func warning(_ text: String) -> String { wrapped(text, "1;33") }
    func bad(_ text: String) -> String { wrapped(text, "1;31") }

    private func wrapped(_ text: String, _ code: String) -> String {
        isColored && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
