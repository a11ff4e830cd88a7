import Contracts
import Foundation
import Messaging
import Testing

@testable import Aggregation

/// What is to be said is said at least once, and under the same id each time.
struct OutboxTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("ledger.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    private func finish(_ run: String, in ledger: Ledger) async throws {
        try await ledger.submit(.ingested(Sample.ingested(run, uid: run)))
        try await ledger.submit(.planned(Sample.planned(run, ["a"])))
        try await ledger.submit(.classified(Sample.classified(run, "a")))
    }

    /// Runs the relay until a number of events is confirmed.
    private func relay(_ ledger: Ledger, to publisher: RecordingPublisher, until count: Int) async throws {
        let relay = OutboxRelay(ledger: ledger, publisher: publisher, logger: Sample.logger)
        let running = Task { try await relay.run() }
        await publisher.wait { $0.count >= count }
        running.cancel()
        try await running.value
    }

    @Test func eventsArePublishedInOrderAndLeaveTheOutbox() async throws {
        let ledger = try Ledger(path: path)
        let publisher = RecordingPublisher()
        try await finish("run", in: ledger)
        try await relay(ledger, to: publisher, until: 3)
        #expect(
            publisher.confirmed.map(\.routingKey) == [
                "study.admitted.routine", "result.accepted", "result.final.brain-metastasis.sclc",
            ])
        #expect(publisher.confirmed.allSatisfy { $0.isMandatory && $0.properties.isPersistent })
        try await ledger.settle()
        #expect(try LedgerStatus.read(path: path).outbox == 0)
        ledger.close()
    }

    @Test func aCrashBetweenCommitAndPublicationPublishesAfterTheRestart() async throws {
        try await crashed { ledger in try await finish("run", in: ledger) }
        let ledger = try Ledger(path: path)
        let publisher = RecordingPublisher()
        try await relay(ledger, to: publisher, until: 3)
        #expect(publisher.ids("result.final") == [EventID.make(run: "run", event: "result.final")])
        ledger.close()
    }

    @Test func aCrashBetweenPublicationAndNotePublishesTheSameEventsAgain() async throws {
        let publisher = RecordingPublisher()
        try await crashed { ledger in
            try await finish("run", in: ledger)
            try await relay(ledger, to: publisher, until: 3)
        }
        let ledger = try Ledger(path: path)
        try await relay(ledger, to: publisher, until: 6)
        let first = publisher.confirmed[..<3]
        let second = publisher.confirmed[3...]
        #expect(first.map(\.properties.messageID) == second.map(\.properties.messageID))
        #expect(first.map(\.body) == second.map(\.body))
        #expect(first.map(\.routingKey) == second.map(\.routingKey))
        ledger.close()
        #expect(try LedgerStatus.read(path: path).outbox == 0)
    }

    /// Works on a ledger and drops it as a crash would: what is noted but not written is lost. The file is copied as
    /// it lies on disk, write-ahead log included.
    private func crashed(_ work: (Ledger) async throws -> Void) async throws {
        let original = folder.file("before-crash.sqlite")
        let ledger = try Ledger(path: original)
        try await work(ledger)
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: original + suffix, toPath: path + suffix)
        }
        ledger.close()
    }

    @Test func refusedEventsArePublishedAgainAndOthersNotTwice() async throws {
        let ledger = try Ledger(path: path)
        let publisher = RecordingPublisher()
        publisher.refuseNext(3)
        try await finish("run", in: ledger)
        try await relay(ledger, to: publisher, until: 3)
        #expect(Set(publisher.confirmed.map(\.properties.messageID)).count == 3)
        ledger.close()
    }

    @Test func whileTheBrokerIsAwayEventsWaitAndTheReasonIsKnown() async throws {
        let ledger = try Ledger(path: path)
        let publisher = RecordingPublisher()
        publisher.setAway(true)
        let relay = OutboxRelay(ledger: ledger, publisher: publisher, logger: Sample.logger)
        let running = Task { try await relay.run() }
        try await finish("run", in: ledger)
        while relay.problem == nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(publisher.confirmed.isEmpty)
        publisher.setAway(false)
        await publisher.wait { $0.count == 3 }
        while relay.problem != nil { try await Task.sleep(for: .milliseconds(5)) }
        running.cancel()
        try await running.value
        ledger.close()
    }

    @Test func anEventThatNobodyWantsHoldsNoOtherUp() async throws {
        let ledger = try Ledger(path: path)
        let publisher = RecordingPublisher()
        publisher.setReturned("result.accepted")
        try await finish("one", in: ledger)
        try await finish("two", in: ledger)
        try await relay(ledger, to: publisher, until: 4)
        #expect(publisher.ids("result.final").count == 2)
        try await ledger.settle()
        #expect(try LedgerStatus.read(path: path).outbox == 2)
        ledger.close()
    }

    @Test func whatDoesNotFitIntoMemoryIsReadFromTheFileInOrder() async throws {
        let queue = DurableQueue<Int64>(limit: 10) { $0 }
        let table = (1...57).map(Int64.init)
        var committed = 0
        func load(_ after: Int64, _ limit: Int) -> [Int64] {
            Array(table[..<committed].filter { $0 > after }.prefix(limit))
        }
        var seen: [Int64] = []
        // Rows are committed in unequal bundles, and taken more slowly than they come.
        for bundle in [3, 9, 1, 20, 2, 7, 15] {
            let rows = Array(table[committed..<(committed + bundle)])
            committed += bundle
            queue.append(rows)
            seen += try await queue.next(2) { queue.refill(limit: 5, from: load) }
        }
        while seen.count < table.count { seen += try await queue.next(4) { queue.refill(limit: 5, from: load) } }
        #expect(seen == table)
    }
}
