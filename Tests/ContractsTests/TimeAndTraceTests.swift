import Contracts
import Foundation
import Testing

struct EventTimeTests {
    /// Known values of GNU date 9.1 (`date -u -d @SECONDS +%Y-%m-%dT%H:%M:%S.%3NZ`).
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_799.999, "2000-02-29T23:59:59.999Z"), (1_709_164_800, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599.5, "2024-12-31T23:59:59.500Z"), (1_741_944_361.561, "2025-03-14T09:26:01.561Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.000Z"),
            (-0.001, "1969-12-31T23:59:59.999Z"), (-2_203_977_600, "1900-02-28T00:00:00.000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000Z"),
        ] as [(Double, String)])
    func timeIsSpelledInUTCWithMilliseconds(_ seconds: Double, _ text: String) {
        #expect(EventTime.text(Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test func roundingCarriesIntoTheNextDay() {
        #expect(EventTime.text(Date(timeIntervalSince1970: 86_399.9996)) == "1970-01-02T00:00:00.000Z")
    }

    @Test func timesOfManyDaysAgreeWithFoundation() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<500 {
            let seconds = Int.random(in: -2_208_988_800...4_102_444_800, using: &generator)
            let date = Date(timeIntervalSince1970: Double(seconds))
            #expect(EventTime.text(date) == date.formatted(style))
        }
    }

    @Test func nowIsATimeOfTheContract() {
        #expect(EventTime.now().wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }
}

struct TraceContextTests {
    private let known = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func traceparentIsReadAndWrittenAlike() throws {
        let trace = try #require(TraceContext(traceparent: known))
        #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(trace.spanID == "00f067aa0ba902b7")
        #expect(trace.flags == "01")
        #expect(trace.traceparent == known)
    }

    @Test func nextHopKeepsTheTraceAndChangesTheSpan() throws {
        let trace = try #require(TraceContext(traceparent: known))
        let next = trace.next()
        #expect(next.traceID == trace.traceID)
        #expect(next.spanID != trace.spanID)
        #expect(TraceContext(traceparent: next.traceparent) == next)
    }

    @Test func newTracesDifferAndCanBeRead() {
        let traces = (0..<100).map { _ in TraceContext.start() }
        #expect(Set(traces.map(\.traceID)).count == 100)
        #expect(traces.allSatisfy { TraceContext(traceparent: $0.traceparent) == $0 })
    }

    @Test(
        arguments: [
            "", "00", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00-４bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01",
        ])
    func whatIsNoTraceparentIsNotRead(_ text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }
}
