/// One entry of the `x-death` header, in which the broker keeps why a message left a queue for a dead-letter exchange.
///
/// Source: RabbitMQ, "Dead Letter Exchanges", "Effects on Messages".
package struct DeathRecord: Sendable, Equatable {
    /// The reasons that RabbitMQ 3.10 writes.
    package enum Reason: String, Sendable, Equatable {
        case rejected
        case expired
        case maximumLength = "maxlen"
        case deliveryLimit = "delivery_limit"
    }

    /// nil where the broker wrote a reason that is not known here.
    package var reason: Reason?
    /// The queue that the message died in.
    package var queue: String
    /// The exchange that the message had been published to.
    package var exchange: String
    package var routingKeys: [String]
    /// How often it died in this queue for this reason.
    package var count: Int
    /// When it first did, in seconds since 1970-01-01 UTC; 0 if unknown.
    package var time: Int64

    /// The headers that brokers add on the way. A message that is published again must not carry them: with `x-death`
    /// naming a queue on the new way, the broker takes the way for a cycle and drops the message.
    package static let headerNames: Set<String> = [
        "x-death", "x-first-death-reason", "x-first-death-queue", "x-first-death-exchange", "x-last-death-reason",
        "x-last-death-queue", "x-last-death-exchange", "x-delivery-count", "CC", "BCC",
    ]

    static func records(in headers: [String: HeaderValue]) -> [DeathRecord] {
        guard let entries = headers["x-death"]?.arrayValue else { return [] }
        return entries.compactMap { entry in
            guard let table = entry.tableValue else { return nil }
            return DeathRecord(
                reason: table["reason"]?.stringValue.flatMap(Reason.init(rawValue:)),
                queue: table["queue"]?.stringValue ?? "",
                exchange: table["exchange"]?.stringValue ?? "",
                routingKeys: table["routing-keys"]?.arrayValue?.compactMap(\.stringValue) ?? [],
                count: Int(clamping: table["count"]?.intValue ?? 1),
                time: table["time"]?.intValue ?? 0)
        }
    }
}

extension MessageProperties {
    /// These properties without what brokers added on the way, fit to be published again.
    package var withoutDeathHeaders: MessageProperties {
        var copy = self
        copy.headers = headers.filter { !DeathRecord.headerNames.contains($0.key) }
        return copy
    }
}
