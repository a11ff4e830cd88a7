import Contracts
import Logging
import Messaging
import ServiceRuntime
import Testing

/// A broker in memory with the whole topology, and a runner over it.
struct RunnerHarness {
    let broker = InMemoryBroker()
    let metrics = MetricsRegistry()
    let publisher: any MessagePublisher
    let administrator: any TopologyAdministrator

    init() async throws {
        publisher = try await broker.makePublisher()
        administrator = try await broker.makeAdministrator()
        _ = try await administrator.apply(OncoRelayTopology.description)
    }

    /// Runs a stage while `body` does its part, then drains it.
    func run(
        _ stage: RecordingStage, _ configuration: RunnerConfiguration = RunnerConfiguration(concurrency: 4),
        _ body: () async throws -> Void
    ) async throws {
        let runner = StageRunner(
            stage: stage, broker: broker, configuration: configuration, metrics: metrics,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { try await runner.run() }
        try await body()
        task.cancel()
        try await task.value
    }

    /// Puts a lesion's event straight into a queue of the stage.
    func send(_ region: String, priority: Priority = .routine, headers: [String: HeaderValue] = [:]) async throws {
        try await send(body: Self.body(region), priority: priority, headers: headers)
    }

    func send(body: [UInt8], priority: Priority = .routine, headers: [String: HeaderValue] = [:]) async throws {
        let properties = MessageProperties(messageID: "message", headers: headers)
        try await publisher.publish(
            Publication(
                exchange: "", routingKey: QueueName.work(RecordingStage.name, priority), body: body,
                properties: properties))
    }

    static func body(_ region: String) throws -> [UInt8] {
        let failure = Failure(.tensorMissing, .transient, "gone")
        return try EventCoding.encode(
            CloudEvent(
                id: "event-\(region)", source: "urn:test", subject: "run", correlationID: "run", causationID: nil,
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", priority: .routine, attempt: 1,
                time: EventTime.now(), data: RegionLost(runID: "run", regionID: region, error: failure)))
    }

    /// Waits until `count` messages lie in a queue and takes them.
    func take(_ count: Int, from queue: String) async throws -> [Delivery] {
        for _ in 0..<2_000 {
            let status = try await administrator.queueStatus([queue])
            if let first = status.first, first.ready >= count { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        return try await administrator.fetch(from: queue, limit: count)
    }

    func ready(_ queue: String) async throws -> Int {
        try await administrator.queueStatus([queue]).first?.ready ?? 0
    }

    /// Waits until a condition holds; the test fails when it never does.
    func wait(_ what: Comment, until condition: () async throws -> Bool) async throws {
        for _ in 0..<2_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(what)
    }
}
