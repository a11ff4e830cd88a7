import Contracts
import Foundation
import Messaging
import ServiceRuntime
import Testing

/// What cannot be used is said to be so, with its reason, and holds nobody up.
struct BadInputTests {
    /// Each alone: its documented reason and ending; afterwards a good study goes through, and nothing is left behind.
    @Test(arguments: BadInput.all)
    func badInputEndsWithItsReasonAndTheNextStudyGoesThrough(_ input: BadInput) async throws {
        try await PipelineHarness.run { harness in
            let uid = "1.2.3.1"
            let id = try await harness.publish(try input.submission(harness.folder, uid))
            let ending = try await harness.ending(of: uid, submission: id)
            try Self.check(ending, of: input, submission: id)
            let parked = try await harness.parked()
            switch input.ending {
            case .rejectedAndParked:
                #expect(parked.map(\.queue) == [QueueName.parking(.ingestion)])
                #expect(parked.first?.parkingCode == input.code.rawValue)
            case .rejected, .partial: #expect(parked.isEmpty)
            }
            try await harness.expectAGoodStudyGoesThrough()
            try await harness.expectAnEmptyStore()
        }
    }

    /// All at once among good studies: each ends as it does alone, and every event is as published.
    @Test func manyBadInputsAtOnceHoldNoGoodStudyUp() async throws {
        try await PipelineHarness.run { harness in
            var submissions: [(input: BadInput, uid: String, id: String)] = []
            var good: [String] = []
            for (index, input) in BadInput.all.enumerated() {
                let uid = "1.2.3.4.\(index)"
                let submission = try input.submission(harness.folder, uid)
                submissions.append((input, uid, try await harness.publish(submission)))
                if index % 5 == 0 {
                    good.append("1.2.3.5.\(index)")
                    try await harness.publish(try harness.folder.brainStudy(good.last ?? ""))
                }
            }
            for (input, uid, id) in submissions {
                try Self.check(try await harness.ending(of: uid, submission: id), of: input, submission: id)
            }
            for uid in good { #expect(try await harness.ending(of: uid).event == ResultFinal.event) }
            let codes = try await harness.parked().map { $0.parkingCode ?? "" }.sorted()
            #expect(codes == BadInput.bodies.map(\.code.rawValue).sorted())
            try await harness.expectAnEmptyStore()
            try EventSchemas.expectValid(harness.journal.events)
        }
    }

    /// With the limits that services have, a body that was too large to be read is also too large to be published
    /// again: the broker itself must park it.
    @Test func aBodyTooLargeToBePublishedAgainIsRejectedAndParkedByTheBroker() async throws {
        let broker = LimitedBroker(publicationLimit: EventCoding.bodyLimit)
        try await PipelineHarness.run(broker: broker) { harness in
            let large = try #require(BadInput.bodies.first { $0.code == .bodyTooLarge })
            let publisher = try await broker.inner.makePublisher()
            try await publisher.publish(
                Publication(
                    exchange: Exchange.studies, routingKey: RoutingKey.submitted(.routine, site: nil),
                    body: try large.submission(harness.folder, "1.2.3").body,
                    properties: MessageProperties(messageID: "large")))
            let ending = try await harness.ending(of: "1.2.3", submission: "large")
            try Self.check(ending, of: large, submission: "large")
            #expect(try await harness.journal.wait { _ in try await harness.parked().count == 1 })
            let parked = try #require(try await harness.parked().first)
            #expect(parked.queue == QueueName.parking(.ingestion))
            #expect(parked.deaths.first?.reason == .rejected)
            try await harness.expectAGoodStudyGoesThrough()
        }
    }

    /// A root that is not mounted is the operator's to mend, not the publisher's fault: the study waits for it.
    @Test func aStudyWaitsForARootThatIsNotMounted() async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "oncorelay-root-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        try await PipelineHarness.run(roots: [place.path]) { harness in
            let hand = try await RetryLadderHand(harness)
            let id = try await harness.publish(try harness.folder.brainStudy("1.2.3"))
            let waiting = try #require(try await hand.next())
            #expect(waiting.properties.messageID == id)
            try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: harness.folder.root)
            try await hand.sendBack(waiting)
            let ending = try await hand.hurrying { try await harness.ending(of: "1.2.3") }
            #expect(ending.event == ResultFinal.event)
        }
    }

    private static func check(_ ending: RecordedEvent, of input: BadInput, submission id: String) throws {
        switch input.ending {
        case .rejected, .rejectedAndParked:
            #expect(ending.event == ResultRejected.event, "\(input.name)")
            let rejected = try ending.payload(ResultRejected.self)
            let failure = rejected.error
            #expect(failure.code == input.code, "\(input.name): \(failure)")
            #expect(failure.failureClass == (input.ending == .rejected ? .invalid : .poison), "\(input.name)")
            #expect(failure.message.contains(input.word), "\(input.name): \(failure)")
            #expect(failure.retryable == false)
            #expect(failure.stage == "ingestion" || failure.stage == "preprocessing")
            #expect(rejected.status == "rejected")
            #expect(rejected.disclaimer == Disclaimer.text)
            // Where a file lies may tell who the patient is; reasons go into logs.
            for word in ["brain/", "bad.nii", "t1.nii", "mask.nii", "outside/", "oncorelay-pipeline"] {
                #expect(!failure.message.contains(word), "\(input.name): \(failure)")
            }
        case .partial:
            #expect(ending.event == ResultPartial.event, "\(input.name)")
            let result = try ending.result()
            #expect(result.status == .partial)
            let abstentions = result.regions.flatMap { [$0.abstained] + $0.decisionPath.map(\.abstained) }
                .compactMap { $0 }
            #expect(!abstentions.isEmpty)
            #expect(abstentions.allSatisfy { $0.code == input.code && $0.reason.contains(input.word) })
        }
    }
}
