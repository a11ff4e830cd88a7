/// What carries messages between services: RabbitMQ between processes, memory within one.
package protocol Broker: Sendable {
    /// Opens a connection for publishing.
    ///
    /// - Throws: `BrokerError` if the broker cannot be reached within the configured start-up patience or refuses us.
    func makePublisher() async throws -> any MessagePublisher

    /// Opens a connection and consumes from `queues`, the most urgent first.
    ///
    /// - Parameters:
    ///   - queues: Names of existing queues, each once.
    ///   - prefetch: How many deliveries of each queue may be unacknowledged at once; at least 1.
    /// - Returns: A consumer to which deliveries already flow.
    /// - Throws: `BrokerError`, also if a queue does not exist.
    func makeConsumer(queues: [String], prefetch: Int) async throws -> any MessageConsumer

    /// Opens a connection for declaring and inspecting exchanges and queues.
    func makeAdministrator() async throws -> any TopologyAdministrator

    /// The worst state of the connections that were opened and are not closed; cheap enough for a readiness probe.
    var state: BrokerState { get }
}

/// Whether messages can flow.
package enum BrokerState: Sendable, Equatable, CustomStringConvertible {
    case connected
    /// The broker takes no publications for now, because it is short of memory or disk; consuming goes on.
    case blocked(reason: String)
    case disconnected(reason: String)

    package var description: String {
        switch self {
        case .connected: "connected to the broker"
        case .blocked(let reason): "the broker accepts no publications for now: \(reason)"
        case .disconnected(let reason): "not connected to the broker: \(reason)"
        }
    }

    /// nil when messages can flow, else a sentence naming what is in the way.
    package var problem: String? { self == .connected ? nil : description }
}

/// Publishes messages such that none is lost silently.
package protocol MessagePublisher: Sendable {
    /// Publishes and returns when the broker has confirmed every publication and has returned none of them.
    ///
    /// Lost connections are re-opened underneath, and what was not confirmed is published again (so a consumer may
    /// see a message twice), until the configured confirm time-out has passed.
    ///
    /// - Throws: `PublishError`, naming each publication that failed and why; the others are confirmed.
    func publish(_ publications: [Publication]) async throws

    /// Closes the connection; publications not yet confirmed fail.
    func close() async
}

extension MessagePublisher {
    /// Publishes one message; see `publish(_:)` for many.
    package func publish(_ publication: Publication) async throws { try await publish([publication]) }
}

/// Takes messages out of queues.
package protocol MessageConsumer: Sendable {
    /// The next delivery, or nil once `stop()` or `close()` was called.
    ///
    /// Where deliveries of several queues wait here, those of the queue that was listed earlier go first. While the
    /// connection is lost this waits; `Broker.state` says why.
    ///
    /// - Throws: `CancellationError` if the waiting task is cancelled.
    func next() async throws -> Delivery?

    /// Tells the broker that the delivery is done with. The tag of a connection that was lost is dropped silently:
    /// the broker delivers that message again.
    func acknowledge(_ delivery: Delivery) async

    /// Gives the delivery back: to its queue if `requeue`, else to the dead-letter exchange.
    func reject(_ delivery: Delivery, requeue: Bool) async

    /// Changes how many deliveries of each queue may be unacknowledged at once.
    ///
    /// - Throws: `BrokerError` if the connection is lost meanwhile; the new number then holds for the next one.
    func setPrefetch(_ count: Int) async throws

    /// Stops consuming. Deliveries that were not handed out go back to their queues, and `next()` returns nil;
    /// those in hand can be acknowledged until `close()`.
    func stop() async

    /// Sends the acknowledgements that are under way and closes the connection; unacknowledged deliveries go back.
    func close() async
}

/// Declares and inspects exchanges, queues and bindings, and looks into queues that nobody consumes.
package protocol TopologyAdministrator: Sendable {
    /// Declares what is missing. What exists is left as it is.
    ///
    /// - Returns: What was created.
    /// - Throws: `BrokerError.topologyConflict` if something exists with other arguments.
    func apply(_ topology: TopologyDescription) async throws -> [TopologyChange]

    /// Checks without changing anything that exchanges and queues exist (passive declarations, which need no
    /// permission to configure). AMQP offers no way to look at bindings or at arguments without that permission.
    func verify(_ topology: TopologyDescription) async throws -> [TopologyDifference]

    /// Counts of the queues that exist; those that do not are left out.
    func queueStatus(_ queues: [String]) async throws -> [QueueStatus]

    /// Takes up to `limit` messages from a queue without acknowledging them: each is to be acknowledged or
    /// requeued, and goes back to the queue when this administrator is closed. Fewer if the queue has fewer.
    func fetch(from queue: String, limit: Int) async throws -> [Delivery]
    func acknowledge(_ delivery: Delivery) async throws
    func requeue(_ delivery: Delivery) async throws

    /// Removes all ready messages of a queue and says how many there were.
    @discardableResult
    func purge(_ queue: String) async throws -> Int
    func deleteQueue(_ queue: String) async throws
    func deleteExchange(_ exchange: String) async throws
    func unbind(_ binding: BindingDescription) async throws
    func close() async
}
