internal import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a ledger holds, for people; read from its file while the service runs.
package struct LedgerStatus: Codable, Sendable, Equatable {
    /// Runs by how they stand. `parked` counts those that have a delivery in a parking queue, whatever else they are.
    package struct Studies: Codable, Sendable, Equatable {
        package var inFlight = 0
        package var final = 0
        package var partial = 0
        package var failed = 0
        package var rejected = 0
        package var parked = 0
    }

    /// A run that has not ended.
    package struct Run: Codable, Sendable, Equatable {
        package var runID: String
        package var task: String
        package var revision: Int
        /// Seconds since 1970, as is `deadline`.
        package var admittedAt: Double
        package var deadline: Double
        package var regionsDone: Int
        /// Absent until the study is planned.
        package var regionsExpected: Int?
    }

    package var studies = Studies()
    /// The longest first; at most as many as were asked for.
    package var runs: [Run] = []
    /// Events that the broker has not confirmed yet.
    package var outbox = 0
    /// Sets of tensors that are not deleted yet.
    package var cleanup = 0

    /// Reads a ledger without disturbing its service.
    ///
    /// - Throws: ``LedgerError``: `missing`, `damaged`, `tooNew` …
    package static func read(path: String, limit: Int = 100) throws(LedgerError) -> LedgerStatus {
        guard access(path, F_OK) == 0 else { throw .missing(path: path) }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let database = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? database.close() }
            return try database.read { database in
                guard try database.tableExists("run") else {
                    throw LedgerError.unusable(path: path, reason: "expected a ledger, found another SQLite database")
                }
                return try LedgerStatus(database, limit: limit)
            }
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    private init(_ database: Database, limit: Int) throws {
        for row in try Row.fetchAll(database, sql: "SELECT phase, count(*) AS count FROM run GROUP BY phase") {
            let count: Int = row["count"]
            switch RunPhase(rawValue: row["phase"]) {
            case .open: studies.inFlight = count
            case .final: studies.final = count
            case .partial: studies.partial = count
            case .failed: studies.failed = count
            case .rejected: studies.rejected = count
            case nil: break
            }
        }
        studies.parked = try Int.fetchOne(database, sql: "SELECT count(*) FROM run WHERE parked") ?? 0
        outbox = try Int.fetchOne(database, sql: "SELECT count(*) FROM outbox") ?? 0
        cleanup = try Int.fetchOne(database, sql: "SELECT count(*) FROM cleanup") ?? 0
        runs = try Row.fetchAll(
            database,
            sql: """
                SELECT run_id, task, revision, admitted_at, deadline, expected,
                    (SELECT count(*) FROM part WHERE part.run = run.id AND kind = ? AND body IS NOT NULL) AS done
                FROM run WHERE ended_at IS NULL ORDER BY admitted_at LIMIT ?
                """, arguments: [PartKind.region.rawValue, limit]
        ).map { row in
            Run(
                runID: row["run_id"], task: row["task"], revision: row["revision"], admittedAt: row["admitted_at"],
                deadline: row["deadline"], regionsDone: row["done"], regionsExpected: row["expected"])
        }
    }
}
