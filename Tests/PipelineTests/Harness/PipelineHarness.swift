import Contracts
import EmbeddedPipeline
import Foundation
import Logging
import Messaging
import ServiceRuntime
import TensorStore
import Testing

/// All five stages in this process, a folder of studies, and everything that is emitted on record.
struct PipelineHarness: Sendable {
    let folder: StudyFolder
    let broker: any Broker
    let store: WatchfulStore
    let journal = EventJournal()
    let clock: PipelineClock
    private let publisher: any MessagePublisher

    /// Runs a pipeline for as long as `body` does.
    ///
    /// - Parameters:
    ///   - models: what lies in the folder of models.
    ///   - store: of the tensors.
    ///   - broker: takes bodies that are larger than ours may be, unless it is another one.
    ///   - roots: beneath which locations resolve; nil for the folder's own.
    ///   - log: takes each line of the stages' logs.
    ///   - body: is given the harness.
    /// - Throws: what `body` throws.
    static func run(
        models: ModelSet = .tiny, store: WatchfulStore = WatchfulStore(),
        broker: any Broker = InMemoryBroker(maximumPublicationBytes: 8 << 20), roots: [String]? = nil,
        log: (@Sendable (String) -> Void)? = nil,
        _ body: @escaping @Sendable (PipelineHarness) async throws -> Void
    ) async throws {
        let folder = try StudyFolder()
        try models.write(to: folder.models)
        let settings = EmbeddedSettings(
            roots: roots ?? [folder.root], models: folder.models, heatmaps: folder.heatmaps, threads: 2)
        let logger = Logger(label: "pipeline-tests") { _ in
            if let log { return LineLogHandler(line: log) }
            return SwiftLogNoOpLogHandler()
        }
        let clock = PipelineClock()
        let pipeline = EmbeddedPipeline(
            settings: settings, logger: logger, broker: broker, store: store, now: { clock.now })
        try await pipeline.run { broker in
            let publisher = try await broker.makePublisher()
            let harness = PipelineHarness(
                folder: folder, broker: broker, store: store, clock: clock, publisher: publisher)
            try await harness.listening { try await body(harness) }
            await publisher.close()
        }
    }

    private init(
        folder: StudyFolder, broker: any Broker, store: WatchfulStore, clock: PipelineClock,
        publisher: any MessagePublisher
    ) {
        self.folder = folder
        self.broker = broker
        self.store = store
        self.clock = clock
        self.publisher = publisher
    }

    /// Records what is routed between the stages and to subscribers while `body` runs. The bindings are those of the
    /// topology, so that what nobody wants still counts as unroutable.
    private func listening(_ body: () async throws -> Void) async throws {
        let queue = "test.everything"
        let keys = OncoRelayTopology.description.bindings.filter { $0.exchange == Exchange.pipeline }
        let administrator = try await broker.makeAdministrator()
        _ = try await administrator.apply(
            TopologyDescription(
                queues: [QueueDescription(name: queue, kind: .classic)],
                bindings: keys.map {
                    BindingDescription(exchange: $0.exchange, queue: queue, routingKey: $0.routingKey)
                } + [BindingDescription(exchange: Exchange.results, queue: queue, routingKey: "result.#")]))
        await administrator.close()
        let consumer = try await broker.makeConsumer(queues: [queue], prefetch: 64)
        let ear = Task { [journal] in
            while let delivery = try? await consumer.next() {
                journal.record(delivery)
                await consumer.acknowledge(delivery)
            }
        }
        defer { ear.cancel() }
        try await body()
        await consumer.stop()
        await ear.value
        await consumer.close()
    }

    // MARK: - Publishing

    /// Publishes a study as bare JSON or, with a trace, in its envelope; returns the submission's id.
    @discardableResult
    func publish(_ study: StudySubmitted, trace: TraceContext? = nil) async throws -> String {
        let id = UUID().uuidString.lowercased()
        var submission = Submission(try EventCoding.encode(study), priority: study.priority ?? .routine)
        if let trace {
            let event = CloudEvent(
                id: id, source: "urn:test", subject: nil, correlationID: nil, causationID: nil,
                traceparent: trace.traceparent, priority: submission.priority, attempt: 1, time: EventTime.now(),
                data: study)
            submission = Submission(
                try EventCoding.encode(event), contentType: EventCoding.cloudEventsContentType,
                priority: submission.priority)
        }
        try await publish(submission, id: id)
        return id
    }

    @discardableResult
    func publish(_ submission: Submission, id: String = UUID().uuidString.lowercased()) async throws -> String {
        try await publisher.publish(
            Publication(
                exchange: Exchange.studies, routingKey: RoutingKey.submitted(submission.priority, site: nil),
                body: submission.body,
                properties: MessageProperties(messageID: id, contentType: submission.contentType)))
        return id
    }

    func publish(_ publication: Publication) async throws { try await publisher.publish(publication) }

    // MARK: - What came of it

    /// Publishes a study, and waits for the event that ends it.
    func ending(of study: StudySubmitted, trace: TraceContext? = nil) async throws -> RecordedEvent {
        let id = try await publish(study, trace: trace)
        return try await ending(of: study.studyInstanceUID, submission: id)
    }

    /// Waits for the event that ends a study or, where it could not be read so far, its submission.
    func ending(of study: String, submission: String? = nil) async throws -> RecordedEvent {
        func found() -> RecordedEvent? {
            journal.endings(of: study).last ?? submission.flatMap { journal.endings(ofSubmission: $0).last }
        }
        _ = await journal.wait { _ in found() != nil }
        return try #require(found(), "nothing came of study \(study)")
    }

    /// A study that nothing is wrong with goes through.
    func expectAGoodStudyGoesThrough(_ number: Int = 1, _ location: SourceLocation = #_sourceLocation) async throws {
        let ending = try await ending(of: try folder.brainStudy("1.2.3.99.\(number)"))
        #expect(ending.event == ResultFinal.event, sourceLocation: location)
    }

    /// Messages in parking queues.
    func parked() async throws -> [Delivery] {
        let administrator = try await broker.makeAdministrator()
        var found: [Delivery] = []
        for queue in QueueName.allParking { found += try await administrator.fetch(from: queue, limit: 1000) }
        await administrator.close()
        return found
    }

    /// Waits until the tensors of all studies are deleted.
    func expectAnEmptyStore(_ location: SourceLocation = #_sourceLocation) async throws {
        let isEmpty = try await journal.wait(seconds: 30) { _ in try await store.inner.keys(prefix: "").isEmpty }
        let keys = try await store.inner.keys(prefix: "")
        #expect(isEmpty, "left behind: \(keys)", sourceLocation: location)
    }
}

/// A message to ingestion.
struct Submission: Sendable {
    var body: [UInt8]
    var contentType: String
    var priority: Priority

    init(_ body: [UInt8], contentType: String = "application/json", priority: Priority = .routine) {
        self.body = body
        self.contentType = contentType
        self.priority = priority
    }
}

extension Delivery {
    /// The reason that a stage wrote on a message that it parked.
    var parkingCode: String? { properties.headers[HeaderName.failureCode]?.stringValue }
}

/// Hands every line of a log on, with its metadata, whatever its level.
struct LineLogHandler: LogHandler {
    let line: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(line: @escaping @Sendable (String) -> Void) { self.line = line }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(
        level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String,
        function: String, line number: UInt
    ) {
        line("\(level) \(message) \(self.metadata) \(metadata ?? [:])")
    }
}
