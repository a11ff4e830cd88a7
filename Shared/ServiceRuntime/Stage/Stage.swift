package import Contracts
package import Messaging

/// What a stage is given: the event's payload and what its envelope says.
package struct StageInput<Payload: Sendable>: Sendable {
    package let payload: Payload
    /// The event's id.
    package let eventID: String
    /// The study's run; nil before there is one.
    package let runID: String?
    package let regionID: String?
    package let priority: Priority
    package let traceparent: String?

    package init(
        payload: Payload, eventID: String, runID: String?, regionID: String?, priority: Priority, traceparent: String?
    ) {
        self.payload = payload
        self.eventID = eventID
        self.runID = runID
        self.regionID = regionID
        self.priority = priority
        self.traceparent = traceparent
    }

    /// An input from an event, with the payload as it is or wrapped into one of several.
    package init<Data: EventPayload>(
        _ event: CloudEvent<Data>, runID: String?, regionID: String? = nil, as wrap: (Data) -> Payload
    ) {
        self.init(
            payload: wrap(event.data), eventID: event.id, runID: runID, regionID: regionID,
            priority: event.priority ?? .routine, traceparent: event.traceparent)
    }
}

/// One stage of a study's way: a function from an input to the events that follow from it.
///
/// Decoding, publishing, confirming, retrying and acknowledging happen once, in ``StageRunner``. A stage may be
/// asked twice for the same input (a redelivery): it must then make events with the same ids.
package protocol Stage: Sendable {
    associatedtype Payload: Sendable

    static var name: StageName { get }

    /// Makes ready what must be there before the first delivery comes; may wait long.
    func prepare() async throws

    /// Reads a delivery.
    func decode(_ delivery: Delivery) throws(Failure) -> StageInput<Payload>

    /// Does the work. Errors that are ``FailureConvertible`` say what becomes of the delivery; any other error is
    /// taken for transient and tried again.
    func process(_ input: StageInput<Payload>, in context: StageContext) async throws -> [OutgoingEvent]

    /// What to tell the others of a failure of class `invalid`, of a body that cannot be read (then `input` is nil), or
    /// of a delivery that is parked and belongs to no run yet.
    func rejection(
        of failure: Failure, input: StageInput<Payload>?, delivery: Delivery, in context: StageContext
    ) throws -> [OutgoingEvent]

    /// What this stage needs to work, by name; for readiness.
    func missingDependencies() async -> [String: String]

    /// What a person should look at although the service is ready, by dependency; `/readyz` shows it.
    func notices() async -> [String: String]
}

extension Stage {
    package func prepare() async throws {}

    package func rejection(
        of failure: Failure, input: StageInput<Payload>?, delivery: Delivery, in context: StageContext
    ) throws -> [OutgoingEvent] {
        guard let input, let runID = input.runID else { return [] }
        let payload = StudyRejected(
            runID: runID, studyInstanceUID: nil, task: nil, site: nil, accessionNumber: nil,
            submissionID: input.eventID, error: failure)
        return [try context.pipelineEvent(payload, run: runID)]
    }

    package func missingDependencies() async -> [String: String] { [:] }
    package func notices() async -> [String: String] { [:] }
}
