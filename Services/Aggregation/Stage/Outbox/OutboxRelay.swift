import Contracts
import Logging
import Messaging
import ServiceRuntime
import Synchronization

/// Publishes what the ledger's outbox holds, in order, and notes what the broker has confirmed.
///
/// A crash between confirmation and note publishes the event again, under the same id. What cannot be routed is put
/// aside and tried again from time to time, so that it holds nobody up; it stays in the outbox until it is confirmed.
final class OutboxRelay: Sendable {
    private static let batch = 64
    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(5)
    private static let asidePause = Duration.seconds(10)

    private let ledger: Ledger
    private let publisher: any MessagePublisher
    private let logger: Logger
    private let aside = Mutex<[OutboxRow]>([])
    private let trouble = Mutex<String?>(nil)

    init(ledger: Ledger, publisher: any MessagePublisher, logger: Logger) {
        self.ledger = ledger
        self.publisher = publisher
        self.logger = logger
    }

    /// What keeps events from being published; nil when all goes well.
    var problem: String? { trouble.withLock { $0 } }

    /// Works until the task is cancelled; what is then in memory is published if the broker takes it at once.
    func run() async throws {
        var rest: [OutboxRow] = []
        while !Task.isCancelled {
            let rows = try await ledger.outbox.next(Self.batch) { try await ledger.refill() }
            guard !rows.isEmpty else { break }
            rest = await publish(rows)
        }
        rest += ledger.outbox.takeAll()
        guard !rest.isEmpty else { return }
        // Detached from the cancellation: the last results should not wait for the next start.
        await Task { [rest] in _ = await self.tryOnce(rest) }.value
    }

    /// Tries again from time to time what was put aside, until the task is cancelled.
    func runAside() async {
        while true {
            do { try await Task.sleep(for: Self.asidePause) } catch { return }
            let rows = aside.withLock { rows in
                defer { rows = [] }
                return rows
            }
            guard !rows.isEmpty else { continue }
            let again = await tryOnce(rows)
            aside.withLock { $0 += again }
        }
    }

    /// - Returns: What was not published because the task was cancelled.
    private func publish(_ rows: [OutboxRow]) async -> [OutboxRow] {
        var remaining = rows
        var pause = Self.firstPause
        while true {
            remaining = await tryOnce(remaining)
            if remaining.isEmpty { return [] }
            do { try await Task.sleep(for: pause) } catch { return remaining }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// - Returns: What to publish again.
    private func tryOnce(_ rows: [OutboxRow]) async -> [OutboxRow] {
        do {
            try await publisher.publish(rows.map(\.event.publication))
            ledger.markPublished(rows.map(\.id))
            trouble.withLock { $0 = nil }
            return []
        } catch let error as PublishError {
            let failed = Dictionary(error.failures.map { ($0.index, $0) }) { first, _ in first }
            var again: [OutboxRow] = []
            var hopeless: [OutboxRow] = []
            var confirmed: [Int64] = []
            for (index, row) in rows.enumerated() {
                switch failed[index]?.reason {
                case nil: confirmed.append(row.id)
                case .returned, .tooLarge: hopeless.append(row)
                case .refused, .notConfirmed, .blocked: again.append(row)
                }
            }
            ledger.markPublished(confirmed)
            aside.withLock { $0 += hopeless }
            report("\(error)")
            return again
        } catch is CancellationError {
            return rows
        } catch {
            report("\(error)")
            return rows
        }
    }

    private func report(_ text: String) {
        trouble.withLock { $0 = text }
        logger.warning("results and events wait in the outbox: \(text)")
    }
}

/// Publishes progress as well as it goes: what the broker does not take at once is dropped.
struct ProgressAnnouncer {
    private static let breath = Duration.milliseconds(10)

    let mailbox: Mailbox<OutgoingEvent>
    let publisher: any MessagePublisher

    /// Works until the task is cancelled.
    func run() async {
        repeat {
            // A breath, so that what decides goes first and progress goes many at a time.
            try? await Task.sleep(for: Self.breath)
            while case let events = mailbox.take(64), !events.isEmpty {
                let publications = events.map { event in
                    var publication = event.publication
                    publication.isMandatory = false
                    publication.properties.isPersistent = false
                    return publication
                }
                // Nobody depends on it; the result itself comes by the outbox.
                try? await publisher.publish(publications)
            }
        } while await mailbox.wait()
    }
}
