import Contracts
import Foundation
import Messaging
import Synchronization

/// Publishes studies that differ in their UID only, and waits for each one's result.
final class BenchmarkLoad: Sendable {
    private struct State {
        var next = 0
        var waiting: [String: (start: ContinuousClock.Instant, done: CheckedContinuation<Double, Never>)] = [:]
        var outcomes: [String: Int] = [:]
    }

    private let template: StudySubmitted
    private let publisher: any MessagePublisher
    private let consumer: any MessageConsumer
    private let state = Mutex(State())
    private let salt = UInt32.random(in: 1...UInt32.max)

    init(template: StudySubmitted, publisher: any MessagePublisher, consumer: any MessageConsumer) {
        self.template = template
        self.publisher = publisher
        self.consumer = consumer
    }

    var outcomes: [String: Int] { state.withLock { $0.outcomes } }

    private struct ResultEnvelope: Decodable {
        struct Body: Decodable { let studyInstanceUID: String? }

        let type: String
        let data: Body
    }

    /// Takes results until cancelled.
    func listen() async throws {
        let decoder = JSONDecoder()
        while let delivery = try await consumer.next() {
            await consumer.acknowledge(delivery)
            let envelope = try decoder.decode(ResultEnvelope.self, from: Data(delivery.body))
            let done = state.withLock { state -> (CheckedContinuation<Double, Never>, Double)? in
                state.outcomes[envelope.type, default: 0] += 1
                guard let uid = envelope.data.studyInstanceUID, let entry = state.waiting.removeValue(forKey: uid)
                else {
                    return nil
                }
                let duration = (ContinuousClock.now - entry.start).components
                return (entry.done, Double(duration.seconds) * 1e3 + Double(duration.attoseconds) * 1e-15)
            }
            if let (continuation, milliseconds) = done { continuation.resume(returning: milliseconds) }
        }
    }

    /// Publishes one study and waits for its result; milliseconds from before the publish to after the receipt.
    func once() async throws -> Double {
        var study = template
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        study.studyInstanceUID = "1.2.826.0.1.3680043.10.1561.9.\(salt).\(number)"
        let event = CloudEvent(
            id: "benchmark-\(salt)-\(number)", source: "urn:oncorelay:benchmark", subject: nil, correlationID: nil,
            causationID: nil, traceparent: nil, priority: .routine, attempt: 1, time: EventTime.now(), data: study)
        var properties = MessageProperties(messageID: event.id, type: event.type)
        properties.contentType = EventCoding.cloudEventsContentType
        let publication = Publication(
            exchange: Exchange.studies, routingKey: RoutingKey.submitted(.routine, site: nil),
            body: try EventCoding.encode(event), properties: properties)
        let uid = study.studyInstanceUID
        return await withCheckedContinuation { continuation in
            state.withLock { $0.waiting[uid] = (.now, continuation) }
            Task { try await publisher.publish(publication) }
        }
    }

    /// Studies one by one, with a breath between them.
    func idle(count: Int) async throws -> [Double] {
        var times: [Double] = []
        for _ in 0..<count {
            times.append(try await once())
            try await Task.sleep(for: .milliseconds(10))
        }
        return times
    }

    /// Studies per second with `inFlight` of them on their way at any time.
    func throughput(count: Int, inFlight: Int) async throws -> Double {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Double.self) { group in
            for index in 0..<count {
                if index >= inFlight { _ = try await group.next() }
                group.addTask { try await self.once() }
            }
            try await group.waitForAll()
        }
        let duration = (ContinuousClock.now - start).components
        return Double(count) / (Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
    }
}
