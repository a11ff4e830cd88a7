/// The publications of one call of `publish(_:)` on their way.
///
/// `@unchecked Sendable`: handed from the calling task to the connection's thread, which alone touches it from then on.
final class PublishBatch: @unchecked Sendable {
    private enum Outcome {
        case open
        case confirmed
        case failed(PublishError.Reason)
    }

    let publications: [Publication]
    let deadline: Instant
    private var continuation: CheckedContinuation<Void, any Error>?
    private var outcomes: [Outcome]
    private var openCount: Int
    private var isSubmitted = false
    private var isCancelled = false

    init(_ publications: [Publication], deadline: Instant) {
        self.publications = publications
        self.deadline = deadline
        outcomes = Array(repeating: .open, count: publications.count)
        openCount = publications.count
    }

    /// Names who waits; before the batch is handed over.
    func await(_ continuation: CheckedContinuation<Void, any Error>) { self.continuation = continuation }

    /// The thread has received the batch.
    func submit() {
        isSubmitted = true
        if isCancelled { cancel() }
    }

    /// The waiting task was cancelled, which may become known before the batch itself.
    func cancel() {
        isCancelled = true
        if isSubmitted { failAll(.notConfirmed("the publishing task was cancelled")) }
    }

    var isDone: Bool { openCount == 0 }

    func isOpen(_ index: Int) -> Bool { if case .open = outcomes[index] { true } else { false } }

    func confirm(_ index: Int) { settle(index, .confirmed) }

    func fail(_ index: Int, _ reason: PublishError.Reason) { settle(index, .failed(reason)) }

    /// Fails everything that is still open.
    func failAll(_ reason: PublishError.Reason) {
        for index in outcomes.indices where isOpen(index) { fail(index, reason) }
    }

    private func settle(_ index: Int, _ outcome: Outcome) {
        guard isOpen(index) else { return }
        outcomes[index] = outcome
        openCount -= 1
        guard openCount == 0, let continuation else { return }
        self.continuation = nil
        let failures = outcomes.enumerated().compactMap { index, outcome -> PublishError.Item? in
            guard case .failed(let reason) = outcome else { return nil }
            let publication = publications[index]
            return PublishError.Item(
                index: index, exchange: publication.exchange, routingKey: publication.routingKey,
                messageID: publication.properties.messageID, reason: reason)
        }
        if failures.isEmpty {
            continuation.resume()
        } else {
            continuation.resume(throwing: PublishError(failures: failures, total: publications.count))
        }
    }
}

extension PublishError {
    /// Refuses publications that are too large before anything is sent.
    static func checkSizes(_ publications: [Publication], limit: Int) throws(PublishError) {
        let failures = publications.enumerated().compactMap { index, publication -> Item? in
            guard publication.body.count > limit else { return nil }
            return Item(
                index: index, exchange: publication.exchange, routingKey: publication.routingKey,
                messageID: publication.properties.messageID,
                reason: .tooLarge(size: publication.body.count, limit: limit))
        }
        if !failures.isEmpty { throw PublishError(failures: failures, total: publications.count) }
    }
}
