import Contracts
internal import GRDB
import ServiceRuntime
import Synchronization

/// The memory of all studies: admits each run once, joins its parts, and holds what is to be said until it is said.
///
/// Many callers share one transaction: whoever comes while one is being written to disk goes into the next. A call
/// returns when its transaction is durable, so a delivery that is acknowledged afterwards is never lost.
final class Ledger: Sendable {
    /// A caller that waits for its transaction.
    struct Waiter: Sendable {
        let command: LedgerCommand
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Inbox {
        var waiters: [Waiter] = []
        /// Rows that are done with, to be removed in the next transaction.
        var published: [Int64] = []
        var cleaned: [Int64] = []
        var isScheduled = false
        var isClosed = false
    }

    /// What only the database's thread touches; the lock is never contended.
    private struct Core {
        var cache: [String: LedgerEntry] = [:]
        var nextOutbox: Int64
        var nextCleanup: Int64
    }

    /// Most commands in one transaction.
    private static let batchLimit = 512
    /// Confirmed rows are removed when there are so many: whole pages of them cost next to nothing, and single rows
    /// nearly as much as writing them. The keeper sees to it that they do not lie long.
    private static let removalBatch = 128

    let outbox = DurableQueue<OutboxRow> { $0.id }
    let cleanup = DurableQueue<CleanupRow> { $0.id }
    let progress = Mailbox<OutgoingEvent>(limit: 2_000)

    private let path: String
    private let database: DatabaseQueue
    private let lock: LedgerLock?
    private let isProgressWanted: Bool
    /// Most open runs that are kept in memory; the others are read when they are asked for.
    private let cacheLimit: Int
    private let metrics: MetricsRegistry?
    private let inbox = Mutex(Inbox())
    private let core: Mutex<Core>
    private let trouble = Mutex<LedgerError?>(nil)

    /// Opens a ledger; makes it where there is none.
    ///
    /// - Parameters:
    ///   - path: nil for one in memory.
    ///   - isProgressWanted: whether progress is composed.
    ///   - metrics: where the ledger counts; nil counts nowhere.
    ///   - pageLimit: most pages of 4 KiB that the file may grow to; nil for as many as the disk holds.
    ///   - cacheLimit: most open runs that are kept in memory.
    /// - Throws: ``LedgerError``; `owned` while another process has it.
    init(
        path: String?, isProgressWanted: Bool = false, metrics: MetricsRegistry? = nil, pageLimit: Int? = nil,
        cacheLimit: Int = 4_000
    ) throws(LedgerError) {
        self.path = path ?? ":memory:"
        self.isProgressWanted = isProgressWanted
        self.metrics = metrics
        self.cacheLimit = cacheLimit
        lock = if let path { try LedgerLock.acquire(for: path) } else { nil }
        database = try LedgerSchema.open(path, pageLimit: pageLimit)
        do {
            let (outbox, cleanup) = try database.read { database in
                (try database.lastID(in: "outbox"), try database.lastID(in: "cleanup"))
            }
            core = Mutex(Core(nextOutbox: outbox + 1, nextCleanup: cleanup + 1))
        } catch {
            throw LedgerError(error, path: self.path)
        }
        LedgerMetrics.describe(in: metrics)
    }

    /// What keeps the ledger from being written; nil when the last transaction went well.
    var problem: LedgerError? { trouble.withLock { $0 } }

    /// Makes a command durable.
    ///
    /// - Throws: ``Failure`` where the command cannot be carried out; ``LedgerError`` where the ledger cannot be
    ///   written.
    func submit(_ command: LedgerCommand) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let isScheduled: Bool? = inbox.withLock { inbox in
                guard !inbox.isClosed else { return nil }
                inbox.waiters.append(Waiter(command: command, continuation: continuation))
                defer { inbox.isScheduled = true }
                return inbox.isScheduled
            }
            switch isScheduled {
            case nil: continuation.resume(throwing: LedgerError.closed)
            case false: database.asyncWriteWithoutTransaction { self.drain($0) }
            case true: break
            }
        }
    }

    /// Notes that the broker has confirmed events; they leave the outbox with the next transaction.
    func markPublished(_ ids: [Int64]) { inbox.withLock { $0.published += ids } }

    /// Notes that tensors were deleted.
    func markCleaned(_ ids: [Int64]) { inbox.withLock { $0.cleaned += ids } }

    /// Reads on where the queues in memory left off.
    func refill() async throws {
        do {
            try await database.writeWithoutTransaction { database in
                try self.outbox.refill { try database.outbox(after: $0, limit: $1) }
                try self.cleanup.refill { try database.cleanup(after: $0, limit: $1) }
            }
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    /// Writes what is noted and closes the file; whoever comes later is told so.
    func close() {
        inbox.withLock { $0.isClosed = true }
        database.writeWithoutTransaction { self.drain($0) }
        do { try database.close() } catch { trouble.withLock { $0 = LedgerError(error, path: path) } }
        lock?.release()
    }
}

// The group commit, on the database's own thread.
extension Ledger {
    private struct Batch {
        var waiters: [Waiter]
        var published: [Int64]
        var cleaned: [Int64]
    }

    private func takeBatch() -> Batch? {
        inbox.withLock { inbox in
            let isIdle = inbox.waiters.isEmpty && (!inbox.isClosed || (inbox.published + inbox.cleaned).isEmpty)
            guard !isIdle else {
                inbox.isScheduled = false
                return nil
            }
            let waiters = Array(inbox.waiters.prefix(Self.batchLimit))
            inbox.waiters.removeFirst(waiters.count)
            let isSettling = inbox.isClosed || waiters.contains { $0.command.isSettling }
            guard isSettling || inbox.published.count + inbox.cleaned.count >= Self.removalBatch else {
                return Batch(waiters: waiters, published: [], cleaned: [])
            }
            defer { (inbox.published, inbox.cleaned) = ([], []) }
            return Batch(waiters: waiters, published: inbox.published, cleaned: inbox.cleaned)
        }
    }

    private func drain(_ database: Database) {
        while let batch = takeBatch() {
            let start = ContinuousClock.now
            do {
                resume(batch.waiters, try commit(batch, database))
            } catch {
                // One of them may be to blame: each for itself. What was noted is noted again later.
                let isClosed = inbox.withLock { inbox in
                    if !inbox.isClosed {
                        inbox.published += batch.published
                        inbox.cleaned += batch.cleaned
                    }
                    return inbox.isClosed
                }
                report(error)
                if batch.waiters.count == 1 || isClosed {
                    for waiter in batch.waiters { waiter.continuation.resume(throwing: LedgerError(error, path: path)) }
                } else {
                    for waiter in batch.waiters { commitAlone(waiter, database) }
                }
            }
            LedgerMetrics.observe(batch.waiters.count, since: start, in: metrics)
        }
    }

    private func commitAlone(_ waiter: Waiter, _ database: Database) {
        do {
            resume([waiter], try commit(Batch(waiters: [waiter], published: [], cleaned: []), database))
        } catch {
            report(error)
            waiter.continuation.resume(throwing: LedgerError(error, path: path))
        }
    }

    private func resume(_ waiters: [Waiter], _ failures: [Failure?]) {
        for (waiter, failure) in zip(waiters, failures) {
            if let failure {
                waiter.continuation.resume(throwing: failure)
            } else {
                waiter.continuation.resume()
            }
        }
    }

    private func report(_ error: any Error) {
        let error = LedgerError(error, path: path)
        trouble.withLock { $0 = error }
    }

    /// - Returns: For each waiter, why its command cannot be carried out; nil where it was.
    /// - Throws: where nothing was written.
    private func commit(_ batch: Batch, _ database: Database) throws -> [Failure?] {
        let failures = try core.withLock { core in
            var failures: [Failure?] = []
            var transaction = LedgerTransaction(
                database, isProgressWanted: isProgressWanted, nextOutbox: core.nextOutbox, nextCleanup: core.nextCleanup
            )
            do {
                try database.perform("BEGIN IMMEDIATE TRANSACTION")
                try database.removeOutbox(batch.published)
                try database.removeCleanup(batch.cleaned)
                for waiter in batch.waiters {
                    do {
                        try transaction.apply(waiter.command, cache: core.cache)
                        failures.append(nil)
                    } catch let failure as Failure {
                        failures.append(failure)
                    }
                }
                try database.perform("COMMIT TRANSACTION")
            } catch {
                // SQLite may have rolled back by itself.
                if database.isInsideTransaction { try? database.rollback() }
                throw error
            }
            core.nextOutbox += Int64(transaction.outbox.count)
            core.nextCleanup += Int64(transaction.cleanup.count)
            for (run, entry) in transaction.touched { core.cache[run] = entry }
            while core.cache.count > cacheLimit, let any = core.cache.keys.first { core.cache[any] = nil }
            outbox.append(transaction.outbox)
            cleanup.append(transaction.cleanup)
            progress.append(transaction.progress)
            LedgerMetrics.count(transaction.results, in: metrics)
            return failures
        }
        trouble.withLock { $0 = nil }
        return failures
    }
}
