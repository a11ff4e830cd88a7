import Contracts
import Foundation
import ServiceRuntime
import Testing

@testable import Aggregation

struct LedgerTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("ledger.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    @Test func twoPartsAtTheSameInstantEndEachRunExactlyOnce() async throws {
        let ledger = try Ledger(path: path)
        let pairs = 2000
        for start in stride(from: 0, to: pairs, by: 500) {
            let runs = (start..<(start + 500)).map { "run-\($0)" }
            try await withThrowingTaskGroup { group in
                for run in runs {
                    group.addTask {
                        try await ledger.submit(.ingested(Sample.ingested(run, uid: run)))
                        try await ledger.submit(.planned(Sample.planned(run, ["a", "b"])))
                    }
                }
                try await group.waitForAll()
            }
            try await withThrowingTaskGroup { group in
                for run in runs {
                    for region in ["a", "b"] {
                        group.addTask { try await ledger.submit(.classified(Sample.classified(run, region))) }
                    }
                }
                try await group.waitForAll()
            }
        }
        var finals: [String: Int] = [:]
        while case let events = try await ledger.waitingEvents(), !events.isEmpty {
            for event in events where event.word == "result.final" { finals[event.correlationID, default: 0] += 1 }
        }
        #expect(finals.count == pairs)
        #expect(finals.values.allSatisfy { $0 == 1 })
        #expect(try LedgerStatus.read(path: path).studies.final == pairs)
    }

    @Test func concurrentCallersShareTransactions() async throws {
        let metrics = MetricsRegistry()
        let ledger = try Ledger(path: path, metrics: metrics)
        try await withThrowingTaskGroup { group in
            for index in 0..<400 {
                group.addTask { try await ledger.submit(.ingested(Sample.ingested("run-\(index)", uid: "\(index)"))) }
            }
            try await group.waitForAll()
        }
        #expect(metrics.counter(LedgerMetrics.events) == 400)
        let commits = try #require(
            metrics.text().split(separator: "\n").first { $0.hasPrefix(LedgerMetrics.commit + "_count") })
        let count = try #require(Int(commits.split(separator: " ")[1]))
        #expect(count < 400)
        #expect(try LedgerStatus.read(path: path).studies.inFlight == 400)
    }

    @Test func oneImpossibleCommandDoesNotSpoilTheOthersOfItsTransaction() async throws {
        let ledger = try Ledger(path: path)
        let failures = await withTaskGroup { group in
            for index in 0..<100 {
                group.addTask {
                    do {
                        let run = "run-\(index)"
                        try await ledger.submit(
                            index % 10 == 0
                                ? .classified(Sample.classified("unknown", "a"))
                                : .ingested(Sample.ingested(run, uid: run)))
                        return 0
                    } catch {
                        return (error as? Failure)?.failureClass == .transient ? 1 : 1000
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(failures == 10)
        #expect(try LedgerStatus.read(path: path).studies.inFlight == 90)
    }

    @Test func whatWasCommittedIsThereAfterARestart() async throws {
        let first = try Ledger(path: path)
        try await first.submit(.ingested(Sample.ingested("run")))
        try await first.submit(.planned(Sample.planned("run", ["a", "b"])))
        try await first.submit(.classified(Sample.classified("run", "a")))
        try await first.submit(.lost(Sample.lost("run", "b")))
        let before = try await first.waiting()
        first.close()

        let second = try Ledger(path: path)
        let after = try await second.waiting()
        #expect(after.map(\.event) == before.map(\.event))
        #expect(after.map(\.event.word) == ["study.admitted", "result.accepted", "study.admitted"])
        try await second.submit(.lost(Sample.lost("run", "b")))
        let readmitted = try await second.waitingEvents()
        #expect(try readmitted.map { try $0.data(StudyAdmitted.self).recovery } == [2])
        try await second.submit(.classified(Sample.classified("run", "b")))
        let final = try #require(try await second.waitingEvents().first)
        #expect(final.word == "result.final")
        #expect(try final.data(ResultFinal.self).result.regions.map(\.id) == ["a", "b"])
        second.close()
    }

    @Test func aLatePartAmendsAfterARestartAndIsAnnouncedFromThenOn() async throws {
        let first = try Ledger(path: path)
        try await first.submit(.ingested(Sample.ingested("run", deadline: 10)), now: 1000)
        try await first.submit(.planned(Sample.planned("run", ["a", "b"])))
        try await first.submit(.classified(Sample.classified("run", "a")))
        first.close()

        let second = try Ledger(path: path)
        _ = try await second.waiting()
        try await second.expire(now: 1009)
        #expect(try await second.waiting().isEmpty)
        try await second.expire(now: 1010)
        #expect(try await second.waitingEvents().map(\.word) == ["result.partial"])
        second.close()

        let third = try Ledger(path: path)
        _ = try await third.waiting()
        try await third.submit(.classified(Sample.classified("run", "b")), now: 1020)
        let amended = try await third.waitingEvents()
        #expect(amended.map(\.word) == ["result.amended"])
        #expect(amended[0].id == EventID.make(run: "run", event: "result.amended", discriminator: "amendment-1"))
        #expect(amended[0].routingKey == "result.amended.brain-metastasis.sclc")
        try await third.submit(.ingested(Sample.ingested("run")), now: 1030)
        let again = try await third.waitingEvents()
        #expect(again.map(\.word) == ["result.accepted", "result.amended"])
        #expect(again.last == amended.last)
        third.close()
    }

    @Test func otherContentIsTheNextRevisionAndBothMayBeUnderWay() async throws {
        let ledger = try Ledger(path: path)
        for run in ["one", "two"] {
            try await ledger.submit(.ingested(Sample.ingested(run, uid: "1.2.3")))
            try await ledger.submit(.planned(Sample.planned(run, ["a"])))
        }
        try await ledger.submit(.ingested(Sample.ingested("other", uid: "1.2.4")))
        let admitted = try await ledger.waitingEvents().filter { $0.word == "study.admitted" }
        #expect(try admitted.map { try $0.data(StudyAdmitted.self).revision } == [1, 2, 1])
        try await ledger.submit(.classified(Sample.classified("two", "a")))
        try await ledger.submit(.classified(Sample.classified("one", "a")))
        let results = try await ledger.waitingEvents()
        #expect(results.map(\.word) == ["result.amended", "result.final"])
        #expect(try results[0].data(ResultAmended.self).result.revision == 2)
        #expect(results[0].id == EventID.make(run: "two", event: "result.amended"))
        ledger.close()
    }

    @Test func aRejectionOfANeverAdmittedStudyIsToldAgainUnderTheSameIDAndCountedOnce() async throws {
        let ledger = try Ledger(path: path)
        for _ in 0..<3 { try await ledger.submit(.rejected(Sample.rejected("run", .fileMissing))) }
        let events = try await ledger.waitingEvents()
        #expect(events.map(\.word) == ["result.rejected", "result.rejected", "result.rejected"])
        #expect(Set(events.map(\.body)).count == 1)
        #expect(try LedgerStatus.read(path: path).studies.rejected == 1)
        // The publisher mends its message; the same run id may now be admitted.
        try await ledger.submit(.ingested(Sample.ingested("run")))
        #expect(try await ledger.waitingEvents().map(\.word) == ["study.admitted", "result.accepted"])
        #expect(try LedgerStatus.read(path: path).studies.rejected == 0)
        ledger.close()
    }

    @Test func aParkedDeliveryOfAnUnknownRunIsCountedAndEndsThere() async throws {
        let ledger = try Ledger(path: path)
        for _ in 0..<2 { try await ledger.submit(.parked(Sample.parked("run", nil, stage: .ingestion))) }
        #expect(try await ledger.waiting().isEmpty)
        #expect(try LedgerStatus.read(path: path).studies.parked == 1)
        ledger.close()
    }

    @Test func endedRunsAreForgottenAfterTheirRetention() async throws {
        let ledger = try Ledger(path: path)
        for (run, time) in [("old", 1000.0), ("new", 5000.0)] {
            try await ledger.submit(.ingested(Sample.ingested(run, uid: run)), now: time)
            try await ledger.submit(.planned(Sample.planned(run, ["a"])), now: time)
            try await ledger.submit(.classified(Sample.classified(run, "a")), now: time)
        }
        try await ledger.submit(.ingested(Sample.ingested("open", uid: "open")), now: 1000)
        try await ledger.submit(LedgerCommand(action: .prune(before: 4000), now: 6000, context: Sample.context()))
        let studies = try LedgerStatus.read(path: path).studies
        #expect(studies.final == 1)
        #expect(studies.inFlight == 1)
        await #expect(throws: Failure.self) { try await ledger.submit(.classified(Sample.classified("old", "a"))) }
        ledger.close()
    }

    @Test func moreOpenRunsThanFitInMemoryAreReadFromTheFile() async throws {
        let ledger = try Ledger(path: path, cacheLimit: 3)
        let runs = (0..<20).map { "run-\($0)" }
        for run in runs { try await ledger.submit(.ingested(Sample.ingested(run, uid: run))) }
        for run in runs { try await ledger.submit(.planned(Sample.planned(run, ["a"]))) }
        for run in runs { try await ledger.submit(.classified(Sample.classified(run, "a"))) }
        #expect(try await ledger.waitingEvents().count { $0.word == "result.final" } == 20)
        ledger.close()
    }
}
