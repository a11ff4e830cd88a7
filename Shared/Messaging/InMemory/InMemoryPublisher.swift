internal import Synchronization

final class InMemoryPublisher: MessagePublisher {
    private let broker: InMemoryBroker
    private let maximumBytes: Int
    private let isClosed = Atomic(false)

    init(broker: InMemoryBroker, maximumBytes: Int) {
        self.broker = broker
        self.maximumBytes = maximumBytes
    }

    func publish(_ publications: [Publication]) async throws {
        if publications.isEmpty { return }
        try PublishError.checkSizes(publications, limit: maximumBytes)
        try Task.checkCancellation()
        let isClosed = isClosed.load(ordering: .acquiring)
        let reasons = broker.withState { state in
            publications.map { isClosed ? .notConfirmed("the publisher is closed") : state.publish($0) }
        }
        let failures = zip(publications, reasons).enumerated().compactMap { index, pair -> PublishError.Item? in
            guard let reason = pair.1 else { return nil }
            return PublishError.Item(
                index: index, exchange: pair.0.exchange, routingKey: pair.0.routingKey,
                messageID: pair.0.properties.messageID, reason: reason)
        }
        if !failures.isEmpty { throw PublishError(failures: failures, total: publications.count) }
    }

    func close() async { isClosed.store(true, ordering: .releasing) }
}
