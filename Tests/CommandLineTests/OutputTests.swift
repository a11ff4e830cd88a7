import Classifiers
import Foundation
import Synchronization
import Testing

@testable import oncorelay

@Suite struct OutputTests {
    @Test(arguments: [
        (0.0, 2, "0.00"), (-0.001, 2, "0.00"), (1.005, 1, "1.0"), (0.95, 1, "1.0"), (-12.345, 2, "-12.35"), (7, 0, "7"),
        (0.5, 0, "1"), (.infinity, 2, "inf"),
    ])
    func numbersAreRounded(value: Double, decimals: Int, text: String) {
        #expect(NumberText.fixed(value, decimals) == text)
    }

    @Test func sizesAndSpansUseTheLargestUnitThatFits() {
        #expect([0, 1023, 1024, 5_767_168].map(NumberText.bytes) == ["0 B", "1023 B", "1.0 KiB", "5.5 MiB"])
        #expect(
            [-4, 119, 120, 7_200, 172_800].map { NumberText.span(seconds: $0) } == ["0s", "119s", "2m", "2h", "2d"])
    }

    @Test func tableColumnsAlignAndGiveWay() {
        var table = TextTable([.left("id"), .shrinking("reason"), .right("size")])
        table.add(["a", "a rather long reason", "7"])
        table.add(["bcd", "short", "1234"])
        #expect(
            table.lines(width: 80, style: .plain) == [
                "id   reason                size", "a    a rather long reason     7", "bcd  short                 1234",
            ])
        #expect(
            table.lines(width: 25, style: .plain) == [
                "id   reason          size", "a    a rather long…     7", "bcd  short           1234",
            ])
    }

    @Test func wordsWrapWithAnIndentAfterTheFirstLine() {
        #expect(TextTable.wrapped("one two three four", width: 9, indent: 2) == ["one two", "  three", "  four"])
        #expect(TextTable.wrapped("", width: 9) == [])
    }

    @Test func colorNeedsATerminalThatWantsIt() {
        func isColored(_ isTerminal: Bool, _ environment: [String: String]) -> Bool {
            Terminal(isTerminal: isTerminal, measuredWidth: 80, environment: environment).style.isColored
        }
        #expect(isColored(true, [:]))
        #expect(!isColored(false, [:]))
        #expect(!isColored(true, ["NO_COLOR": "1"]))
        #expect(isColored(true, ["NO_COLOR": ""]))
        #expect(!isColored(true, ["TERM": "dumb"]))
    }

    @Test func widthIsThatOfTheTerminalElseOfTheVariable() {
        #expect(Terminal(isTerminal: true, measuredWidth: 132, environment: ["COLUMNS": "60"]).width == 132)
        #expect(Terminal(isTerminal: false, measuredWidth: nil, environment: ["COLUMNS": "60"]).width == 60)
        #expect(Terminal(isTerminal: false, measuredWidth: nil, environment: ["COLUMNS": "3"]).width == 40)
    }

    @Test func progressIsOverwrittenOnATerminalAndListedElsewhere() {
        func shown(_ isInteractive: Bool) -> String {
            let capture = Capture()
            let line = ProgressLine(
                console: capture.console, terminal: Terminal(isInteractive: isInteractive, width: 12, style: .plain))
            for text in ["one", "one", "a text that is too long"] { line.update(text) }
            line.finish()
            line.finish()
            #expect(capture.output.isEmpty)
            return capture.notes
        }
        #expect(shown(true) == "\rone\u{1B}[K\ra text tha…\u{1B}[K\r\u{1B}[K")
        #expect(shown(false) == "one\na text that is too long\n")
    }

    @Test func anyJSONIsPassedOnAsItWas() throws {
        let text = #"{"a":[1,-2.5,true,null,"x"],"b":{"c":9007199254740993}}"#
        let value = try #require(JSONValue(Array(text.utf8)))
        #expect(try JSONText.compact(value) == text)
        #expect(JSONValue(Array("{".utf8)) == nil)
    }

    @Test func outputThatCannotBeWrittenIsAnErrorWithItsReason() async throws {
        let program =
            URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "oncorelay").path
        let result = try await ChildProcess.run("sh", ["-c", "exec \"$0\" --help > /dev/full", program])
        #expect(result.exitCode == ExitStatus.softwareFault.rawValue)
        let message = String(decoding: result.error, as: UTF8.self)
        #expect(message.contains("standard output cannot be written: No space left on device"))
    }
}

/// Takes what a command writes.
final class Capture: Sendable {
    private let texts = Mutex((output: "", notes: ""))

    var output: String { texts.withLock(\.output) }
    var notes: String { texts.withLock(\.notes) }

    var console: Console {
        Console(
            output: { text in self.texts.withLock { $0.output += text } },
            notes: { text in self.texts.withLock { $0.notes += text } })
    }
}
