@testable import Messaging

/// A broker in memory that takes anything, with publishers that refuse what is too large, as services' own do.
struct LimitedBroker: Broker {
    let inner = InMemoryBroker(maximumPublicationBytes: 64 << 20)
    let publicationLimit: Int

    var state: BrokerState { inner.state }

    func makePublisher() async throws -> any MessagePublisher {
        LimitedPublisher(inner: try await inner.makePublisher(), limit: publicationLimit)
    }

    func makeConsumer(queues: [String], prefetch: Int) async throws -> any MessageConsumer {
        try await inner.makeConsumer(queues: queues, prefetch: prefetch)
    }

    func makeAdministrator() async throws -> any TopologyAdministrator { try await inner.makeAdministrator() }
}

private struct LimitedPublisher: MessagePublisher {
    let inner: any MessagePublisher
    let limit: Int

    func publish(_ publications: [Publication]) async throws {
        let failures = publications.enumerated().filter { $0.element.body.count > limit }.map { index, publication in
            PublishError.Item(
                index: index, exchange: publication.exchange, routingKey: publication.routingKey,
                messageID: publication.properties.messageID,
                reason: .tooLarge(size: publication.body.count, limit: limit))
        }
        guard failures.isEmpty else { throw PublishError(failures: failures, total: publications.count) }
        try await inner.publish(publications)
    }

    func close() async { await inner.close() }
}
