internal import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How the ledger lies on disk.
///
/// - `run`: a row for each run, slim, so that counting them is fast. `study` is a digest of study and task.
/// - `part`: what a run is made of, as the event bodies that came: 0 the admission, 1 the plan, 2 a region (`trouble`
///   is JSON of `RegionTrouble`), 3 the failure of the study as a whole.
/// - `result`: a run's last announcement, to be repeated byte for byte.
/// - `outbox`: events that are not confirmed by the broker yet. `cleanup`: tensors that are not deleted yet.
/// - `study`: the revision counter.
enum LedgerSchema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE run (
                        id INTEGER PRIMARY KEY,
                        run_id TEXT NOT NULL UNIQUE,
                        study TEXT,
                        task TEXT,
                        revision INTEGER,
                        priority TEXT,
                        traceparent TEXT,
                        admitted_at REAL,
                        deadline REAL,
                        phase TEXT NOT NULL,
                        expected INTEGER,
                        recoveries INTEGER NOT NULL DEFAULT 0,
                        amendments INTEGER NOT NULL DEFAULT 0,
                        study_parked INTEGER NOT NULL DEFAULT 0,
                        parked INTEGER NOT NULL DEFAULT 0,
                        ended_at REAL
                    );
                    CREATE INDEX run_open ON run (deadline) WHERE ended_at IS NULL;
                    CREATE TABLE part (
                        run INTEGER NOT NULL,
                        kind INTEGER NOT NULL,
                        region TEXT NOT NULL DEFAULT '',
                        body BLOB,
                        trouble BLOB
                    );
                    CREATE UNIQUE INDEX part_of_run ON part (run, kind, region);
                    CREATE TABLE result (
                        run INTEGER PRIMARY KEY,
                        event_id TEXT NOT NULL,
                        type TEXT NOT NULL,
                        routing_key TEXT NOT NULL,
                        traceparent TEXT,
                        body BLOB NOT NULL
                    );
                    CREATE TABLE outbox (
                        id INTEGER PRIMARY KEY,
                        event_id TEXT NOT NULL,
                        type TEXT NOT NULL,
                        run_id TEXT NOT NULL,
                        exchange TEXT NOT NULL,
                        routing_key TEXT NOT NULL,
                        traceparent TEXT,
                        body BLOB NOT NULL
                    );
                    CREATE TABLE cleanup (id INTEGER PRIMARY KEY, keys BLOB NOT NULL);
                    CREATE TABLE study (study TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
                    """)
        }
        return migrator
    }()

    /// Opens or makes the database and brings it to this version.
    /// Without a path it lies in memory; `pageLimit` is the most pages of 4 KiB that it may grow to.
    ///
    /// - Throws: ``LedgerError``
    static func open(_ path: String?, pageLimit: Int? = nil) throws(LedgerError) -> DatabaseQueue {
        do {
            var configuration = Configuration()
            configuration.label = "org.oncorelay.ledger"
            configuration.busyMode = .timeout(5)
            configuration.foreignKeysEnabled = false
            if path != nil { configuration.journalMode = .wal }
            if let path { try makePrivate(path) }
            let database =
                if let path { try DatabaseQueue(path: path, configuration: configuration) } else {
                    try DatabaseQueue(configuration: configuration)
                }
            try database.writeWithoutTransaction { database in
                // Durable before the delivery is acknowledged, also when the machine loses its power.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try database.execute(sql: "PRAGMA wal_autocheckpoint = 2000")
                try database.execute(sql: "PRAGMA cache_size = -4096")
                if let pageLimit { try database.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
            }
            guard try !database.read(migrator.hasBeenSuperseded) else { throw LedgerError.tooNew(path: path ?? "") }
            try migrator.migrate(database)
            return database
        } catch {
            throw LedgerError(error, path: path ?? ":memory:")
        }
    }

    /// The ledger names studies, so only its owner may read it; SQLite gives its other files the same mode.
    private static func makePrivate(_ path: String) throws(LedgerError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: String(cString: strerror(errno))) }
        close(descriptor)
    }
}
