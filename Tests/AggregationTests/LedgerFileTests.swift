import Contracts
import Foundation
import Testing

@testable import Aggregation

/// The file: damaged, full, owned by another, read by others.
struct LedgerFileTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("ledger.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    @Test func aFileThatIsNoDatabaseIsCalledDamaged() throws {
        try Data(repeating: 0x55, count: 8192).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: LedgerError.self) { try Ledger(path: path) }
        guard case .damaged = error else {
            Issue.record("expected damaged, found \(String(describing: error))")
            return
        }
        #expect(error?.description.contains("backup") == true)
    }

    @Test func pagesOverwrittenInTheMiddleAreNoticedAndTheMessageIsNotLost() async throws {
        let first = try Ledger(path: path)
        for index in 0..<200 { try await first.submit(.ingested(Sample.ingested("run-\(index)", uid: "\(index)"))) }
        first.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 20 * 4096)
        file.write(Data(repeating: 0xff, count: Int(size) - 20 * 4096))
        try file.close()
        // It shows at once, or when a run is looked for.
        let ledger: Ledger
        do {
            ledger = try Ledger(path: path)
        } catch {
            guard case .damaged = error else {
                Issue.record("expected damaged, found \(error)")
                return
            }
            return
        }
        let error = await #expect(throws: (any Error).self) {
            try await ledger.submit(.planned(Sample.planned("run-7", ["a"])))
        }
        #expect((error as? any FailureConvertible)?.failure.failureClass == .transient)
        #expect(ledger.problem?.isFatal == true)
    }

    @Test func aFolderThatIsNotThereIsCalledUnwritable() {
        let error = #expect(throws: LedgerError.self) { try Ledger(path: folder.file("none/ledger.sqlite")) }
        guard case .unwritable = error else {
            Issue.record("expected unwritable, found \(String(describing: error))")
            return
        }
    }

    @Test func aFullDiskIsTransientAndWhatWasThereStays() async throws {
        let ledger = try Ledger(path: path, pageLimit: 40)
        var taken = 0
        var refusal: (any Error)?
        for index in 0..<500 {
            do {
                try await ledger.submit(.ingested(Sample.ingested("run-\(index)", uid: "\(index)")))
                taken += 1
            } catch {
                refusal = error
                break
            }
        }
        #expect(taken > 0)
        guard case .full = try #require(refusal as? LedgerError) else {
            Issue.record("expected full, found \(String(describing: refusal))")
            return
        }
        #expect((refusal as? any FailureConvertible)?.failure.failureClass == .transient)
        #expect(ledger.problem != nil)
        #expect(try LedgerStatus.read(path: path).studies.inFlight == taken)
        ledger.close()

        let roomier = try Ledger(path: path)
        try await roomier.submit(.ingested(Sample.ingested("run-\(taken)", uid: "\(taken)")))
        #expect(roomier.problem == nil)
        #expect(try LedgerStatus.read(path: path).studies.inFlight == taken + 1)
        roomier.close()
    }

    @Test func onlyOneProcessOwnsALedger() throws {
        let owner = try Ledger(path: path)
        let error = #expect(throws: LedgerError.self) { try Ledger(path: path) }
        guard case .owned(_, let who) = error else {
            Issue.record("expected owned, found \(String(describing: error))")
            return
        }
        #expect(who.contains("\(ProcessInfo.processInfo.processIdentifier)"))
        owner.close()
    }

    @Test func theFileIsForItsOwnerAlone() throws {
        let ledger = try Ledger(path: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        ledger.close()
    }

    @Test func statusIsReadWhileTheServiceWritesAndAfterItsEnd() async throws {
        let ledger = try Ledger(path: path)
        try await ledger.submit(.ingested(Sample.ingested("one", uid: "1", deadline: 60)), now: 1000)
        try await ledger.submit(.planned(Sample.planned("one", ["a", "b", "c"])))
        try await ledger.submit(.classified(Sample.classified("one", "a")))
        try await ledger.submit(.ingested(Sample.ingested("two", uid: "2")), now: 2000)
        let expected = [
            LedgerStatus.Run(
                runID: "one", task: "brain-metastasis", revision: 1, admittedAt: 1000, deadline: 1060, regionsDone: 1,
                regionsExpected: 3),
            LedgerStatus.Run(
                runID: "two", task: "brain-metastasis", revision: 1, admittedAt: 2000, deadline: 2900, regionsDone: 0,
                regionsExpected: nil),
        ]
        let status = try LedgerStatus.read(path: path)
        #expect(status.runs == expected)
        #expect(status.studies == LedgerStatus.Studies(inFlight: 2))
        #expect(status.outbox == 4)
        ledger.close()
        #expect(try LedgerStatus.read(path: path) == status)
    }

    @Test func statusOfNoFileSaysSo() {
        #expect(throws: LedgerError.missing(path: path)) { try LedgerStatus.read(path: path) }
    }

    @Test func aLedgerOfALaterVersionIsNotTouched() throws {
        try Ledger(path: path).close()
        try SQLiteShell.execute("INSERT INTO grdb_migrations VALUES ('999')", on: path)
        #expect(throws: LedgerError.tooNew(path: path)) { try Ledger(path: path) }
    }
}
