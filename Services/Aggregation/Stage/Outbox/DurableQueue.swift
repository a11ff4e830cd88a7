import Synchronization

/// Rows of a ledger's table on their way to who works on them, in order.
///
/// They are handed over in memory as they are committed. When too many wait (the broker is away), the rest stays in
/// the table alone and is read from there later; so is what an earlier process left.
final class DurableQueue<Row: Sendable>: Sendable {
    private struct State {
        /// Id of the last row that was handed over.
        var last: Int64 = 0
        /// The table may hold rows after `last`.
        var isBehind = true
    }

    private let state = Mutex(State())
    private let mailbox: Mailbox<Row>
    private let id: @Sendable (Row) -> Int64

    init(limit: Int = 10_000, id: @escaping @Sendable (Row) -> Int64) {
        mailbox = Mailbox(limit: limit)
        self.id = id
    }

    /// Rows that wait in memory.
    var count: Int { mailbox.count }

    /// Hands over rows that were committed just now. To be called by the ledger's thread alone, as is `refill`.
    func append(_ rows: [Row]) {
        guard !rows.isEmpty, !(state.withLock { $0.isBehind }) else { return }
        let accepted = mailbox.append(rows)
        state.withLock { state in
            if accepted > 0 { state.last = id(rows[accepted - 1]) }
            state.isBehind = accepted < rows.count
        }
    }

    /// Whether `refill` has something to do.
    var wantsRefill: Bool { state.withLock { $0.isBehind } && mailbox.count == 0 }

    /// Reads the next rows from the table.
    func refill(limit: Int = 1000, from load: (_ after: Int64, _ limit: Int) throws -> [Row]) rethrows {
        guard wantsRefill else { return }
        let rows = try load(state.withLock { $0.last }, limit)
        state.withLock { state in
            if let last = rows.last { state.last = id(last) }
            state.isBehind = rows.count == limit
        }
        mailbox.append(rows)
    }

    /// The next rows, as soon as there are any; empty once the task is cancelled. `refill` asks the ledger to call
    /// ``refill(limit:from:)`` on its own thread.
    func next(_ most: Int, refill: () async throws -> Void) async throws -> [Row] {
        while true {
            let rows = mailbox.take(most)
            if !rows.isEmpty { return rows }
            if wantsRefill {
                try await refill()
                if mailbox.count > 0 { continue }
            }
            guard await mailbox.wait() else { return [] }
        }
    }

    /// What waits in memory now.
    func takeAll() -> [Row] { mailbox.take(.max) }
}
