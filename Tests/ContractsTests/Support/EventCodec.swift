import Contracts

/// Decodes an event of a named type and encodes it again.
enum EventCodec {
    static let all: [String: @Sendable ([UInt8]) throws -> [UInt8]] = [
        StudySubmitted.event: roundTrip(StudySubmitted.self),
        StudyIngested.event: roundTrip(StudyIngested.self),
        StudyAdmitted.event: roundTrip(StudyAdmitted.self),
        StudyRejected.event: roundTrip(StudyRejected.self),
        StudyPlanned.event: roundTrip(StudyPlanned.self),
        RegionPrepared.event: roundTrip(RegionPrepared.self),
        RegionClassified.event: roundTrip(RegionClassified.self),
        RegionLost.event: roundTrip(RegionLost.self),
        DeliveryParked.event: roundTrip(DeliveryParked.self),
        ResultAccepted.event: roundTrip(ResultAccepted.self),
        ResultRejected.event: roundTrip(ResultRejected.self),
        ResultProgress.event: roundTrip(ResultProgress.self),
        ResultFinal.event: roundTrip(ResultFinal.self),
        ResultPartial.event: roundTrip(ResultPartial.self),
        ResultAmended.event: roundTrip(ResultAmended.self),
        ResultFailed.event: roundTrip(ResultFailed.self),
    ]

    /// The event that an example shows: `result.final` for `result.final.lymph-node`.
    static func event(ofExample name: String) -> String? {
        all.keys.filter { name == $0 || name.hasPrefix($0 + ".") }.max { $0.count < $1.count }
    }

    static func roundTrip(example name: String) throws -> [UInt8] {
        guard let event = event(ofExample: name), let codec = all[event] else { return [] }
        return try codec(try ContractFiles.example(name))
    }

    private static func roundTrip<Payload: EventPayload>(
        _ type: Payload.Type
    ) -> @Sendable ([UInt8]) throws -> [UInt8] {
        { body in try EventCoding.encode(try EventCoding.decodeEvent(type, from: body)) }
    }
}
