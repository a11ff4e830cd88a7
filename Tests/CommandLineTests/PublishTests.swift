import Classifiers
import Contracts
import Messaging
import Testing

@testable import oncorelay

@Suite struct PublishTests {
    private static let uid = ResultFixture.uid
    private static let run = ResultFixture.run

    private static func accepted() throws -> (key: String, body: [UInt8]) {
        (
            RoutingKey.accepted,
            try ResultFixture.event(
                ResultAccepted(
                    studyInstanceUID: uid, runID: run, revision: 1, task: .brainMetastasis,
                    subject: ResultSubject(site: "north", accessionNumber: nil)))
        )
    }

    private static func progress() throws -> (key: String, body: [UInt8]) {
        (
            RoutingKey.progress(.brainMetastasis),
            try ResultFixture.event(
                ResultProgress(
                    studyInstanceUID: uid, runID: run, task: .brainMetastasis, stage: .brainMetastasis, regionsDone: 2,
                    regionsExpected: 5))
        )
    }

    private func publish(
        waiting limit: Duration = .seconds(60), _ services: AnsweringServices
    ) async throws -> (answer: StudyPublisher.Answer, notes: String) {
        let capture = Capture()
        let terminal = Terminal(isInteractive: false, width: 80, style: .plain)
        var publisher = StudyPublisher(
            broker: services.broker, progress: ProgressLine(console: capture.console, terminal: terminal))
        publisher.patience = .milliseconds(20)
        async let served: Void = services.serveOne()
        let answer = try await publisher.publish(try StudyFixture.submission(), waiting: limit)
        try await served
        #expect(capture.output.isEmpty)
        return (answer, capture.notes)
    }

    @Test func publishedStudyReachesIngestionAsItWasMade() async throws {
        let broker = try await BrokerFixture.withTopology()
        let submission = try StudyFixture.submission(priority: .urgent)
        try await StudyPublisher(broker: broker, progress: ProgressLine()).publish(submission)
        let consumer = try await broker.makeConsumer(queues: ["ingestion.urgent"], prefetch: 1)
        let delivery = try #require(try await consumer.next())
        #expect(delivery.properties.messageID == submission.event.id)
        #expect(delivery.properties.type == "org.oncorelay.study.submitted.v1")
        #expect(delivery.routingKey == "study.submitted.urgent.north")
        #expect(try EventCoding.decodeEvent(StudySubmitted.self, from: delivery.body).data == submission.study)
        await consumer.close()
    }

    @Test func waitingTellsTheWayAndEndsWithTheResult() async throws {
        let broker = try await BrokerFixture.withTopology()
        let (answer, notes) = try await publish(
            AnsweringServices(broker: broker) { _ in
                let final = try ResultFixture.event(ResultFinal(result: ResultFixture.final))
                let key = RoutingKey.result(ResultFinal.event, .brainMetastasis, finding: "bc")
                return [try Self.accepted(), try Self.progress(), (key, final)]
            })
        #expect(answer.runID == Self.run)
        let report = PublishReport(answer, of: try StudyFixture.submission(), waited: 60)
        #expect(report.status == .success)
        #expect(report.notes.isEmpty)
        #expect(report.output["studyInstanceUID"] == .string(Self.uid))
        #expect(report.output["patient"]?["origin"] == .string("bc"))
        #expect(
            notes.split(separator: "\n").dropFirst() == [
                "accepted as run \(Self.run), revision 1", "3/4 brain-metastasis: 2 of 5 regions",
            ])
    }

    @Test func rejectionIsToldWithItsReason() async throws {
        let broker = try await BrokerFixture.withTopology()
        let (answer, _) = try await publish(
            AnsweringServices(broker: broker) { event in
                let rejection = ResultRejected(
                    studyInstanceUID: Self.uid, runID: "r", task: .brainMetastasis,
                    subject: ResultSubject(site: nil, accessionNumber: nil), submissionID: event.id,
                    error: Failure(.fileMissing, .invalid, "series[0].location: no such file"))
                return [(RoutingKey.rejected, try ResultFixture.event(rejection, run: "r"))]
            })
        let report = PublishReport(answer, of: try StudyFixture.submission(), waited: 60)
        #expect(report.status == .rejected)
        #expect(report.notes == ["oncorelay: rejected: file-missing: series[0].location: no such file"])
        #expect(report.output["error"]?["class"] == .string("invalid"))
    }

    @Test func partialAndFailedStudiesHaveTheirOwnStatus() async throws {
        let broker = try await BrokerFixture.withTopology()
        let (partial, _) = try await publish(
            AnsweringServices(broker: broker) { _ in
                let body = try ResultFixture.event(ResultPartial(result: ResultFixture.partial))
                return [try Self.accepted(), ("result.partial.brain-metastasis.bc", body)]
            })
        let report = PublishReport(partial, of: try StudyFixture.submission(), waited: 60)
        #expect(report.status == .partial)
        #expect(report.notes.first?.contains("missing-sequence") == true)
        let (failed, _) = try await publish(
            AnsweringServices(broker: broker) { _ in
                let failure = ResultFailed(
                    studyInstanceUID: Self.uid, runID: Self.run, revision: 1, task: .brainMetastasis,
                    issuedAt: EventTime.now(), subject: ResultSubject(site: nil, accessionNumber: nil),
                    error: Failure(.workerCrashed, .poison, "no region could be decided"))
                return [try Self.accepted(), (RoutingKey.failed, try ResultFixture.event(failure))]
            })
        #expect(PublishReport(failed, of: try StudyFixture.submission(), waited: 60).status == .failed)
    }

    @Test func resultThatIsAnnouncedAgainWithoutAcceptanceIsTaken() async throws {
        let broker = try await BrokerFixture.withTopology()
        let (answer, _) = try await publish(
            AnsweringServices(broker: broker) { _ in
                let body = try ResultFixture.event(ResultFinal(result: ResultFixture.final))
                return [("result.final.brain-metastasis.bc", body)]
            })
        #expect(answer.outcome?.status == .success)
    }

    @Test func silenceUntilTheEndIsNoAnswer() async throws {
        let broker = try await BrokerFixture.withTopology()
        let (answer, _) = try await publish(
            waiting: .seconds(15), AnsweringServices(broker: broker) { _ in [try Self.accepted()] })
        let submission = try StudyFixture.submission()
        let report = PublishReport(answer, of: submission, waited: 15)
        #expect(report.status == .noAnswer)
        #expect(report.output == .object(["id": .string(submission.event.id), "runID": .string(Self.run)]))
        #expect(report.notes.first?.contains("accepted as run \(Self.run)") == true)
    }

    @Test func brokerWithoutTopologySaysWhatToRun() async throws {
        let publisher = StudyPublisher(broker: InMemoryBroker(), progress: ProgressLine())
        let error = await #expect(throws: (any Error).self) {
            _ = try await publisher.publish(try StudyFixture.submission(), waiting: .seconds(5))
        }
        let failure = try #require(error.flatMap { CommandFailure($0) })
        #expect(failure.status == .unavailable)
        #expect(failure.message.contains("topology apply"))
    }
}
