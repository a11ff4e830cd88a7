/// Exchanges, queues and bindings as they shall be.
package struct TopologyDescription: Sendable, Equatable, Codable {
    package var exchanges: [ExchangeDescription]
    package var queues: [QueueDescription]
    package var bindings: [BindingDescription]

    package init(
        exchanges: [ExchangeDescription] = [], queues: [QueueDescription] = [], bindings: [BindingDescription] = []
    ) {
        self.exchanges = exchanges
        self.queues = queues
        self.bindings = bindings
    }
}

/// A durable exchange.
package struct ExchangeDescription: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, Equatable, Codable {
        case topic, direct, fanout
    }

    package var name: String
    package var kind: Kind
    /// Where messages go that no binding takes.
    package var alternateExchange: String?

    package init(name: String, kind: Kind, alternateExchange: String? = nil) {
        self.name = name
        self.kind = kind
        self.alternateExchange = alternateExchange
    }
}

/// A queue and its arguments, each of which stands for one `x-…` argument of RabbitMQ 3.10.
package struct QueueDescription: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, Equatable, Codable {
        case quorum, stream, classic
    }

    package var name: String
    package var kind: Kind
    /// `x-delivery-limit` (quorum): a message that came back more often goes to the dead-letter exchange. A limit of
    /// n allows n + 1 deliveries.
    package var deliveryLimit: Int?
    /// `x-dead-letter-exchange`.
    package var deadLetterExchange: String?
    /// `x-dead-letter-routing-key`; without it a message keeps its own.
    package var deadLetterRoutingKey: String?
    /// `x-dead-letter-strategy: at-least-once` (quorum); the broker honors it only with `overflowRejectPublish`.
    package var deadLetterStrategyAtLeastOnce: Bool?
    /// `x-overflow: reject-publish`: a full queue refuses publications instead of dropping its oldest message.
    package var overflowRejectPublish: Bool?
    /// `x-message-ttl` in milliseconds: how long a message lives in the queue.
    package var messageTTLMilliseconds: Int?
    /// `x-max-length` in messages.
    package var maxLength: Int?
    /// `x-max-length-bytes`.
    package var maxLengthBytes: Int?
    /// `x-max-age` (stream), as in "7D".
    package var maxAge: String?
    /// `x-expires` in milliseconds: the queue goes when it was unused for so long.
    package var expiresMilliseconds: Int?
    /// Whether a classic queue goes with its last consumer.
    package var isAutoDelete: Bool?

    package init(
        name: String, kind: Kind = .quorum, deliveryLimit: Int? = nil, deadLetterExchange: String? = nil,
        deadLetterRoutingKey: String? = nil, deadLetterStrategyAtLeastOnce: Bool? = nil,
        overflowRejectPublish: Bool? = nil, messageTTLMilliseconds: Int? = nil, maxLength: Int? = nil,
        maxLengthBytes: Int? = nil, maxAge: String? = nil, expiresMilliseconds: Int? = nil, isAutoDelete: Bool? = nil
    ) {
        self.name = name
        self.kind = kind
        self.deliveryLimit = deliveryLimit
        self.deadLetterExchange = deadLetterExchange
        self.deadLetterRoutingKey = deadLetterRoutingKey
        self.deadLetterStrategyAtLeastOnce = deadLetterStrategyAtLeastOnce
        self.overflowRejectPublish = overflowRejectPublish
        self.messageTTLMilliseconds = messageTTLMilliseconds
        self.maxLength = maxLength
        self.maxLengthBytes = maxLengthBytes
        self.maxAge = maxAge
        self.expiresMilliseconds = expiresMilliseconds
        self.isAutoDelete = isAutoDelete
    }

    /// The arguments in the broker's own spelling.
    package var arguments: [String: HeaderValue] {
        var arguments: [String: HeaderValue] = ["x-queue-type": .string(kind.rawValue)]
        func set(_ name: String, _ value: Int?) { if let value { arguments[name] = .int(Int64(value)) } }
        func set(_ name: String, _ value: String?) { if let value { arguments[name] = .string(value) } }
        set("x-delivery-limit", deliveryLimit)
        set("x-dead-letter-exchange", deadLetterExchange)
        set("x-dead-letter-routing-key", deadLetterRoutingKey)
        set("x-dead-letter-strategy", deadLetterStrategyAtLeastOnce == true ? "at-least-once" : nil)
        set("x-overflow", overflowRejectPublish == true ? "reject-publish" : nil)
        set("x-message-ttl", messageTTLMilliseconds)
        set("x-max-length", maxLength)
        set("x-max-length-bytes", maxLengthBytes)
        set("x-max-age", maxAge)
        set("x-expires", expiresMilliseconds)
        return arguments
    }
}

/// Messages that come to `exchange` with a matching routing key also go to `queue`.
package struct BindingDescription: Sendable, Equatable, Codable {
    package var exchange: String
    package var queue: String
    /// For a topic exchange `*` stands for one word and `#` for any number of words, separated by dots.
    package var routingKey: String

    package init(exchange: String, queue: String, routingKey: String) {
        self.exchange = exchange
        self.queue = queue
        self.routingKey = routingKey
    }
}

/// Something that `TopologyAdministrator.apply(_:)` created.
package enum TopologyChange: Sendable, Equatable, CustomStringConvertible {
    case declaredExchange(String)
    case declaredQueue(String)
    /// Reported where the exchange or the queue is new; other bindings are made sure of without a report, because
    /// AMQP does not say whether a binding was there.
    case bound(BindingDescription)

    package var description: String {
        switch self {
        case .declaredExchange(let name): "declared exchange '\(name)'"
        case .declaredQueue(let name): "declared queue '\(name)'"
        case .bound(let binding):
            "bound queue '\(binding.queue)' to exchange '\(binding.exchange)' with '\(binding.routingKey)'"
        }
    }
}

/// Something that is not as described.
package enum TopologyDifference: Sendable, Equatable, CustomStringConvertible {
    case missingExchange(String)
    case missingQueue(String)
    /// The broker's own words on which argument differs.
    case inequivalent(name: String, detail: String)

    package var description: String {
        switch self {
        case .missingExchange(let name): "exchange '\(name)' does not exist"
        case .missingQueue(let name): "queue '\(name)' does not exist"
        case .inequivalent(let name, let detail): "'\(name)': \(detail)"
        }
    }
}

/// Counts of one queue.
package struct QueueStatus: Sendable, Equatable, Codable {
    package var name: String
    /// Messages that wait to be delivered.
    package var ready: Int
    package var consumers: Int

    package init(name: String, ready: Int, consumers: Int) {
        self.name = name
        self.ready = ready
        self.consumers = consumers
    }
}
