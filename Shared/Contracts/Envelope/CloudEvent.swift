import Digests

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What an event says, apart from its envelope. The type's name is `org.oncorelay.<event>.v1`.
package protocol EventPayload: Codable, Sendable {
    /// The event without prefix and version, for example `study.ingested`.
    static var event: String { get }
    /// Checks what the types cannot say; throws a ``Failure`` of class `invalid` that names the field.
    func validate() throws(Failure)
}

extension EventPayload {
    package func validate() throws(Failure) {}

    /// `org.oncorelay.study.ingested.v1`
    package static var eventType: String { EventType.prefix + event + EventType.version }
}

/// The spelling of event types and of the addresses of their schemas.
package enum EventType {
    package static let prefix = "org.oncorelay."
    package static let version = ".v1"

    /// Address of an event's JSON Schema, for the `dataschema` attribute.
    package static func schema(of event: String) -> String { "urn:oncorelay:schema:\(event):v1" }
}

/// A CloudEvents 1.0 envelope in structured mode, with the extensions of the contract.
package struct CloudEvent<Payload: EventPayload>: Codable, Sendable {
    package var specversion = "1.0"
    /// Deterministic (UUIDv5 of run, stage and region): a redelivery, a retry and a replay carry the same id.
    package var id: String
    package var source: String
    package var type: String
    /// The study's run, once it is known.
    package var subject: String?
    package var time: String?
    package var datacontenttype: String? = "application/json"
    package var dataschema: String?
    /// The study run that all events of one study share.
    package var correlationid: String?
    /// The event that caused this one.
    package var causationid: String?
    /// W3C trace context.
    package var traceparent: String?
    package var priority: Priority?
    /// The how-manieth try of the stage made this event.
    package var attempt: Int?
    package var data: Payload

    package init(
        id: String, source: String, subject: String?, correlationID: String?, causationID: String?,
        traceparent: String?, priority: Priority, attempt: Int, time: String, data: Payload
    ) {
        self.id = id
        self.source = source
        type = Payload.eventType
        self.subject = subject
        self.time = time
        dataschema = EventType.schema(of: Payload.event)
        correlationid = correlationID
        causationid = causationID
        self.traceparent = traceparent
        self.priority = priority
        self.attempt = attempt
        self.data = data
    }
}

/// Deterministic names of events and runs.
package enum EventID {
    /// Id of the event that `stage` makes of a run (and region): the same at every retry and replay.
    package static func make(run: String, event: String, region: String? = nil, discriminator: String? = nil) -> String
    {
        var name = run + "|" + event
        if let region { name += "|" + region }
        if let discriminator { name += "|#" + discriminator }
        return NameUUID(name: name, namespace: .oncoRelay).text
    }

    /// Id of a study's run: the same study, task and content are the same run.
    package static func run(studyInstanceUID: String, task: ClinicalTask, contentSHA256: String) -> String {
        NameUUID(name: "run|\(studyInstanceUID)|\(task.rawValue)|\(contentSHA256)", namespace: .oncoRelay).text
    }

    /// Id for a message that brought none: derived from its body, so that the same body has the same id.
    package static func ofBody(_ body: [UInt8]) -> String {
        NameUUID(name: "body|" + Digest.sha256Hex(body), namespace: .oncoRelay).text
    }
}
