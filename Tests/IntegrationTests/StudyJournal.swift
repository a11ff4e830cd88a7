import Contracts
import Foundation
import Messaging
import ServiceRuntime
import Synchronization

/// What was published, and what came out: the figures by which nothing is lost and nothing counts twice.
final class StudyJournal: Sendable {
    struct Outcome: Sendable, Equatable {
        let eventID: String
        let type: String
        let finding: String
    }

    private struct State {
        var published: Set<String> = []
        /// By study: the events that ended it.
        var outcomes: [String: [Outcome]] = [:]
        /// Every event as it came, for validation.
        var bodies: [[UInt8]] = []
        var accepted: Set<String> = []
    }

    private let state = Mutex(State())

    func published(_ study: String) { state.withLock { _ = $0.published.insert(study) } }

    var bodies: [[UInt8]] { state.withLock { $0.bodies } }
    var acceptedCount: Int { state.withLock { $0.accepted.count } }
    func outcomes(of study: String) -> [Outcome] { state.withLock { $0.outcomes[study] ?? [] } }

    /// Studies of which nothing has come out.
    var lost: Set<String> { state.withLock { state in state.published.filter { state.outcomes[$0] == nil } } }

    /// Studies that ended by two different events: counted twice by whoever goes by event ids.
    var duplicated: [String] {
        state.withLock { state in
            state.outcomes.filter { Set($0.value.map(\.eventID)).count > 1 }.map(\.key)
        }
    }

    /// Results of studies that nobody published.
    var unexpected: [String] {
        state.withLock { state in state.outcomes.keys.filter { !state.published.contains($0) } }
    }

    func observe(_ delivery: Delivery) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(delivery.body)) as? [String: Any],
            let type = object["type"] as? String, let id = object["id"] as? String,
            let data = object["data"] as? [String: Any]
        else { return }
        let study = data["studyInstanceUID"] as? String ?? "unknown"
        let patient = data["patient"] as? [String: Any]
        let finding = (patient?["origin"] ?? patient?["status"]) as? String ?? ""
        let ending = ["result.final", "result.partial", "result.failed", "result.rejected", "result.amended"]
        state.withLock { state in
            state.bodies.append(delivery.body)
            if type.contains("result.accepted") { state.accepted.insert(study) }
            if ending.contains(where: { type == EventType.prefix + $0 + EventType.version }) {
                state.outcomes[study, default: []].append(Outcome(eventID: id, type: type, finding: finding))
            }
        }
    }
}

/// A subscriber to the results, and a publisher of studies.
final class SiteClient: Sendable {
    let journal = StudyJournal()
    let broker: RabbitMQBroker
    private let site: Site
    private let publisher: any MessagePublisher
    private let consumer: any MessageConsumer
    private let listening: Task<Void, Never>

    init(_ site: Site) async throws {
        self.site = site
        broker = site.broker
        publisher = try await broker.makePublisher()
        let queue = "test.results.\(UUID().uuidString.lowercased())"
        let administrator = try await broker.makeAdministrator()
        _ = try await administrator.apply(
            TopologyDescription(
                queues: [QueueDescription(name: queue, kind: .quorum)],
                bindings: [BindingDescription(exchange: Exchange.results, queue: queue, routingKey: "result.#")]))
        await administrator.close()
        consumer = try await broker.makeConsumer(queues: [queue], prefetch: 64)
        listening = Task { [consumer, journal] in
            while let delivery = try? await consumer.next() {
                journal.observe(delivery)
                await consumer.acknowledge(delivery)
            }
        }
    }

    func close() async {
        await consumer.stop()
        await listening.value
        await consumer.close()
        await publisher.close()
    }

    func publish(_ study: StudySubmitted, times: Int = 1) async throws {
        journal.published(study.studyInstanceUID)
        let body = try EventCoding.encode(study)
        for _ in 0..<times { try await publish(body: body, priority: study.priority ?? .routine) }
    }

    func publish(body: [UInt8], priority: Priority = .routine) async throws {
        try await publisher.publish(
            Publication(
                exchange: Exchange.studies, routingKey: RoutingKey.submitted(priority, site: nil), body: body,
                properties: MessageProperties(contentType: "application/json")))
    }

    /// Waits until a condition holds, at most a generous while.
    func wait(seconds: Int = 120, until condition: () async throws -> Bool) async rethrows -> Bool {
        for _ in 0..<(seconds * 50) {
            if try await condition() { return true }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// Waits until every published study has an outcome; prints where everything stands when one has none.
    func waitForAll(seconds: Int = 120) async -> Bool {
        if await wait(seconds: seconds, until: { journal.lost.isEmpty }) { return true }
        let queues = StageName.allCases.flatMap { QueueName.work($0) } + QueueName.allParking
        if let administrator = try? await broker.makeAdministrator() {
            print("queues:", (try? await administrator.queueStatus(queues)) ?? [])
            await administrator.close()
        }
        for stage in StageName.allCases {
            print("\(stage.rawValue):", (try? site.service(stage)?.get("/readyz").body) ?? "does not answer")
        }
        print((try? site.logs()) ?? "")
        return false
    }

    func ready(_ queues: [String]) async throws -> Int {
        let administrator = try await broker.makeAdministrator()
        let count = try await administrator.queueStatus(queues).reduce(0) { $0 + $1.ready }
        await administrator.close()
        return count
    }
}
