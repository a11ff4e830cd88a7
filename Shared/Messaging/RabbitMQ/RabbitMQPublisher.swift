/// The side of a publishing connection that tasks see; the other is `PublisherLoop`.
final class RabbitMQPublisher: MessagePublisher {
    enum Message: Sendable {
        case publish(PublishBatch)
        case cancel(PublishBatch)
        case close(CheckedContinuation<Void, Never>)
        case abandon
    }

    private let configuration: BrokerConfiguration
    private let mailbox = Mailbox<Message>()

    init(_ configuration: BrokerConfiguration) { self.configuration = configuration }

    deinit { mailbox.send(.abandon) }

    func start(_ states: ConnectionStates) async throws {
        let configuration = configuration
        let mailbox = mailbox
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
                DedicatedThread.start {
                    PublisherLoop(configuration, role: "publisher", mailbox: mailbox, states: states)
                        .run { started.resume(with: $0.mapError { $0 as any Error }) }
                }
            }
        } onCancel: {
            mailbox.send(.abandon)
        }
    }

    func publish(_ publications: [Publication]) async throws {
        if publications.isEmpty { return }
        try PublishError.checkSizes(publications, limit: configuration.maximumPublicationBytes)
        try Task.checkCancellation()
        let batch = PublishBatch(publications, deadline: Instant.now.advanced(by: configuration.confirmTimeout))
        let mailbox = mailbox
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                batch.await(continuation)
                if !mailbox.send(.publish(batch)) { batch.failAll(.notConfirmed("the publisher is closed")) }
            }
        } onCancel: {
            mailbox.send(.cancel(batch))
        }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            if !mailbox.send(.close(continuation)) { continuation.resume() }
        }
    }
}
