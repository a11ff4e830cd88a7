import GRDB

/// Changes a ledger's file behind its back.
enum SQLiteShell {
    static func execute(_ sql: String, on path: String) throws {
        let database = try DatabaseQueue(path: path)
        try database.write { try $0.execute(sql: sql) }
        try database.close()
    }
}
