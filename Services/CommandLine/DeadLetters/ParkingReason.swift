import Contracts
import Messaging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Why a message was parked: in the words of the stage that did it, or in ours where the broker did.
struct ParkingReason: Sendable, Equatable {
    /// Seconds since 1970, where the stage that parked the message wrote it.
    static let parkedAtHeader = "x-oncorelay-parked-at"

    var code: String?
    var failureClass: String?
    var stage: String?
    var message = ""
    var attempts: Int?
    /// The broker's record, where the broker parked it.
    var death: DeathRecord?

    init(_ delivery: Delivery) {
        let headers = delivery.properties.headers
        if let code = headers[HeaderName.failureCode]?.stringValue {
            self.code = code
            failureClass = headers[HeaderName.failureClass]?.stringValue
            stage = headers[HeaderName.failureStage]?.stringValue ?? Self.stage(ofParking: delivery.queue)
            message = headers[HeaderName.failureMessage]?.stringValue ?? "no further word on it"
            attempts = headers[HeaderName.attempt]?.intValue.map { Int(clamping: $0) }
        } else if let death = ReplayRules.workDeath(of: delivery) {
            tell(of: death)
        } else if delivery.queue == QueueName.parkingUnrouted {
            code = ReasonCode.unroutable.rawValue
            failureClass = FailureClass.permanent.rawValue
            message = "no queue is bound for routing key '\(delivery.routingKey)' of exchange '\(delivery.exchange)'"
        } else {
            stage = Self.stage(ofParking: delivery.queue)
            message = "nothing in its headers says why it was parked"
        }
    }

    private mutating func tell(of death: DeathRecord) {
        self.death = death
        stage = Self.stage(ofWork: death.queue)
        switch death.reason {
        case .deliveryLimit:
            code = ReasonCode.workerCrashed.rawValue
            failureClass = FailureClass.poison.rawValue
            message =
                "the broker gave it up at the delivery limit of queue '\(death.queue)': "
                + "each worker that had it in hand died or lost its connection"
        case .maximumLength: message = "queue '\(death.queue)' was full"
        case .expired: message = "it expired in queue '\(death.queue)'"
        case .rejected:
            code = ReasonCode.bodyTooLarge.rawValue
            failureClass = FailureClass.poison.rawValue
            message =
                "a worker of queue '\(death.queue)' refused it, because it is too large to be published again with its "
                + "reason; drop it, and look at result.rejected or the worker's log"
        case nil: message = "the broker took it out of queue '\(death.queue)' for a reason that is not known here"
        }
    }

    private static func stage(ofParking queue: String) -> String? {
        StageName.allCases.first { QueueName.parking($0) == queue }?.rawValue
    }

    private static func stage(ofWork queue: String) -> String? {
        StageName.allCases.first { QueueName.work($0).contains(queue) }?.rawValue
    }
}

extension EventTime {
    /// Seconds since 1970 as events spell times.
    static func text(seconds: Int64) -> String { text(Date(timeIntervalSince1970: Double(seconds))) }
}
