/// Declares and inspects over a connection of its own; each call runs as one job on that connection's thread.
final class RabbitMQAdministrator: TopologyAdministrator {
    enum Message: Sendable {
        case perform(@Sendable (AdministratorLoop?) -> Void)
        case close(CheckedContinuation<Void, Never>)
        case abandon
    }

    private let mailbox = Mailbox<Message>()

    deinit { mailbox.send(.abandon) }

    func start(_ configuration: BrokerConfiguration, _ states: ConnectionStates) async throws {
        let mailbox = mailbox
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
                DedicatedThread.start {
                    AdministratorLoop(configuration, role: "administrator", mailbox: mailbox, states: states)
                        .run { started.resume(with: $0.mapError { $0 as any Error }) }
                }
            }
        } onCancel: {
            mailbox.send(.abandon)
        }
    }

    /// Runs `job` on the connection's thread.
    private func perform<Answer: Sendable>(
        _ job: @escaping @Sendable (AdministratorLoop) throws(BrokerError) -> Answer
    ) async throws -> Answer {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Answer, any Error>) in
            let isTaken = mailbox.send(
                .perform { loop in
                    guard let loop else { return continuation.resume(throwing: BrokerError.closed) }
                    do {
                        continuation.resume(returning: try job(loop))
                    } catch {
                        continuation.resume(throwing: error)
                    }
                })
            if !isTaken { continuation.resume(throwing: BrokerError.closed) }
        }
    }

    func apply(_ topology: TopologyDescription) async throws -> [TopologyChange] {
        try await perform { loop throws(BrokerError) in try loop.apply(topology) }
    }

    func verify(_ topology: TopologyDescription) async throws -> [TopologyDifference] {
        try await perform { loop throws(BrokerError) in
            var differences: [TopologyDifference] = []
            for exchange in topology.exchanges where try !loop.exists(exchange) {
                differences.append(.missingExchange(exchange.name))
            }
            for queue in topology.queues where try loop.status(ofQueue: queue.name) == nil {
                differences.append(.missingQueue(queue.name))
            }
            return differences
        }
    }

    func queueStatus(_ queues: [String]) async throws -> [QueueStatus] {
        try await perform { loop throws(BrokerError) in
            var found: [QueueStatus] = []
            for queue in queues {
                if let status = try loop.status(ofQueue: queue) { found.append(status) }
            }
            return found
        }
    }

    func fetch(from queue: String, limit: Int) async throws -> [Delivery] {
        try await perform { loop throws(BrokerError) in
            try loop.withConnection { connection throws(BrokerError) in
                var deliveries: [Delivery] = []
                while deliveries.count < limit, let (number, isRedelivered, message) = try connection.get(queue: queue)
                {
                    deliveries.append(
                        Delivery(
                            queue: queue, exchange: message.exchange, routingKey: message.routingKey,
                            isRedelivered: isRedelivered, body: message.body, properties: message.properties,
                            tag: DeliveryTag(epoch: connection.epoch, number: number)))
                }
                return deliveries
            }
        }
    }

    func acknowledge(_ delivery: Delivery) async throws { try await settle(delivery, requeue: false) }

    func requeue(_ delivery: Delivery) async throws { try await settle(delivery, requeue: true) }

    private func settle(_ delivery: Delivery, requeue: Bool) async throws {
        try await perform { loop throws(BrokerError) in
            try loop.withConnection { connection throws(BrokerError) in
                guard delivery.tag.epoch == connection.epoch else {
                    throw .connectionLost("the fetched message went back to queue '\(delivery.queue)'; fetch it again")
                }
                if requeue {
                    try connection.reject(delivery.tag.number, requeue: true)
                } else {
                    try connection.acknowledge(delivery.tag.number, multiple: false)
                }
            }
        }
    }

    func purge(_ queue: String) async throws -> Int {
        try await perform { loop throws(BrokerError) in
            try loop.withConnection { connection throws(BrokerError) in try connection.purge(queue: queue) }
        }
    }

    func deleteQueue(_ queue: String) async throws {
        try await perform { loop throws(BrokerError) in
            try loop.withConnection { connection throws(BrokerError) in try connection.delete(queue: queue) }
        }
    }

    func deleteExchange(_ exchange: String) async throws {
        try await perform { loop throws(BrokerError) in
            try loop.withConnection { connection throws(BrokerError) in try connection.delete(exchange: exchange) }
        }
    }

    func unbind(_ binding: BindingDescription) async throws {
        try await perform { loop throws(BrokerError) in
            try loop.withConnection { connection throws(BrokerError) in try connection.unbind(binding) }
        }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            if !mailbox.send(.close(continuation)) { continuation.resume() }
        }
    }
}
