import Synchronization

/// Tells how far long work has come: one line that is written over on a terminal, else one line for each step.
final class ProgressLine: Sendable {
    private let console: Console
    private let terminal: Terminal
    private let current = Mutex("")

    init(console: Console = .standard, terminal: Terminal = .standardError) {
        self.console = console
        self.terminal = terminal
    }

    /// Shows `text` in place of what was shown before; the same text again shows nothing new.
    func update(_ text: String) {
        let isNew = current.withLock { current in
            defer { current = text }
            return current != text
        }
        guard isNew else { return }
        if terminal.isInteractive {
            console.fragment("\r" + TextTable.clipped(text, to: terminal.width - 1) + "\u{1B}[K")
        } else {
            console.note(text)
        }
    }

    /// Shows `text` of a step out of many; where lines stay, only each twentieth part of the work and its end.
    func update(_ text: String, step: Int, of count: Int) {
        if terminal.isInteractive || step >= count || step * 20 / max(count, 1) != (step - 1) * 20 / max(count, 1) {
            update(text)
        }
    }

    /// Takes the line away, so that other text can follow.
    func finish() {
        let wasShown = current.withLock { current in
            defer { current = "" }
            return !current.isEmpty
        }
        if wasShown, terminal.isInteractive { console.fragment("\r\u{1B}[K") }
    }
}
