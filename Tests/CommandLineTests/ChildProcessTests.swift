import Testing

@testable import oncorelay

@Suite struct ChildProcessTests {
    @Test func outputErrorAndExitCodeComeBack() async throws {
        let result = try await ChildProcess.run("sh", ["-c", "cat; echo bad >&2; exit 3"], input: Array("in".utf8))
        #expect(result == .init(exitCode: 3, output: Array("in".utf8), error: Array("bad\n".utf8)))
    }

    @Test func muchOutputOnBothStreamsIsReadWhole() async throws {
        let script = "i=0; while [ $i -lt 2000 ]; do printf '%0100d' 1; printf '%0100d' 2 >&2; i=$((i+1)); done"
        let result = try await ChildProcess.run("sh", ["-c", script])
        #expect(result.output.count == 200_000)
        #expect(result.error.count == 200_000)
    }

    @Test func signalIsToldAsShellsDo() async throws {
        #expect(try await ChildProcess.run("sh", ["-c", "kill -TERM $$"]).exitCode == 143)
    }

    @Test func programThatIsNotThereIsAnError() async {
        await #expect(throws: ChildProcess.NotStarted.self) {
            _ = try await ChildProcess.run("oncorelay-no-such-program", [])
        }
    }
}
