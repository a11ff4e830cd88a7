package import Contracts
internal import GRDB

/// Why the ledger cannot be used.
package enum LedgerError: Error, Sendable, Equatable, CustomStringConvertible {
    case missing(path: String)
    case damaged(path: String, reason: String)
    /// What is kept of one run cannot be read.
    case runDamaged(row: Int64, reason: String)
    case unwritable(path: String, reason: String)
    case full(path: String, reason: String)
    /// Another process owns it.
    case owned(path: String, owner: String)
    /// A later version of this software wrote it.
    case tooNew(path: String)
    case unusable(path: String, reason: String)
    case closed

    package var description: String {
        switch self {
        case .missing(let path):
            "ledger '\(path)': expected a file, found none; give the path that the aggregation service was given"
        case .damaged(let path, let reason):
            "ledger '\(path)': expected an intact SQLite database, found damage (\(reason)); "
                + "put a backup in its place, or move it away to start an empty one"
        case .runDamaged(let row, let reason):
            "ledger: expected row \(row) of table 'run' to be complete, found: \(reason); "
                + "delete that run, then submit its study again"
        case .unwritable(let path, let reason):
            "ledger '\(path)': cannot be opened for writing (\(reason)); check that its folder is there and writable"
        case .full(let path, let reason):
            "ledger '\(path)': no space left to write (\(reason)); free disk space, nothing was lost"
        case .owned(let path, let owner):
            "ledger '\(path)': another aggregation process\(owner) owns it; one may run at a time, this one waits"
        case .tooNew(let path):
            "ledger '\(path)': a later version of this software wrote it; run that version"
        case .unusable(let path, let reason): "ledger '\(path)': \(reason)"
        case .closed: "ledger: it is closed"
        }
    }

    init(_ error: any Error, path: String) {
        if let error = error as? LedgerError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self = .unusable(path: path, reason: "\(error)")
            return
        }
        let reason = "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(path: path, reason: reason)
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self = .unwritable(path: path, reason: reason)
        case .SQLITE_FULL: self = .full(path: path, reason: reason)
        default: self = .unusable(path: path, reason: reason)
        }
    }

    /// Whether only a person can mend it, so that going on makes no sense. (A single run that cannot be read is
    /// not that: the others go on.)
    var isFatal: Bool {
        if case .damaged = self { true } else { false }
    }
}

extension LedgerError: FailureConvertible {
    /// Transient whatever it is: the delivery that met it is tried again, and never lost.
    package var failure: Failure {
        Failure(.internalError, .transient, description, stage: StageName.aggregation.rawValue)
    }
}
