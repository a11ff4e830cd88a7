import Contracts
import Messaging

/// A message that a stage, or the broker, gave up: what it is, why it lies here, where it came from. Never its body.
struct ParkedMessage: Encodable, Sendable, Equatable {
    /// One time that the broker moved the message on.
    struct Death: Encodable, Sendable, Equatable {
        var queue: String
        /// `rejected`, `expired`, `maxlen` or `delivery_limit`; nil where the broker wrote another one.
        var reason: String?
        var count: Int
        /// Seconds since 1970.
        var time: Int64
    }

    /// Position in its parking queue at this look, counted from 0.
    var index: Int
    var queue: String
    var messageID: String?
    var type: String?
    /// The study run that it belongs to.
    var runID: String?
    /// A reason code of the contract.
    var code: String?
    var failureClass: String?
    var stage: String?
    var message: String
    /// How many times it was tried, where that is known.
    var attempts: Int?
    var deaths: [Death]
    /// The work queue that a replay would bring it back to; nil where nothing says it.
    var originalQueue: String?
    /// When it was replayed before, RFC 3339.
    var replayedAt: String?
    var publishedAt: String?
    var parkedAt: String?
    /// Seconds since it was parked; since it was published, where that is all that is known.
    var ageSeconds: Int64?
    var sizeBytes: Int

    private enum CodingKeys: String, CodingKey {
        case index, queue, messageID, type, runID, code, stage, message, attempts, deaths, originalQueue, replayedAt
        case publishedAt, parkedAt, ageSeconds, sizeBytes
        case failureClass = "class"
    }

    /// Reads the headers that our stages write when they park, or those of the broker when it did.
    ///
    /// - Parameters:
    ///   - delivery: The parked message.
    ///   - index: Its position in its queue, counted from 0.
    ///   - now: Seconds since 1970.
    init(_ delivery: Delivery, index: Int, now: Int64) {
        let headers = delivery.properties.headers
        self.index = index
        queue = delivery.queue
        messageID = delivery.properties.messageID
        type = delivery.properties.type
        runID = delivery.properties.correlationID
        sizeBytes = delivery.body.count
        originalQueue = ReplayRules.originalQueue(of: delivery)
        deaths = delivery.deaths.map {
            Death(queue: $0.queue, reason: $0.reason?.rawValue, count: $0.count, time: $0.time)
        }
        let reason = ParkingReason(delivery)
        code = reason.code
        failureClass = reason.failureClass
        stage = reason.stage
        message = reason.message
        attempts = reason.attempts
        replayedAt = headers[HeaderName.replayedAt]?.intValue.map(Self.time)
        publishedAt = delivery.properties.timestamp.map(Self.time)
        let parked =
            headers[ParkingReason.parkedAtHeader]?.intValue ?? reason.death.map(\.time).flatMap { $0 > 0 ? $0 : nil }
        parkedAt = parked.map(Self.time)
        ageSeconds = (parked ?? delivery.properties.timestamp).map { max(0, now - $0) }
    }

    private static func time(_ seconds: Int64) -> String { EventTime.text(seconds: seconds) }
}
