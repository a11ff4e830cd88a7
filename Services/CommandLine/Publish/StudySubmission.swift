import Contracts
import Messaging

/// A study, checked and ready to be published.
struct StudySubmission: Sendable {
    /// The event as it will be sent: in its envelope, with a deterministic id.
    let event: CloudEvent<StudySubmitted>
    let publication: Publication

    var study: StudySubmitted { event.data }

    /// Reads a study file, the bare data or a CloudEvent, and checks it as the ingestion service will.
    ///
    /// The id is the file's own, else derived from the bytes (and from what `priority` and `site` change in them), so
    /// that the same study published twice is one message for whoever looks at ids.
    ///
    /// - Parameters:
    ///   - file: The file's bytes.
    ///   - path: For the error.
    ///   - priority: In place of the file's.
    ///   - site: In place of the file's.
    /// - Throws: ``CommandFailure`` with status `dataError`, naming the field.
    init(file: [UInt8], path: String, priority: Priority? = nil, site: String? = nil) throws {
        do {
            var event = try EventCoding.decodeSubmission(file, messageID: nil, contentType: nil)
            let isBare = event.id == EventID.ofBody(file)
            if let site { event.data.site = site }
            let chosen = priority ?? (isBare ? nil : event.priority) ?? event.data.priority ?? .routine
            if priority != nil { event.data.priority = chosen }
            event.priority = chosen
            if isBare, priority != nil || site != nil { event.id = EventID.ofBody(try EventCoding.encode(event.data)) }
            try event.data.validate()
            event.traceparent = event.traceparent ?? TraceContext.start().traceparent
            self.event = event
            publication = Publication(
                exchange: Exchange.studies, routingKey: RoutingKey.submitted(chosen, site: event.data.site),
                body: try EventCoding.encode(event), properties: Self.properties(of: event))
        } catch let failure as Failure {
            throw CommandFailure("'\(path)' is not a study that can be published: \(failure.description)", .dataError)
        }
    }

    private static func properties(of event: CloudEvent<StudySubmitted>) -> MessageProperties {
        var properties = MessageProperties()
        properties.messageID = event.id
        properties.correlationID = event.correlationid
        properties.type = event.type
        properties.appID = "oncorelay"
        properties.contentType = EventCoding.cloudEventsContentType
        properties.timestamp = EventTime.secondsSince1970()
        if let traceparent = event.traceparent { properties.headers[HeaderName.traceparent] = .string(traceparent) }
        return properties
    }
}
