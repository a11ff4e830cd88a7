package import Contracts
import Messaging
import ServiceRuntime

/// What the other stages tell aggregation.
package enum AggregationInput: Sendable, Equatable {
    case ingested(StudyIngested)
    case rejected(StudyRejected)
    case planned(StudyPlanned)
    case classified(RegionClassified)
    case lost(RegionLost)
    case parked(DeliveryParked)

    package var runID: String {
        switch self {
        case .ingested(let study): study.runID
        case .rejected(let rejection): rejection.runID
        case .planned(let plan): plan.runID
        case .classified(let part): part.runID
        case .lost(let loss): loss.runID
        case .parked(let parked): parked.runID
        }
    }

    package var regionID: String? {
        switch self {
        case .classified(let part): part.regionID
        case .lost(let loss): loss.regionID
        case .parked(let parked): parked.regionID
        case .ingested, .rejected, .planned: nil
        }
    }
}

/// An event as it came: read, and as the bytes that the ledger keeps.
package struct ReceivedEvent: Sendable, Equatable {
    package var input: AggregationInput
    package var body: [UInt8]

    package init(_ input: AggregationInput, body: [UInt8]) {
        self.input = input
        self.body = body
    }
}

extension StageInput<ReceivedEvent> {
    /// Reads a delivery by the type that its properties name, or else its envelope.
    ///
    /// - Throws: ``Failure`` of class `poison` for a type that is none of aggregation's, and as
    ///   ``EventCoding/decodeEvent(_:from:)``.
    static func read(_ delivery: Delivery) throws(Failure) -> StageInput<ReceivedEvent> {
        let body = delivery.body
        if let type = delivery.properties.type, let input = try read(body, as: type) { return input }
        let type = try EventCoding.eventType(of: body)
        if let input = try read(body, as: type) { return input }
        throw Failure(
            .unsupportedVersion, .poison,
            "type: expected one of \(types.joined(separator: ", ")), found another; look at the queue's bindings")
    }

    private static var types: [String] {
        [
            StudyIngested.eventType, StudyRejected.eventType, StudyPlanned.eventType, RegionClassified.eventType,
            RegionLost.eventType, DeliveryParked.eventType,
        ]
    }

    /// nil for a type that is none of aggregation's.
    private static func read(_ body: [UInt8], as type: String) throws(Failure) -> StageInput<ReceivedEvent>? {
        switch type {
        case StudyIngested.eventType: try input(body, AggregationInput.ingested)
        case StudyRejected.eventType: try input(body, AggregationInput.rejected)
        case StudyPlanned.eventType: try input(body, AggregationInput.planned)
        case RegionClassified.eventType: try input(body, AggregationInput.classified)
        case RegionLost.eventType: try input(body, AggregationInput.lost)
        case DeliveryParked.eventType: try input(body, AggregationInput.parked)
        default: nil
        }
    }

    private static func input<Data: EventPayload>(
        _ body: [UInt8], _ wrap: (Data) -> AggregationInput
    ) throws(Failure) -> StageInput<ReceivedEvent> {
        let event = try EventCoding.decodeEvent(Data.self, from: body)
        let input = wrap(event.data)
        return StageInput(event, runID: input.runID, regionID: input.regionID) { _ in
            ReceivedEvent(input, body: body)
        }
    }
}
