/// The side of a consuming connection that tasks see; the other is `ConsumerLoop`.
final class RabbitMQConsumer: MessageConsumer {
    enum Message: Sendable {
        case acknowledge(DeliveryTag)
        case reject(DeliveryTag, requeue: Bool)
        case setPrefetch(Int, CheckedContinuation<Void, any Error>)
        case stop(CheckedContinuation<Void, Never>)
        case close(CheckedContinuation<Void, Never>)
        case abandon
    }

    private let queues: [String]
    private let buffer: DeliveryBuffer
    private let mailbox = Mailbox<Message>()

    init(queues: [String]) {
        self.queues = queues
        buffer = DeliveryBuffer(queueCount: queues.count)
    }

    deinit { mailbox.send(.abandon) }

    func start(_ configuration: BrokerConfiguration, prefetch: Int, _ states: ConnectionStates) async throws {
        let queues = queues
        let buffer = buffer
        let mailbox = mailbox
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
                DedicatedThread.start {
                    ConsumerLoop(
                        configuration, queues: queues, prefetch: prefetch, buffer: buffer, mailbox: mailbox,
                        states: states
                    ).run { started.resume(with: $0.mapError { $0 as any Error }) }
                }
            }
        } onCancel: {
            mailbox.send(.abandon)
        }
    }

    func next() async throws -> Delivery? {
        if let delivery = buffer.takeFirst() { return delivery }
        return try await buffer.next()
    }

    func acknowledge(_ delivery: Delivery) async { mailbox.send(.acknowledge(delivery.tag)) }

    func reject(_ delivery: Delivery, requeue: Bool) async { mailbox.send(.reject(delivery.tag, requeue: requeue)) }

    func setPrefetch(_ count: Int) async throws {
        guard (1...65535).contains(count) else {
            throw BrokerError.invalidConfiguration("prefetch \(count) is not between 1 and 65535")
        }
        try await withCheckedThrowingContinuation { continuation in
            if !mailbox.send(.setPrefetch(count, continuation)) { continuation.resume(throwing: BrokerError.closed) }
        }
    }

    func stop() async {
        await withCheckedContinuation { continuation in
            if !mailbox.send(.stop(continuation)) { continuation.resume() }
        }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            if !mailbox.send(.close(continuation)) { continuation.resume() }
        }
    }
}
