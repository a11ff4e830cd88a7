import Contracts
import Foundation
import Messaging
import Synchronization

/// An event as it came over the wire.
struct RecordedEvent: Sendable {
    let id: String
    /// Without prefix and version, for example `result.final`.
    let event: String
    let exchange: String
    let routingKey: String
    let traceparent: String?
    let body: [UInt8]
    let studyInstanceUID: String?
    let runID: String?
    let submissionID: String?

    private struct Probe: Decodable {
        struct Data: Decodable {
            struct Study: Decodable { let studyInstanceUID: String? }

            let studyInstanceUID: String?
            let runID: String?
            let submissionID: String?
            let study: Study?
        }

        let id: String
        let type: String
        let traceparent: String?
        let correlationid: String?
        let data: Data
    }

    init(_ delivery: Delivery) throws {
        let probe = try JSONDecoder().decode(Probe.self, from: Data(delivery.body))
        id = probe.id
        event = String(probe.type.dropFirst(EventType.prefix.count).dropLast(EventType.version.count))
        exchange = delivery.exchange
        routingKey = delivery.routingKey
        traceparent = probe.traceparent
        body = delivery.body
        studyInstanceUID = probe.data.studyInstanceUID ?? probe.data.study?.studyInstanceUID
        runID = probe.data.runID ?? probe.correlationid
        submissionID = probe.data.submissionID
    }

    /// Whether a study's way ends with it.
    var isEnding: Bool {
        [
            ResultFinal.event, ResultPartial.event, ResultFailed.event, ResultRejected.event, ResultAmended.event,
        ].contains(event)
    }

    func payload<Payload: EventPayload>(_ type: Payload.Type = Payload.self) throws -> Payload {
        try EventCoding.decodeEvent(type, from: body).data
    }

    /// The result, of whichever event carries one.
    func result() throws -> StudyResult {
        switch event {
        case ResultFinal.event: try payload(ResultFinal.self).result
        case ResultPartial.event: try payload(ResultPartial.self).result
        default: try payload(ResultAmended.self).result
        }
    }

    /// What went wrong, of a rejection or a failure.
    func failure() throws -> Failure {
        event == ResultRejected.event ? try payload(ResultRejected.self).error : try payload(ResultFailed.self).error
    }

    /// The event's `data` as an independent reader sees it.
    func object() throws -> [String: Any] {
        let whole = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        return whole?["data"] as? [String: Any] ?? [:]
    }
}

/// Every event that a pipeline emits, in the order of its coming.
final class EventJournal: Sendable {
    private let recorded = Mutex<[RecordedEvent]>([])

    var events: [RecordedEvent] { recorded.withLock { $0 } }

    func record(_ delivery: Delivery) {
        // What is none of our events would be seen by the schemas, which take the bodies as they are.
        guard let event = try? RecordedEvent(delivery) else { return }
        recorded.withLock { $0.append(event) }
    }

    /// The events of a study's run, with those that name the run only.
    func events(of study: String) -> [RecordedEvent] {
        let all = events
        let runs = Set(all.filter { $0.studyInstanceUID == study }.compactMap(\.runID))
        return all.filter { event in event.runID.map(runs.contains) ?? false }
    }

    func endings(of study: String) -> [RecordedEvent] { events(of: study).filter(\.isEnding) }

    /// The events that end a study or, where it could not be read so far, a submission.
    func endings(ofSubmission id: String) -> [RecordedEvent] {
        events.filter { $0.isEnding && $0.submissionID == id }
    }

    /// Waits until a condition holds, at most a generous while.
    func wait(seconds: Int = 120, until condition: (EventJournal) async throws -> Bool) async rethrows -> Bool {
        for _ in 0..<(seconds * 100) {
            if try await condition(self) { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}
