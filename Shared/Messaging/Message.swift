/// A value in a message's header table (AMQP 0-9-1 field table, RabbitMQ's types).
///
/// Every integer width is read as `int`; integers are written as signed 64-bit, as RabbitMQ itself writes `x-death`.
package enum HeaderValue: Sendable, Equatable {
    case string(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    /// Seconds since 1970-01-01 UTC.
    case timestamp(Int64)
    case bytes([UInt8])
    case table([String: HeaderValue])
    case array([HeaderValue])
    case null

    package var stringValue: String? { if case .string(let value) = self { value } else { nil } }

    package var intValue: Int64? {
        switch self {
        case .int(let value), .timestamp(let value): value
        default: nil
        }
    }

    package var tableValue: [String: HeaderValue]? { if case .table(let value) = self { value } else { nil } }

    package var arrayValue: [HeaderValue]? { if case .array(let value) = self { value } else { nil } }
}

/// The properties that travel beside a message's body (AMQP 0-9-1 basic class).
package struct MessageProperties: Sendable, Equatable {
    /// Identifies the message; the same for every retry and replay of it.
    package var messageID: String?
    package var correlationID: String?
    /// The kind of event that the body holds.
    package var type: String?
    /// The service that published the message.
    package var appID: String?
    package var contentType: String?
    package var contentEncoding: String?
    package var replyTo: String?
    /// The broker refuses a message whose user ID is not the user who is logged in.
    package var userID: String?
    /// Seconds since 1970-01-01 UTC.
    package var timestamp: Int64?
    /// Delivery mode 2: the broker writes the message to disk before it confirms it.
    package var isPersistent: Bool
    package var headers: [String: HeaderValue]

    package init(
        messageID: String? = nil, correlationID: String? = nil, type: String? = nil, appID: String? = nil,
        contentType: String? = nil, contentEncoding: String? = nil, replyTo: String? = nil, userID: String? = nil,
        timestamp: Int64? = nil, isPersistent: Bool = true, headers: [String: HeaderValue] = [:]
    ) {
        self.messageID = messageID
        self.correlationID = correlationID
        self.type = type
        self.appID = appID
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.replyTo = replyTo
        self.userID = userID
        self.timestamp = timestamp
        self.isPersistent = isPersistent
        self.headers = headers
    }
}

/// One message to be published.
package struct Publication: Sendable, Equatable {
    /// The exchange's name; empty is the default exchange, which routes to the queue that the routing key names.
    package var exchange: String
    package var routingKey: String
    package var body: [UInt8]
    package var properties: MessageProperties
    /// Whether a message that reaches no queue is returned (and thus fails) instead of being dropped.
    package var isMandatory: Bool

    package init(
        exchange: String, routingKey: String, body: [UInt8], properties: MessageProperties = MessageProperties(),
        isMandatory: Bool = true
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.body = body
        self.properties = properties
        self.isMandatory = isMandatory
    }
}

/// Names one delivery to the broker. It dies with the connection that the delivery came over, whose epoch it carries.
package struct DeliveryTag: Sendable, Hashable {
    let epoch: UInt64
    let number: UInt64
}

/// One message that the broker handed out, to be acknowledged or rejected exactly once.
package struct Delivery: Sendable {
    /// The queue that it was consumed from.
    package let queue: String
    package let exchange: String
    package let routingKey: String
    /// Whether the message may have been delivered before.
    package let isRedelivered: Bool
    package let body: [UInt8]
    package let properties: MessageProperties
    package let tag: DeliveryTag

    package init(
        queue: String, exchange: String, routingKey: String, isRedelivered: Bool, body: [UInt8],
        properties: MessageProperties, tag: DeliveryTag
    ) {
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.isRedelivered = isRedelivered
        self.body = body
        self.properties = properties
        self.tag = tag
    }

    /// How often the message came back to this queue unacknowledged (`x-delivery-count`, quorum queues); 0 if absent.
    package var deliveryCount: Int {
        guard let count = properties.headers["x-delivery-count"]?.intValue else { return 0 }
        return Int(clamping: count)
    }

    /// Why and where the message was dead-lettered before, latest first (`x-death`); empty if it never was.
    package var deaths: [DeathRecord] { DeathRecord.records(in: properties.headers) }
}
