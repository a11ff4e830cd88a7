#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A message that lies in a queue.
struct StoredMessage {
    var exchange: String
    var routingKey: String
    var body: [UInt8]
    var properties: MessageProperties
    /// How often it came back to its present queue.
    var deliveryCount = 0
    var isRedelivered = false
    var expiry: Instant?

    init(_ publication: Publication) {
        exchange = publication.exchange
        routingKey = publication.routingKey
        body = publication.body
        properties = publication.properties
    }

    /// The message as it leaves a queue for a dead-letter exchange, with the headers that RabbitMQ writes.
    func deadLettered(from queue: String, reason: DeathRecord.Reason, exchange: String, routingKey: String?) -> Self {
        var copy = self
        var deaths = properties.headers["x-death"]?.arrayValue ?? []
        var record: [String: HeaderValue] = [
            "reason": .string(reason.rawValue), "queue": .string(queue), "exchange": .string(self.exchange),
            "routing-keys": .array([.string(self.routingKey)]), "count": .int(1), "time": .timestamp(Int64(time(nil))),
        ]
        let known = deaths.firstIndex { death in
            death.tableValue?["queue"] == record["queue"] && death.tableValue?["reason"] == record["reason"]
        }
        if let known, let old = deaths.remove(at: known).tableValue {
            record = old
            record["count"] = .int((old["count"]?.intValue ?? 0) + 1)
        }
        deaths.insert(.table(record), at: 0)
        copy.properties.headers["x-death"] = .array(deaths)
        if properties.headers["x-first-death-reason"] == nil {
            copy.properties.headers["x-first-death-reason"] = .string(reason.rawValue)
            copy.properties.headers["x-first-death-queue"] = .string(queue)
            copy.properties.headers["x-first-death-exchange"] = .string(self.exchange)
        }
        copy.properties.headers["x-delivery-count"] = nil
        copy.exchange = exchange
        copy.routingKey = routingKey ?? self.routingKey
        copy.deliveryCount = 0
        copy.isRedelivered = false
        copy.expiry = nil
        return copy
    }

    /// Whether going to `queue` would close a circle in which nobody rejected the message, which RabbitMQ breaks by
    /// dropping the message.
    func wouldCycle(into queue: String) -> Bool {
        let deaths = properties.deathRecords
        guard let end = deaths.firstIndex(where: { $0.queue == queue }) else { return false }
        return !deaths[...end].contains { $0.reason == .rejected }
    }
}

extension MessageProperties {
    var deathRecords: [DeathRecord] { DeathRecord.records(in: headers) }
}

/// A queue's description and what lies in it.
struct InMemoryQueue {
    let description: QueueDescription
    var ready = FIFO<StoredMessage>()
    /// Consumers in the order in which they are served next.
    var consumers: [UInt64] = []
    var isTimerSet = false

    /// A stream keeps what it got; here so many messages of it.
    private static let keptInStream = 1000

    init(_ description: QueueDescription) { self.description = description }

    var isFull: Bool {
        guard let limit = description.maxLength, description.kind != .stream else { return false }
        return ready.count >= limit
    }

    mutating func append(_ message: StoredMessage) {
        var message = message
        message.deliveryCount = 0
        message.isRedelivered = false
        message.expiry = description.messageTTLMilliseconds.map { Instant.now.advanced(by: .milliseconds($0)) }
        ready.append(message)
        if description.kind == .stream, ready.count > Self.keptInStream { _ = ready.popFirst() }
    }

    /// - Returns: The message if it came back more often than the delivery limit allows, and must die.
    mutating func putBack(_ message: StoredMessage) -> StoredMessage? {
        var message = message
        message.isRedelivered = true
        if description.kind == .quorum {
            message.deliveryCount += 1
            if let limit = description.deliveryLimit, message.deliveryCount > limit { return message }
        }
        // As RabbitMQ 3.10: near the head, except for quorum queues without a delivery limit.
        if description.kind == .quorum, description.deliveryLimit == nil {
            ready.append(message)
        } else {
            ready.prepend(message)
        }
        return nil
    }
}
