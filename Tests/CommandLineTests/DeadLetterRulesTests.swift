import Contracts
import Messaging
import Testing

@testable import oncorelay

@Suite struct DeadLetterRulesTests {
    static func death(_ queue: String, _ reason: String, count: Int64 = 1, time: Int64 = 1_700_000_000) -> HeaderValue {
        .table([
            "queue": .string(queue), "reason": .string(reason), "count": .int(count), "time": .timestamp(time),
            "exchange": .string("oncorelay.pipeline"), "routing-keys": .array([.string("k")]),
        ])
    }

    /// A delivery as it lies in a parking queue; taken through a broker, which alone can make one.
    static func parked(
        _ headers: [String: HeaderValue], in queue: String = QueueName.parking(.preprocessing),
        messageID: String? = "m-1"
    ) async throws -> Delivery {
        let broker = InMemoryBroker()
        let administrator = try await broker.makeAdministrator()
        _ = try await administrator.apply(TopologyDescription(queues: [QueueDescription(name: queue)]))
        var properties = MessageProperties(
            messageID: messageID, correlationID: "run-1", type: "t", timestamp: 1_699_999_000)
        properties.userID = "guest"
        properties.headers = headers
        try await broker.makePublisher().publish(
            Publication(exchange: "", routingKey: queue, body: [1, 2, 3], properties: properties))
        return try #require(try await administrator.fetch(from: queue, limit: 1).first)
    }

    static let byStage: [String: HeaderValue] = [
        HeaderName.originalQueue: .string("preprocessing.urgent"), HeaderName.failureCode: .string("tensor-missing"),
        HeaderName.failureClass: .string("transient"), HeaderName.failureStage: .string("preprocessing"),
        HeaderName.failureMessage: .string("no such tensor"), HeaderName.traceparent: .string("00-a-b-01"),
        HeaderName.attempt: .int(4), ParkingReason.parkedAtHeader: .int(1_700_000_050),
    ]

    @Test func stagesOwnWordsDescribeTheMessage() async throws {
        let message = ParkedMessage(try await Self.parked(Self.byStage), index: 3, now: 1_700_000_100)
        #expect(message.index == 3)
        #expect(message.queue == "parking.preprocessing")
        #expect(message.messageID == "m-1")
        #expect(message.runID == "run-1")
        #expect(message.code == "tensor-missing")
        #expect(message.failureClass == "transient")
        #expect(message.stage == "preprocessing")
        #expect(message.message == "no such tensor")
        #expect(message.attempts == 4)
        #expect(message.originalQueue == "preprocessing.urgent")
        #expect(message.parkedAt == "2023-11-14T22:14:10.000Z")
        #expect(message.ageSeconds == 50)
        #expect(message.sizeBytes == 3)
        #expect(message.deaths.isEmpty)
    }

    @Test func brokersRecordDescribesWhatTheBrokerParked() async throws {
        let headers: [String: HeaderValue] = [
            "x-death": .array([
                Self.death("brain-metastasis.routine", "delivery_limit", time: 1_700_000_000),
                Self.death("delay.1s", "expired"),
            ]),
            "x-first-death-queue": .string("delay.1s"),
        ]
        let message = ParkedMessage(
            try await Self.parked(headers, in: QueueName.parking(.brainMetastasis)), index: 0, now: 1_700_000_007)
        #expect(message.code == "worker-crashed")
        #expect(message.failureClass == "poison")
        #expect(message.stage == "brain-metastasis")
        #expect(message.originalQueue == "brain-metastasis.routine")
        #expect(message.deaths.map(\.queue) == ["brain-metastasis.routine", "delay.1s"])
        #expect(message.ageSeconds == 7)
    }

    @Test func unroutedMessageNamesTheBindingThatIsMissing() async throws {
        let message = ParkedMessage(
            try await Self.parked([:], in: QueueName.parkingUnrouted), index: 0, now: 1_700_000_000)
        #expect(message.code == "unroutable")
        #expect(message.message.contains("routing key"))
        #expect(message.originalQueue == nil)
        #expect(message.ageSeconds == 1_000)
    }

    @Test func replayTakesAwayTheFailureAndTheBrokersWay() async throws {
        var headers = Self.byStage
        headers["x-death"] = .array([Self.death("preprocessing.urgent", "delivery_limit")])
        headers["x-first-death-reason"] = .string("delivery_limit")
        headers["x-delivery-count"] = .int(9)
        let delivery = try await Self.parked(headers)
        let publication = try ReplayRules.publication(of: delivery, now: 42)
        #expect(publication.exchange == "")
        #expect(publication.routingKey == "preprocessing.urgent")
        #expect(publication.isMandatory)
        #expect(publication.body == delivery.body)
        #expect(publication.properties.messageID == "m-1")
        #expect(publication.properties.correlationID == "run-1")
        #expect(publication.properties.type == "t")
        #expect(publication.properties.userID == nil)
        #expect(
            publication.properties.headers == [
                HeaderName.traceparent: .string("00-a-b-01"), HeaderName.replayedAt: .int(42),
            ])
    }

    @Test func brokersRecordLeadsBackToTheWorkQueueAndNotToTheDelayQueue() async throws {
        let delivery = try await Self.parked([
            "x-death": .array([
                Self.death("delay.5s", "expired"), Self.death("ingestion.routine", "delivery_limit"),
            ])
        ])
        #expect(try ReplayRules.destination(of: delivery) == .init(exchange: "", routingKey: "ingestion.routine"))
    }

    @Test func headerCannotSteerAMessageOutsideTheWorkQueues() async throws {
        let delivery = try await Self.parked([HeaderName.originalQueue: .string("results.audit")])
        let refusal = #expect(throws: ReplayRules.Refusal.self) { try ReplayRules.publication(of: delivery, now: 1) }
        #expect(refusal?.reason.contains("--to") == true)
        #expect(try ReplayRules.destination(of: delivery, to: "lymph-node.urgent").routingKey == "lymph-node.urgent")
    }
}
