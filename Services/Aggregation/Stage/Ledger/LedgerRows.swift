import Contracts
internal import GRDB
import ServiceRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An event that the broker has not confirmed yet.
struct OutboxRow: Sendable {
    let id: Int64
    let event: OutgoingEvent
}

/// Tensors that are not deleted yet.
struct CleanupRow: Sendable {
    let id: Int64
    let keys: [String]
}

/// A run in the ledger, with the number of its row.
struct LedgerEntry: Sendable {
    let row: Int64
    var state: RunState
}

/// What the ledger holds under a run's id.
enum LedgerRecord: Sendable {
    case run(LedgerEntry)
    /// Never admitted: rejected by ingestion, or parked there.
    case mention(row: Int64, phase: String)
}

/// What a part is. The raw values are on disk.
enum PartKind: Int {
    case admission = 0
    case plan = 1
    case region = 2
    case studyFailure = 3
}

/// Phases of runs that were never admitted.
enum MentionPhase {
    static let rejected = RunPhase.rejected.rawValue
    static let parked = "parked"
}

/// The ledger's statements. Each is prepared once for the connection's life.
extension Database {
    func perform(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
        let statement = try cachedStatement(sql: sql)
        statement.setUncheckedArguments(arguments)
        try statement.execute()
    }

    private func row(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(try cachedStatement(sql: sql), arguments: arguments)
    }

    private func rows(_ sql: String, _ arguments: StatementArguments) throws -> [Row] {
        try Row.fetchAll(try cachedStatement(sql: sql), arguments: arguments)
    }

    // MARK: Runs

    func nextRevision(of study: String) throws -> Int {
        let known: Int? = try row("SELECT revision FROM study WHERE study = ?", [study])?["revision"]
        let revision = (known ?? 0) + 1
        try perform("INSERT OR REPLACE INTO study (study, revision) VALUES (?, ?)", [study, revision])
        return revision
    }

    func insertRun(_ state: RunState, study: String) throws -> Int64 {
        let admission = state.admission
        try perform(
            """
            INSERT INTO run (run_id, study, task, revision, priority, traceparent, admitted_at, deadline, phase)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                state.runID, study, state.task.rawValue, admission.revision, admission.priority.rawValue,
                admission.traceparent, admission.admittedAt, admission.deadline, state.phase.rawValue,
            ])
        return lastInsertedRowID
    }

    func insertMention(_ run: String, phase: String, task: ClinicalTask?, now: Double) throws -> Int64 {
        try perform(
            "INSERT INTO run (run_id, task, phase, parked, ended_at) VALUES (?, ?, ?, ?, ?)",
            [run, task?.rawValue, phase, phase == MentionPhase.parked, now])
        return lastInsertedRowID
    }

    func deleteRun(_ row: Int64) throws {
        try perform("DELETE FROM part WHERE run = ?", [row])
        try perform("DELETE FROM result WHERE run = ?", [row])
        try perform("DELETE FROM run WHERE id = ?", [row])
    }

    func updateRun(_ entry: LedgerEntry, endedAt: Double?) throws {
        let state = entry.state
        try perform(
            """
            UPDATE run SET phase = ?, expected = ?, recoveries = ?, amendments = ?, study_parked = ?, parked = ?,
            ended_at = coalesce(ended_at, ?) WHERE id = ?
            """,
            [
                state.phase.rawValue, state.expectedCount, state.recoveries, state.amendments, state.isStudyParked,
                state.isParked, endedAt, entry.row,
            ])
    }

    /// Writes a part, or what has changed of it: a nil body leaves the one that is there.
    func writePart(_ kind: PartKind, of run: Int64, region: String = "", body: [UInt8]?, trouble: [UInt8]? = nil) throws
    {
        try perform(
            """
            INSERT INTO part (run, kind, region, body, trouble) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (run, kind, region)
            DO UPDATE SET body = coalesce(excluded.body, body), trouble = excluded.trouble
            """,
            [run, kind.rawValue, region, body.map { Data($0) }, trouble.map { Data($0) }])
    }

    func deletePart(_ kind: PartKind, of run: Int64) throws {
        try perform("DELETE FROM part WHERE run = ? AND kind = ?", [run, kind.rawValue])
    }

    /// Reads a run; nil for one that the ledger does not know.
    ///
    /// - Throws: ``LedgerError`` `runDamaged` where what is kept cannot be read.
    func record(of run: String) throws -> LedgerRecord? {
        let columns = "id, phase, revision, priority, traceparent, admitted_at, recoveries, amendments, study_parked"
        guard let run = try row("SELECT \(columns) FROM run WHERE run_id = ?", [run]) else { return nil }
        let id: Int64 = run["id"]
        let phase: String = run["phase"]
        guard let admittedAt: Double = run["admitted_at"] else { return .mention(row: id, phase: phase) }
        let parts = try rows("SELECT run, kind, region, body, trouble FROM part WHERE run = ? ORDER BY kind", [id])
        guard let first = parts.first, first["kind"] == PartKind.admission.rawValue else {
            throw LedgerError.runDamaged(row: id, reason: "it has no admission")
        }
        let priority: String = run["priority"] ?? ""
        var state = RunState(
            Admission(
                study: try payload(StudyIngested.self, first), revision: run["revision"] ?? 1, admittedAt: admittedAt,
                priority: Priority(rawValue: priority) ?? .routine, traceparent: run["traceparent"]))
        for part in parts.dropFirst() {
            switch PartKind(rawValue: part["kind"]) {
            case .plan: state.plan = try payload(StudyPlanned.self, part)
            case .region:
                var progress = RegionProgress()
                if part["body"] != nil { progress.classified = try payload(RegionClassified.self, part) }
                if let trouble: Data = part["trouble"] {
                    progress.trouble = try EventCoding.decode(RegionTrouble.self, from: Array(trouble))
                }
                state.regions[part["region"]] = progress
            case .studyFailure:
                let body: Data = part["body"] ?? Data()
                state.studyFailure = try EventCoding.decode(Failure.self, from: Array(body))
            case .admission, nil: break
            }
        }
        state.phase = RunPhase(rawValue: phase) ?? .open
        state.recoveries = run["recoveries"]
        state.amendments = run["amendments"]
        state.isStudyParked = run["study_parked"]
        return .run(LedgerEntry(row: id, state: state))
    }

    private func payload<Payload>(_ type: Payload.Type, _ part: Row) throws -> Payload where Payload: EventPayload {
        let body: Data = part["body"] ?? Data()
        do {
            return try EventCoding.decodeEvent(type, from: Array(body)).data
        } catch {
            throw LedgerError.runDamaged(row: part["run"], reason: "its \(type.event) cannot be read: \(error.message)")
        }
    }

    func overdueRuns(now: Double, limit: Int) throws -> [String] {
        try String.fetchAll(
            try cachedStatement(
                sql: "SELECT run_id FROM run WHERE ended_at IS NULL AND deadline <= ? ORDER BY deadline LIMIT ?"),
            arguments: [now, limit])
    }

    /// Forgets runs that ended before a time; returns how many.
    func prune(endedBefore time: Double, limit: Int) throws -> Int {
        let old = try Int64.fetchAll(
            try cachedStatement(sql: "SELECT id FROM run WHERE ended_at < ? LIMIT ?"), arguments: [time, limit])
        for row in old { try deleteRun(row) }
        return old.count
    }

    // MARK: Results

    func writeResult(_ event: OutgoingEvent, of run: Int64) throws {
        try perform(
            """
            INSERT OR REPLACE INTO result (run, event_id, type, routing_key, traceparent, body)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [run, event.id, event.type, event.routingKey, event.traceparent, Data(event.body)])
    }

    func result(of run: Int64, runID: String) throws -> OutgoingEvent? {
        guard let row = try row("SELECT * FROM result WHERE run = ?", [run]) else { return nil }
        let body: Data = row["body"]
        return OutgoingEvent(
            id: row["event_id"], type: row["type"], correlationID: runID, traceparent: row["traceparent"],
            source: .aggregation, exchange: Exchange.results, routingKey: row["routing_key"], body: Array(body))
    }

    // MARK: Outbox and clean-up

    func insertOutbox(_ row: OutboxRow) throws {
        let event = row.event
        try perform(
            """
            INSERT INTO outbox (id, event_id, type, run_id, exchange, routing_key, traceparent, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                row.id, event.id, event.type, event.correlationID, event.exchange, event.routingKey, event.traceparent,
                Data(event.body),
            ])
    }

    func outbox(after id: Int64, limit: Int) throws -> [OutboxRow] {
        try rows("SELECT * FROM outbox WHERE id > ? ORDER BY id LIMIT ?", [id, limit]).map { row in
            let body: Data = row["body"]
            return OutboxRow(
                id: row["id"],
                event: OutgoingEvent(
                    id: row["event_id"], type: row["type"], correlationID: row["run_id"],
                    traceparent: row["traceparent"], source: .aggregation, exchange: row["exchange"],
                    routingKey: row["routing_key"], body: Array(body)))
        }
    }

    func insertCleanup(_ row: CleanupRow) throws {
        try perform("INSERT INTO cleanup (id, keys) VALUES (?, ?)", [row.id, Data(try EventCoding.encode(row.keys))])
    }

    func cleanup(after id: Int64, limit: Int) throws -> [CleanupRow] {
        try rows("SELECT id, keys FROM cleanup WHERE id > ? ORDER BY id LIMIT ?", [id, limit]).map { row in
            let keys: Data = row["keys"]
            return CleanupRow(id: row["id"], keys: try EventCoding.decode([String].self, from: Array(keys)))
        }
    }

    func removeOutbox(_ ids: [Int64]) throws {
        for run in Self.runs(ids) {
            try perform("DELETE FROM outbox WHERE id BETWEEN ? AND ?", [run.lowerBound, run.upperBound])
        }
    }

    func removeCleanup(_ ids: [Int64]) throws {
        for run in Self.runs(ids) {
            try perform("DELETE FROM cleanup WHERE id BETWEEN ? AND ?", [run.lowerBound, run.upperBound])
        }
    }

    /// Numbers as runs without gaps.
    private static func runs(_ ids: [Int64]) -> [ClosedRange<Int64>] {
        var runs: [ClosedRange<Int64>] = []
        for id in ids.sorted() {
            if let last = runs.last, id <= last.upperBound + 1 {
                runs[runs.count - 1] = last.lowerBound...max(id, last.upperBound)
            } else {
                runs.append(id...id)
            }
        }
        return runs
    }

    func lastID(in table: String) throws -> Int64 {
        try Int64.fetchOne(self, sql: "SELECT coalesce(max(id), 0) FROM \(table)") ?? 0
    }
}
