import Contracts
import Foundation
import Testing

/// Names of the broker's objects are part of the contract.
struct TopologyTests {
    @Test func workQueuesAreDrainedUrgentFirst() {
        #expect(QueueName.work(.preprocessing) == ["preprocessing.urgent", "preprocessing.routine"])
        #expect(QueueName.work(.brainMetastasis, .urgent) == "brain-metastasis.urgent")
    }

    @Test func everyStageHasAParkingQueue() {
        #expect(
            QueueName.allParking == [
                "parking.ingestion", "parking.preprocessing", "parking.brain-metastasis", "parking.lymph-node",
                "parking.aggregation", "parking.unrouted",
            ])
        #expect(QueueName.resultsAudit == "results.audit")
    }

    @Test func exchangesAreThoseOfTheContract() {
        #expect(
            [
                Exchange.studies, Exchange.pipeline, Exchange.results, Exchange.retry, Exchange.dead, Exchange.unrouted,
            ] == [
                "oncorelay.studies", "oncorelay.pipeline", "oncorelay.results", "oncorelay.retry", "oncorelay.dead",
                "oncorelay.unrouted",
            ])
    }

    @Test func retryLadderClimbsAndEnds() {
        let waits = (1...4).map { RetryLadder.rung(afterAttempt: $0)?.milliseconds }
        #expect(waits == [1_000, 5_000, 30_000, 300_000])
        for attempt in [Int.min, -1, 0, 5, Int.max] { #expect(RetryLadder.rung(afterAttempt: attempt) == nil) }
        #expect(Set(RetryLadder.rungs.map(QueueName.delay)) == ["delay.1s", "delay.5s", "delay.30s", "delay.5m"])
        #expect(
            RetryLadder.routingKey(RetryLadder.rungs[1], backTo: QueueName.work(.lymphNode, .routine))
                == "5s.lymph-node.routine")
    }

    @Test func routingKeysAreThoseOfTheContract() {
        #expect(RoutingKey.submitted(.urgent, site: nil) == "study.submitted.urgent")
        #expect(RoutingKey.submitted(.routine, site: "north") == "study.submitted.routine.north")
        #expect(RoutingKey.pipeline(StudyIngested.event, .urgent) == "study.ingested.urgent")
        #expect(RoutingKey.prepared(.lymphNode, .routine) == "region.prepared.lymph-node.routine")
        #expect(RoutingKey.progress(.preprocessing) == "result.progress.preprocessing")
        #expect(
            RoutingKey.result(ResultAmended.event, .lymphNode, finding: "negative")
                == "result.amended.lymph-node.negative")
    }

    @Test func taskIsAnsweredByTheStageOfItsName() {
        for task in ClinicalTask.allCases { #expect(task.stage.rawValue == task.rawValue) }
    }

    /// Each routing key that the code can make belongs to exactly one channel of asyncapi.yaml, and each channel
    /// that is a routing key to some key.
    @Test func asyncAPIHasOneChannelForEachRoutingKey() throws {
        let text = try String(contentsOf: ContractFiles.folder.appending(path: "asyncapi.yaml"), encoding: .utf8)
        let addresses = text.matches(of: /address: '?([a-z.{}A-Z]+)'?/).map { String($0.1) }
            .filter { !$0.hasPrefix("parking.") && $0 != QueueName.resultsAudit }
        #expect(addresses.count >= 16)
        var used = Set<String>()
        for key in Self.routingKeys {
            let fitting = addresses.filter { Self.fits(key, $0) }
            #expect(fitting.count == 1, "\(key): \(fitting)")
            used.formUnion(fitting)
        }
        #expect(used == Set(addresses))
        for exchange in [Exchange.studies, Exchange.pipeline, Exchange.results] {
            #expect(text.contains("name: \(exchange)\n"))
        }
        for name in [
            HeaderName.traceparent, HeaderName.attempt, HeaderName.failureCode, HeaderName.failureClass,
            HeaderName.failureStage, HeaderName.failureMessage, HeaderName.originalQueue, HeaderName.replayedAt,
        ] {
            #expect(text.contains("        \(name):\n"), "\(name)")
        }
    }

    private static let routingKeys: [String] = {
        var keys = [RoutingKey.accepted, RoutingKey.rejected, RoutingKey.failed]
        keys += StageName.allCases.map(RoutingKey.progress)
        for priority in Priority.allCases {
            keys += [RoutingKey.submitted(priority, site: nil), RoutingKey.submitted(priority, site: "north-1")]
            keys += [
                StudyIngested.event, StudyAdmitted.event, StudyRejected.event, StudyPlanned.event,
                RegionClassified.event, RegionLost.event, DeliveryParked.event,
            ].map { RoutingKey.pipeline($0, priority) }
            keys += ClinicalTask.allCases.map { RoutingKey.prepared($0, priority) }
        }
        for event in [ResultFinal.event, ResultPartial.event, ResultAmended.event] {
            for finding in ["sclc", "nsclc", "bc", "gic", "indeterminate"] {
                keys.append(RoutingKey.result(event, .brainMetastasis, finding: finding))
            }
            for finding in ["positive", "negative", "indeterminate"] {
                keys.append(RoutingKey.result(event, .lymphNode, finding: finding))
            }
        }
        return keys
    }()

    private static func fits(_ key: String, _ address: String) -> Bool {
        let words = key.split(separator: ".")
        let pattern = address.split(separator: ".")
        return words.count == pattern.count && zip(words, pattern).allSatisfy { $1.hasPrefix("{") || $0 == $1 }
    }
}
