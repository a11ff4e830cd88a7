package import Contracts
package import Logging
package import Messaging

/// What surrounds one piece of work: where it is done, the how-manieth try it is, whose trace it belongs to.
package struct StageContext: Sendable {
    package let stage: StageName
    /// 1 at the first try.
    package let attempt: Int
    package let priority: Priority
    package let trace: TraceContext
    /// The event that is being worked on.
    package let causationID: String?
    package let logger: Logger

    package init(
        stage: StageName, attempt: Int, priority: Priority, trace: TraceContext, causationID: String?, logger: Logger
    ) {
        self.stage = stage
        self.attempt = attempt
        self.priority = priority
        self.trace = trace
        self.causationID = causationID
        self.logger = logger
    }

    /// An event between stages. Its id follows from run, event and region alone.
    package func pipelineEvent(
        _ payload: some EventPayload, run: String, region: String? = nil, discriminator: String? = nil,
        routingKey: String? = nil
    ) throws -> OutgoingEvent {
        try event(
            payload, run: run, region: region, discriminator: discriminator, exchange: Exchange.pipeline,
            routingKey: routingKey ?? RoutingKey.pipeline(type(of: payload).event, priority))
    }

    /// An event of any exchange, with its envelope.
    package func event<Payload: EventPayload>(
        _ payload: Payload, run: String, region: String? = nil, discriminator: String? = nil, exchange: String,
        routingKey: String
    ) throws -> OutgoingEvent {
        let event = CloudEvent(
            id: EventID.make(run: run, event: Payload.event, region: region, discriminator: discriminator),
            source: "urn:oncorelay:\(stage.rawValue)", subject: run, correlationID: run, causationID: causationID,
            traceparent: trace.traceparent, priority: priority, attempt: attempt, time: EventTime.now(), data: payload)
        return OutgoingEvent(
            id: event.id, type: event.type, correlationID: run, traceparent: trace.traceparent, source: stage,
            exchange: exchange, routingKey: routingKey, body: try EventCoding.encode(event))
    }
}

/// An event on its way out: its bytes, and where they go.
package struct OutgoingEvent: Sendable, Equatable {
    package let id: String
    package let type: String
    package let correlationID: String
    package let traceparent: String?
    package let source: StageName
    package let exchange: String
    package let routingKey: String
    package let body: [UInt8]

    package init(
        id: String, type: String, correlationID: String, traceparent: String?, source: StageName, exchange: String,
        routingKey: String, body: [UInt8]
    ) {
        self.id = id
        self.type = type
        self.correlationID = correlationID
        self.traceparent = traceparent
        self.source = source
        self.exchange = exchange
        self.routingKey = routingKey
        self.body = body
    }

    /// The event as the broker takes it.
    package var publication: Publication {
        var properties = MessageProperties()
        properties.messageID = id
        properties.correlationID = correlationID
        properties.type = type
        properties.appID = "oncorelay-\(source.rawValue)"
        properties.contentType = EventCoding.cloudEventsContentType
        properties.timestamp = EventTime.secondsSince1970()
        if let traceparent { properties.headers[HeaderName.traceparent] = .string(traceparent) }
        return Publication(exchange: exchange, routingKey: routingKey, body: body, properties: properties)
    }
}
