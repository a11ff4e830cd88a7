import Contracts
import Messaging
import ServiceRuntime
import Synchronization
import Testing

@Suite struct StageRunnerTests {
    private let parking = QueueName.parking(.preprocessing)
    private let aggregation = QueueName.work(.aggregation, .routine)

    @Test func deliveryIsAcknowledgedOnlyAfterWhatFollowsIsPublished() async throws {
        let harness = try await RunnerHarness()
        let gate = Gate()
        let stage = RecordingStage { input, _ in
            await gate.wait()
            return [try Self.follows(input)]
        }
        try await harness.send("lesion-1")
        try await harness.run(stage) {
            try await harness.wait("work began") { stage.order == ["lesion-1"] }
            // In hand, so neither ready nor gone: nothing followed yet.
            #expect(try await harness.ready(aggregation) == 0)
            await gate.open()
            let events = try await harness.take(1, from: aggregation)
            #expect(events.first?.properties.type == RegionLost.eventType)
            try await harness.wait("acknowledged") {
                harness.metrics.counter(MetricNames.deliveries, [("outcome", "done")]) == 1
            }
        }
        #expect(try await harness.ready(QueueName.work(.preprocessing, .routine)) == 0)
    }

    @Test func workInHandAtTheEndIsFinishedAndAcknowledged() async throws {
        let harness = try await RunnerHarness()
        let gate = Gate()
        let stage = RecordingStage { input, _ in
            await gate.wait()
            return [try Self.follows(input)]
        }
        try await harness.send("lesion-1")
        try await harness.run(stage) {
            try await harness.wait("work began") { stage.order.count == 1 }
            Task {
                try await Task.sleep(for: .milliseconds(50))
                await gate.open()
            }
        }
        #expect(try await harness.ready(aggregation) == 1)
        #expect(try await harness.ready(QueueName.work(.preprocessing, .routine)) == 0)
    }

    @Test func urgentWorkIsTakenBeforeRoutineWork() async throws {
        let harness = try await RunnerHarness()
        let gate = Gate()
        let stage = RecordingStage { _, _ in
            await gate.wait()
            return []
        }
        var configuration = RunnerConfiguration(concurrency: 1)
        configuration.prefetch = 8
        try await harness.send("first")
        try await harness.run(stage, configuration) {
            try await harness.wait("the worker is busy") { stage.order.count == 1 }
            for index in 1...3 { try await harness.send("routine-\(index)") }
            for index in 1...3 { try await harness.send("urgent-\(index)", priority: .urgent) }
            await gate.open()
            try await harness.wait("all handled") { stage.order.count == 7 }
        }
        let urgent = stage.order.filter { $0.hasPrefix("urgent") }
        #expect(urgent.count == 3)
        // One routine delivery may already be in hand; from then on urgent ones go first.
        let tail = stage.order.drop { !$0.hasPrefix("urgent") }.prefix(3)
        #expect(tail.allSatisfy { $0.hasPrefix("urgent") })
    }

    @Test func transientFailureIsTriedAgainWithTheSameEventAndThenSucceeds() async throws {
        let harness = try await RunnerHarness()
        let attempts = Mutex<[Int]>([])
        let stage = RecordingStage { input, attempt in
            attempts.withLock { $0.append(attempt) }
            if attempt == 1 { throw Failure(.storeUnavailable, .transient, "the store is away") }
            return [try Self.follows(input)]
        }
        try await harness.send("lesion-1")
        try await harness.run(stage) {
            _ = try await harness.take(1, from: aggregation)
        }
        #expect(attempts.withLock { $0 } == [1, 2])
        #expect(try await harness.ready(parking) == 0)
    }

    @Test func aTransientFailureAtTheEndOfTheLadderIsParkedAndTold() async throws {
        let harness = try await RunnerHarness()
        let stage = RecordingStage { _, _ in throw Failure(.storeUnavailable, .transient, "the store is away") }
        try await harness.send("lesion-1", headers: [HeaderName.attempt: .int(Int64(RetryLadder.rungs.count))])
        try await harness.run(stage) {
            let parked = try await harness.take(1, from: parking)
            let headers = try #require(parked.first).properties.headers
            #expect(headers[HeaderName.failureCode]?.stringValue == ReasonCode.storeUnavailable.rawValue)
            #expect(headers[HeaderName.originalQueue]?.stringValue == QueueName.work(.preprocessing, .routine))
            let told = try await harness.take(1, from: aggregation)
            let event = try EventCoding.decodeEvent(DeliveryParked.self, from: try #require(told.first).body)
            #expect(event.data.regionID == "lesion-1")
            #expect(event.data.error.attempts == RetryLadder.rungs.count + 1)
        }
    }

    @Test func anInvalidInputBecomesARejectionAndIsNotParked() async throws {
        let harness = try await RunnerHarness()
        let stage = RecordingStage { _, _ in throw Failure(.maskEmpty, .invalid, "the mask is empty") }
        try await harness.send("lesion-1")
        try await harness.run(stage) {
            let told = try await harness.take(1, from: aggregation)
            let event = try EventCoding.decodeEvent(StudyRejected.self, from: try #require(told.first).body)
            #expect(event.data.error.code == .maskEmpty)
            #expect(event.data.error.stage == StageName.preprocessing.rawValue)
        }
        #expect(try await harness.ready(parking) == 0)
    }

    @Test func aBodyThatCannotBeReadIsParkedWithItsReason() async throws {
        let harness = try await RunnerHarness()
        let stage = RecordingStage()
        try await harness.send(body: Array("{\"specversion\":".utf8))
        try await harness.run(stage) {
            let parked = try await harness.take(1, from: parking)
            let headers = try #require(parked.first).properties.headers
            #expect(headers[HeaderName.failureCode]?.stringValue == ReasonCode.malformedJSON.rawValue)
            #expect(headers[HeaderName.failureClass]?.stringValue == FailureClass.poison.rawValue)
        }
        #expect(stage.order.isEmpty)
    }

    @Test func aMessageThatBroughtWorkersDownTooOftenIsParkedUntouched() async throws {
        let harness = try await RunnerHarness()
        let stage = RecordingStage()
        try await harness.send("lesion-1")
        // Five workers take it and die.
        for _ in 0..<5 {
            let consumer = try await harness.broker.makeConsumer(queues: QueueName.work(.preprocessing), prefetch: 1)
            _ = try await consumer.next()
            await consumer.close()
        }
        try await harness.run(stage) {
            let parked = try await harness.take(1, from: parking)
            let headers = try #require(parked.first).properties.headers
            #expect(headers[HeaderName.failureCode]?.stringValue == ReasonCode.workerCrashed.rawValue)
            #expect(headers["x-delivery-count"] == nil)
        }
        #expect(stage.order.isEmpty)
    }

    @Test func aWorkersFirstDeliveriesAreTakenOneByOne() async throws {
        let harness = try await RunnerHarness()
        let gate = Gate()
        let stage = RecordingStage { _, _ in
            await gate.wait()
            return []
        }
        for index in 1...8 { try await harness.send("lesion-\(index)") }
        try await harness.run(stage, RunnerConfiguration(concurrency: 4)) {
            try await harness.wait("one is in hand") { stage.order.count == 1 }
            try await Task.sleep(for: .milliseconds(30))
            #expect(stage.order.count == 1)
            await gate.open()
            try await harness.wait("all handled") { stage.order.count == 8 }
        }
        #expect(stage.mostAtOnce <= 4)
    }

    @Test func workThatTakesTooLongIsTriedAgainLater() async throws {
        let harness = try await RunnerHarness()
        let stage = RecordingStage { input, attempt in
            if attempt == 1 { try await Task.sleep(for: .seconds(60)) }
            return [try Self.follows(input)]
        }
        var configuration = RunnerConfiguration(concurrency: 1)
        configuration.processingTimeout = .milliseconds(50)
        try await harness.send("lesion-1")
        try await harness.run(stage, configuration) {
            _ = try await harness.take(1, from: aggregation)
        }
        #expect(harness.metrics.counter(MetricNames.failures, [("code", ReasonCode.processingTimeout.rawValue)]) == 1)
    }

    @Test func theTraceGoesOnThroughEveryHop() async throws {
        let harness = try await RunnerHarness()
        let trace = Mutex<String?>(nil)
        let stage = RecordingStage { input, _ in
            trace.withLock { $0 = input.traceparent }
            return []
        }
        try await harness.send("lesion-1")
        try await harness.run(stage) {
            try await harness.wait("handled") { stage.order.count == 1 }
        }
        #expect(trace.withLock { $0 }?.contains("0af7651916cd43dd8448eb211c80319c") == true)
    }

    private static func follows(_ input: StageInput<RegionLost>) throws -> OutgoingEvent {
        OutgoingEvent(
            id: input.eventID, type: RegionLost.eventType, correlationID: "run", traceparent: nil,
            source: .preprocessing, exchange: Exchange.pipeline,
            routingKey: RoutingKey.pipeline(RegionLost.event, .routine), body: try EventCoding.encode(input.payload))
    }
}

/// Closed until it is opened; then open for all.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        if isOpen { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
