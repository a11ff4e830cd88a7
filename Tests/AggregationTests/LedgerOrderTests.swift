import Contracts
import ServiceRuntime
import Testing

@testable import Aggregation

/// Whatever the order in which events come, and however often: one result, and the same one.
struct LedgerOrderTests {
    /// All orders of a list.
    static func orders<Element>(_ list: [Element]) -> [[Element]] {
        guard list.count > 1 else { return [list] }
        return list.indices.flatMap { index -> [[Element]] in
            var rest = list
            let first = rest.remove(at: index)
            return orders(rest).map { [first] + $0 }
        }
    }

    /// Gives a ledger the events in this order; what fails as transient comes again at the end, as by the retry ladder.
    private func play(_ events: [AggregationInput]) async throws -> [OutgoingEvent] {
        let ledger = try Ledger(path: nil)
        var queue = events
        var tries = 0
        while !queue.isEmpty {
            tries += 1
            try #require(tries < 200, "the events do not come to an end")
            let event = queue.removeFirst()
            do {
                try await ledger.submit(event)
            } catch let failure as Failure where failure.failureClass == .transient {
                queue.append(event)
            }
        }
        return try await ledger.waitingEvents()
    }

    @Test func everyOrderOfEventsAndDuplicatesGivesOneAndTheSameFinalResult() async throws {
        let run = "run"
        let events: [AggregationInput] = [
            .ingested(Sample.ingested(run)), .planned(Sample.planned(run, ["a", "b"])),
            .classified(Sample.classified(run, "a")), .classified(Sample.classified(run, "b", label: "sclc")),
            .classified(Sample.classified(run, "a")), .planned(Sample.planned(run, ["a", "b"])),
        ]
        var documents: [StudyResult] = []
        for order in Self.orders(events) {
            let finals = try await play(order).filter { $0.word == "result.final" }
            #expect(finals.count == 1)
            documents += try finals.map { try $0.data(ResultFinal.self).result.timeless }
            #expect(Set(finals.map(\.id)) == [EventID.make(run: run, event: "result.final")])
        }
        #expect(documents.count == 720)
        #expect(documents.allSatisfy { $0 == documents[0] })
    }

    @Test func everyOrderWithASecondSubmissionAnnouncesTheSameEventAtMostTwice() async throws {
        let run = "run"
        let events: [AggregationInput] = [
            .ingested(Sample.ingested(run)), .planned(Sample.planned(run, ["a"])),
            .classified(Sample.classified(run, "a")), .ingested(Sample.ingested(run)),
        ]
        for order in Self.orders(events) {
            let out = try await play(order)
            let finals = out.filter { $0.word == "result.final" }
            #expect((1...2).contains(finals.count))
            #expect(Set(finals.map(\.id)).count == 1)
            #expect(finals.allSatisfy { $0.body == finals[0].body })
            #expect(out.count { $0.word == "study.admitted" } == 1)
            #expect(Set(out.filter { $0.word == "result.accepted" }.map(\.id)).count == 1)
        }
    }

    @Test func everyOrderWithALossEndsFinalWithAtMostOneRecovery() async throws {
        let run = "run"
        let events: [AggregationInput] = [
            .ingested(Sample.ingested(run)), .planned(Sample.planned(run, ["a", "b"])), .lost(Sample.lost(run, "a")),
            .classified(Sample.classified(run, "a")), .classified(Sample.classified(run, "b")),
        ]
        for order in Self.orders(events) {
            let out = try await play(order)
            #expect(out.count { $0.word == "result.final" } == 1)
            #expect(out.count { $0.word == "study.admitted" } <= 2)
            #expect(Set(out.map(\.id)).count == out.count)
        }
    }

    @Test func everyOrderWithAParkedRegionEndsWithTheFullDecision() async throws {
        let run = "run"
        let events: [AggregationInput] = [
            .ingested(Sample.ingested(run)), .planned(Sample.planned(run, ["a", "b"])),
            .parked(Sample.parked(run, "a")),
            .classified(Sample.classified(run, "a")), .classified(Sample.classified(run, "b")),
        ]
        var documents: [StudyResult] = []
        for order in Self.orders(events) {
            let out = try await play(order)
            // A parking that comes before its run is told of nobody; then the run is parked, and admitted later.
            let results = out.filter { ["result.final", "result.partial", "result.amended"].contains($0.word) }
            let last = try #require(results.last)
            let document =
                last.word == "result.final"
                ? try last.data(ResultFinal.self).result : try last.data(ResultAmended.self).result
            #expect(results.count == (last.word == "result.final" ? 1 : 2))
            documents.append(document.timeless)
        }
        #expect(documents.allSatisfy { $0 == documents[0] })
    }
}
