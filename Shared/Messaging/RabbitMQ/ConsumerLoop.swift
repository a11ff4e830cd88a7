/// Consumes all queues on one channel, hands deliveries to the buffer, and writes acknowledgements in batches.
final class ConsumerLoop: ConnectionLoop<RabbitMQConsumer.Message> {
    private let queues: [String]
    private let buffer: DeliveryBuffer
    private var prefetch: Int
    /// Part of the consumer tags. Consuming again under an old tag while deliveries are under way crashes the
    /// channel (rabbitmq-server issue 5927, mended in 3.10.9).
    private var generation = 0
    private var settlement = Settlement()
    private var rejections: [(number: UInt64, requeue: Bool)] = []
    private var incoming: [(queue: Int, delivery: Delivery)] = []
    private var newPrefetch: [CheckedContinuation<Void, any Error>] = []
    private var stoppers: [CheckedContinuation<Void, Never>] = []
    private var isStopped = false
    private var closers: [CheckedContinuation<Void, Never>] = []

    init(
        _ configuration: BrokerConfiguration, queues: [String], prefetch: Int, buffer: DeliveryBuffer,
        mailbox: Mailbox<RabbitMQConsumer.Message>, states: ConnectionStates
    ) {
        self.queues = queues
        self.prefetch = prefetch
        self.buffer = buffer
        super.init(
            configuration, role: "consumer of \(queues.joined(separator: ", "))", mailbox: mailbox, states: states)
    }

    override func prepare(_ connection: AMQPConnection) throws(BrokerError) {
        settlement = Settlement()
        rejections = []
        incoming = []
        if isStopped { return }
        try consume(connection)
    }

    private func consume(_ connection: AMQPConnection) throws(BrokerError) {
        generation += 1
        try connection.setPrefetch(prefetch)
        for (index, queue) in queues.enumerated() {
            do {
                try connection.consume(queue: queue, tag: tag(index))
            } catch .channelClosed(code: 404, _) {
                throw .missing("queue '\(queue)' does not exist")
            }
        }
    }

    private func tag(_ queue: Int) -> String { "\(queue).\(generation)" }

    override func receive(_ message: RabbitMQConsumer.Message) {
        switch message {
        case .acknowledge(let tag):
            if tag.epoch == connection?.epoch { _ = settlement.acknowledge(tag.number) }
        case .reject(let tag, let requeue):
            if tag.epoch == connection?.epoch, settlement.settle(tag.number) {
                rejections.append((tag.number, requeue))
            }
        case .setPrefetch(let count, let continuation):
            prefetch = count
            newPrefetch.append(continuation)
        case .stop(let continuation): stoppers.append(continuation)
        case .close(let continuation):
            closers.append(continuation)
            isClosing = true
        case .abandon: isClosing = true
        }
        if connection == nil { settleWithoutConnection() }
    }

    /// What was asked while there is no connection holds for the next one.
    private func settleWithoutConnection() {
        for continuation in newPrefetch {
            continuation.resume(
                throwing: BrokerError.connectionLost("\(lastProblem); the prefetch holds after reconnecting"))
        }
        newPrefetch = []
        if !stoppers.isEmpty {
            isStopped = true
            _ = buffer.stop()
            for stopper in stoppers { stopper.resume() }
            stoppers = []
        }
    }

    // MARK: - Writing

    override func write(to connection: AMQPConnection) throws(BrokerError) {
        let acknowledgements = settlement.takeDue()
        let isMany = acknowledgements.count + rejections.count > 3
        if isMany { connection.setCork(true) }
        for (number, multiple) in acknowledgements { try connection.acknowledge(number, multiple: multiple) }
        for (number, requeue) in rejections { try connection.reject(number, requeue: requeue) }
        rejections.removeAll(keepingCapacity: true)
        if isMany { connection.setCork(false) }
        if !newPrefetch.isEmpty {
            if !isStopped {
                for index in queues.indices { try connection.cancel(tag: tag(index)) }
                try consume(connection)
            }
            for continuation in newPrefetch { continuation.resume() }
            newPrefetch = []
        }
        if !stoppers.isEmpty { try stop(connection) }
    }

    private func stop(_ connection: AMQPConnection) throws(BrokerError) {
        if !isStopped {
            isStopped = true
            for index in queues.indices { try connection.cancel(tag: tag(index)) }
            // Whatever the broker had sent before it answered is here now.
            while let event = try connection.nextEvent(mayRead: false) { try handle(event, connection) }
            finishReading()
            for delivery in buffer.stop() { giveBack(delivery) }
            for (number, requeue) in rejections { try connection.reject(number, requeue: requeue) }
            rejections.removeAll(keepingCapacity: true)
        }
        for stopper in stoppers { stopper.resume() }
        stoppers = []
    }

    private func giveBack(_ delivery: Delivery) {
        guard delivery.tag.epoch == connection?.epoch, settlement.settle(delivery.tag.number) else { return }
        rejections.append((delivery.tag.number, true))
    }

    // MARK: - Reading

    override func handle(_ event: AMQPEvent, _ connection: AMQPConnection) throws(BrokerError) {
        switch event {
        case .delivered(let number, let consumer, let isRedelivered, let message):
            guard queues.indices.contains(consumer) else {
                throw .connectionLost("a delivery came for an unknown consumer \(consumer)")
            }
            settlement.delivered(number)
            let delivery = Delivery(
                queue: queues[consumer], exchange: message.exchange, routingKey: message.routingKey,
                isRedelivered: isRedelivered, body: message.body, properties: message.properties,
                tag: DeliveryTag(epoch: connection.epoch, number: number))
            incoming.append((consumer, delivery))
        case .oversized(let number, _):
            settlement.delivered(number)
            if settlement.settle(number) { try connection.reject(number, requeue: false) }
        case .consumerCancelled(let tag):
            guard let index = queues.indices.first(where: { self.tag($0) == tag }) else { return }
            throw .missing("queue '\(queues[index])' was deleted or lost its leader")
        case .returned, .acknowledged, .refused, .blocked, .unblocked: break
        }
    }

    override func finishReading() {
        if incoming.isEmpty { return }
        for delivery in buffer.append(incoming) { giveBack(delivery) }
        incoming.removeAll(keepingCapacity: true)
    }

    override func disconnected(_ reason: BrokerError) {
        // The broker delivers all of it again.
        buffer.removeAll()
        incoming = []
        settleWithoutConnection()
    }

    override func finish(_ leftOver: [RabbitMQConsumer.Message]) {
        for message in leftOver { receive(message) }
        _ = buffer.stop()
        for continuation in newPrefetch { continuation.resume(throwing: BrokerError.closed) }
        for continuation in stoppers + closers { continuation.resume() }
    }
}
