import Contracts
import Foundation
import Messaging
import ServiceRuntime
import Testing

/// Model folders that are not there, or damaged: studies wait, and then end in a word that says why.
struct ModelTroubleTests {
    @Test(arguments: [ModelSet.absent, .empty])
    func aStudyWaitsForItsModelsAndCompletesWhenTheyCome(models: ModelSet) async throws {
        try await PipelineHarness.run(models: models) { harness in
            let hand = try await RetryLadderHand(harness)
            let study = try harness.folder.brainStudy("1.2.3.1")
            try await harness.publish(study)
            let waiting = try #require(try await hand.next())
            #expect(waiting.queue == QueueName.delay(RetryLadder.rungs[0]))
            #expect(waiting.properties.headers[HeaderName.attempt]?.intValue == 1)
            #expect(harness.journal.endings(of: study.studyInstanceUID).isEmpty)
            try ModelSet.tiny.write(to: harness.folder.models)
            try await hand.sendBack(waiting)
            let ending = try await hand.hurrying { try await harness.ending(of: study.studyInstanceUID) }
            try ResultChecks(ending: ending, study: study, harness: harness).expectComplete(regions: ["label-1"])
            #expect(try await harness.parked().isEmpty)
            try await harness.expectAnEmptyStore()
        }
    }

    @Test func aStudyWhoseModelsNeverComeFailsAndReplayBringsItBack() async throws {
        try await PipelineHarness.run(models: .absent) { harness in
            let study = try harness.folder.brainStudy("1.2.3.1")
            let hand = try await RetryLadderHand(harness)
            try await hand.hurrying {
                let ending = try await harness.ending(of: study)
                #expect(ending.event == ResultFailed.event)
                let failed = try ending.payload(ResultFailed.self)
                #expect(failed.error.code == .modelMissing)
                #expect(failed.error.attempts == RetryLadder.rungs.count + 1)
                #expect(failed.status == .failed)
                // Its tensors are deleted with it: what is replayed is made again from its files.
                try await harness.expectAnEmptyStore()

                let administrator = try await harness.broker.makeAdministrator()
                let queue = QueueName.parking(.preprocessing)
                let parked = try #require(try await administrator.fetch(from: queue, limit: 2).first)
                #expect(parked.parkingCode == ReasonCode.modelMissing.rawValue)
                try ModelSet.tiny.write(to: harness.folder.models)
                try await harness.publish(Self.replay(of: parked))
                try await administrator.acknowledge(parked)
                await administrator.close()
                #expect(await harness.journal.wait { $0.endings(of: study.studyInstanceUID).count == 2 })
            }
            let amended = try #require(harness.journal.endings(of: study.studyInstanceUID).last)
            #expect(amended.event == ResultAmended.event)
            #expect(try amended.result().status == .final)
            #expect(try await harness.parked().isEmpty)
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    /// While it waits for its models a study's time runs out; what comes too late still counts.
    @Test func aStudyEndsAtItsDeadlineAndALateAnswerAmendsIt() async throws {
        try await PipelineHarness.run(models: .absent) { harness in
            let hand = try await RetryLadderHand(harness)
            var study = try harness.folder.brainStudy("1.2.3.1")
            study.policy?.deadlineSeconds = 600
            try await harness.publish(study)
            // The deadline passes while a classifier waits for its network.
            let waiting = try #require(try await hand.next())
            harness.clock.pass(seconds: 601)
            let ending = try await harness.ending(of: study.studyInstanceUID)
            #expect(ending.event == ResultFailed.event)
            #expect(try ending.failure().code == .deadlineExceeded)
            try ModelSet.tiny.write(to: harness.folder.models)
            try await hand.sendBack(waiting)
            try await hand.hurrying {
                #expect(await harness.journal.wait { $0.endings(of: study.studyInstanceUID).count == 2 })
            }
            let amended = try #require(harness.journal.endings(of: study.studyInstanceUID).last)
            #expect(amended.event == ResultAmended.event)
            #expect(try amended.result().status == .final)
            #expect(try await harness.parked().isEmpty)
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    /// What `oncorelay dead-letters replay` publishes.
    private static func replay(of parked: Delivery) throws -> Publication {
        let queue = try #require(parked.properties.headers[HeaderName.originalQueue]?.stringValue)
        var properties = parked.properties.withoutBrokerHeaders
        properties.headers = properties.headers.filter { !$0.key.hasPrefix("x-oncorelay-") }
        properties.headers[HeaderName.replayedAt] = .int(EventTime.secondsSince1970())
        return Publication(exchange: "", routingKey: queue, body: parked.body, properties: properties)
    }

    /// A damaged network is named in a result that says the rest.
    @Test func studiesWithoutTheirBranchesEndPartial() async throws {
        try await PipelineHarness.run { harness in
            for role in [ClassifierRole.sclcVersusNSCLC, .bcVersusGIC] {
                try harness.folder.truncateWeights(of: role)
            }
            let study = try harness.folder.brainStudy("1.2.3.1")
            let ending = try await harness.ending(of: study)
            #expect(ending.event == ResultPartial.event)
            let result = try ending.result()
            let region = try #require(result.regions.first)
            #expect(region.decisionPath.count == 2)
            #expect(region.decisionPath.first?.heatmap != nil)
            #expect(region.decisionPath.last?.abstained?.code == .modelDamaged)
            #expect(region.abstained?.code == .modelDamaged)
            #expect(region.label == "indeterminate")
            #expect(result.patient.label == "indeterminate")
            #expect(Set(region.probabilities.keys) == ["lung", "non-lung"])
            #expect(result.models.map(\.role) == ["lung-vs-non-lung"])
            #expect(!(region.abstained?.reason.contains(study.studyInstanceUID) ?? true))
            try EventSchemas.expectValid(harness.journal.events)

            // The other task's models are whole.
            let node = try harness.folder.nodeStudy("1.2.3.2")
            let other = try await harness.ending(of: node)
            try ResultChecks(ending: other, study: node, harness: harness)
                .expectComplete(regions: ["label-1", "label-2"])
            try await harness.expectAnEmptyStore()
        }
    }

    @Test func aStudyWaitsForDamagedWeightsAndCompletesWhenTheyAreMended() async throws {
        try await PipelineHarness.run { harness in
            try harness.folder.truncateWeights(of: .nodeStatus)
            let hand = try await RetryLadderHand(harness)
            let study = try harness.folder.nodeStudy("1.2.3.1")
            try await harness.publish(study)
            let waiting = try #require(try await hand.next())
            #expect(waiting.routingKey.hasSuffix(QueueName.work(.lymphNode, .routine)))
            try ModelSet.tiny.write(to: harness.folder.models)
            try await hand.sendBack(waiting)
            let ending = try await hand.hurrying { try await harness.ending(of: study.studyInstanceUID) }
            try ResultChecks(ending: ending, study: study, harness: harness)
                .expectComplete(regions: ["label-1", "label-2"])
            try await harness.expectAnEmptyStore()
        }
    }

    @Test func aStudyWhoseWeightsStayDamagedFailsAndSaysSo() async throws {
        try await PipelineHarness.run { harness in
            try harness.folder.truncateWeights(of: .nodeStatus)
            let study = try harness.folder.nodeStudy("1.2.3.1")
            let hand = try await RetryLadderHand(harness)
            let ending = try await hand.hurrying { try await harness.ending(of: study) }
            #expect(ending.event == ResultFailed.event)
            let failure = try ending.failure()
            #expect(failure.code == .modelDamaged)
            #expect(failure.stage == StageName.lymphNode.rawValue)
            #expect(failure.message.contains("weights.safetensors"))
            #expect(
                try await harness.parked().map(\.queue) == Array(repeating: QueueName.parking(.lymphNode), count: 2))
            try await harness.expectAGoodStudyGoesThrough()
            try await harness.expectAnEmptyStore()
        }
    }

    /// A description that cannot be read could be any network's: studies wait until it is mended.
    @Test func aStudyWaitsForABrokenDescriptionAndCompletesWhenItIsMended() async throws {
        try await PipelineHarness.run { harness in
            try harness.folder.breakDescription(of: .bcVersusGIC)
            let hand = try await RetryLadderHand(harness)
            let study = try harness.folder.brainStudy("1.2.3.1")
            try await harness.publish(study)
            let waiting = try #require(try await hand.next())
            #expect(harness.journal.endings(of: study.studyInstanceUID).isEmpty)
            try ModelSet.tiny.write(to: harness.folder.models)
            try await hand.sendBack(waiting)
            let ending = try await hand.hurrying { try await harness.ending(of: study.studyInstanceUID) }
            try ResultChecks(ending: ending, study: study, harness: harness).expectComplete(regions: ["label-1"])
            try await harness.expectAnEmptyStore()
        }
    }

    @Test func aStudyFailsByABrokenDescriptionThatNobodyMends() async throws {
        try await PipelineHarness.run { harness in
            try harness.folder.breakDescription(of: .lungVersusNonLung)
            let study = try harness.folder.brainStudy("1.2.3.1")
            let hand = try await RetryLadderHand(harness)
            let ending = try await hand.hurrying { try await harness.ending(of: study) }
            #expect(ending.event == ResultFailed.event)
            #expect(try ending.failure().code == .modelDamaged)
            #expect(try await harness.parked().map(\.parkingCode) == [ReasonCode.modelDamaged.rawValue])
            try await harness.expectAnEmptyStore()
        }
    }
}

extension StudyFolder {
    fileprivate func truncateWeights(of role: ClassifierRole) throws {
        let file = URL(fileURLWithPath: "\(models)/\(role.rawValue)/weights.safetensors")
        let data = try Data(contentsOf: file)
        try data.prefix(data.count / 2).write(to: file)
    }

    fileprivate func breakDescription(of role: ClassifierRole) throws {
        let file = URL(fileURLWithPath: "\(models)/\(role.rawValue)/model.json")
        let data = try Data(contentsOf: file)
        try data.prefix(data.count / 2).write(to: file)
    }
}
