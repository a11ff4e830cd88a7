import Contracts
import Messaging
import ServiceRuntime

/// How a parked message becomes the message that it was: pure rules.
///
/// Body, message id and type stay as they are, so that events made from it keep their ids. What tells of the failure
/// and of the broker's ways goes: with `x-death` the broker would take the way back for a cycle, with an attempt
/// count the first failure would lead straight back here.
enum ReplayRules {
    /// Why a message cannot be replayed, and what to do.
    struct Refusal: Error, Equatable {
        let reason: String
    }

    /// The message as it goes back to work.
    ///
    /// - Parameters:
    ///   - delivery: The parked message.
    ///   - queue: The queue to bring it to, in place of the one that it came from.
    ///   - now: Seconds since 1970.
    /// - Returns: The same message, to be published with `mandatory`.
    /// - Throws: ``Refusal`` where nothing says where it came from.
    static func publication(of delivery: Delivery, to queue: String? = nil, now: Int64) throws(Refusal) -> Publication {
        let destination = try destination(of: delivery, to: queue)
        return Publication(
            exchange: destination.exchange, routingKey: destination.routingKey, body: delivery.body,
            properties: properties(of: delivery, now: now), isMandatory: true)
    }

    /// Where a replay leads: through the default exchange, whose routing key is a queue's name, or, for what nobody
    /// wanted, once more through the exchange that it was sent to.
    struct Destination: Equatable, Sendable, CustomStringConvertible {
        var exchange: String
        var routingKey: String

        var description: String { exchange.isEmpty ? routingKey : "\(exchange) \(routingKey)" }
    }

    static func destination(of delivery: Delivery, to queue: String? = nil) throws(Refusal) -> Destination {
        if let queue = queue ?? originalQueue(of: delivery) { return Destination(exchange: "", routingKey: queue) }
        if delivery.queue == QueueName.parkingUnrouted, !delivery.exchange.isEmpty {
            return Destination(exchange: delivery.exchange, routingKey: delivery.routingKey)
        }
        throw Refusal(
            reason: "it does not say which work queue it came from; name one with --to, for example "
                + "'--to \(QueueName.work(.ingestion, .routine))'")
    }

    /// The work queue that the message came from: as the stage that parked it wrote, or as the broker did.
    /// Only our own work queues are believed: a header must not be able to steer a message anywhere else.
    static func originalQueue(of delivery: Delivery) -> String? {
        let header = delivery.properties.headers[HeaderName.originalQueue]?.stringValue
        return header.flatMap { workQueues.contains($0) ? $0 : nil } ?? workDeath(of: delivery)?.queue
    }

    /// The latest death in a work queue; those in delay queues are only the retry ladder at work.
    static func workDeath(of delivery: Delivery) -> DeathRecord? {
        delivery.deaths.first { workQueues.contains($0.queue) }
    }

    static func properties(of delivery: Delivery, now: Int64) -> MessageProperties {
        var properties = delivery.properties.withoutBrokerHeaders
        properties.headers = properties.headers.filter { name, _ in
            !name.hasPrefix("x-oncorelay-failure-") && name != HeaderName.originalQueue && name != HeaderName.attempt
                && name != ParkingReason.parkedAtHeader
        }
        properties.headers[HeaderName.replayedAt] = .int(now)
        properties.isPersistent = true
        return properties
    }

    private static let workQueues = Set(StageName.allCases.flatMap { QueueName.work($0) })
}
