import Contracts
import Messaging

/// Publishes a study, and follows it to its end.
struct StudyPublisher: Sendable {
    let broker: any Broker
    let progress: ProgressLine
    /// How long to wait for `result.accepted` when a result came without it.
    var patience: Duration = .seconds(3)

    /// Publishes and returns when the broker has confirmed.
    ///
    /// - Throws: `BrokerError`, `PublishError`.
    func publish(_ submission: StudySubmission) async throws {
        let publisher = try await broker.makePublisher()
        do {
            try await publisher.publish(submission.publication)
            await publisher.close()
        } catch {
            await publisher.close()
            throw error
        }
    }

    /// What was known of a submission when the waiting ended.
    struct Answer: Sendable, Equatable {
        /// nil where there was none in time.
        var outcome: SubmissionFollower.Outcome?
        var runID: String?
        /// The last word on the way, for the person who waited in vain.
        var lastProgress: String?
    }

    /// Subscribes, publishes, and waits for the study's end.
    ///
    /// The subscription stands before the study is published, so that no answer can be missed.
    ///
    /// - Throws: `BrokerError`, `PublishError`, `CancellationError`.
    func publish(_ submission: StudySubmission, waiting limit: Duration) async throws -> Answer {
        try await ResultSubscription(broker: broker, pattern: ResultSubscription.everything).run { consumer in
            try await publish(submission)
            progress.update("submitted \(submission.event.id); waiting for ingestion")
            return try await follow(submission, consumer, until: .now + limit)
        }
    }

    private func follow(
        _ submission: StudySubmission, _ consumer: any MessageConsumer, until deadline: ContinuousClock.Instant
    ) async throws -> Answer {
        var follower = SubmissionFollower(
            submissionID: submission.event.id, studyInstanceUID: submission.study.studyInstanceUID)
        var answer = Answer()
        var limit = deadline
        defer { progress.finish() }
        while let delivery = try await consumer.next(until: limit) {
            let step = follower.observe(delivery.body)
            await consumer.acknowledge(delivery)
            switch step {
            case .notOurs: continue
            case .accepted(let runID, let revision):
                limit = deadline
                answer.lastProgress = "accepted as run \(runID), revision \(revision)"
            case .progress(let event): answer.lastProgress = Self.text(event)
            case .undecided: limit = min(limit, .now + patience)
            case .ended(let outcome):
                answer.outcome = outcome
                answer.runID = follower.runID
                return answer
            }
            if let text = answer.lastProgress { progress.update(text) }
        }
        answer.outcome = follower.likelyOutcome
        answer.runID = follower.runID
        return answer
    }

    /// `2/4 preprocessing: done, 5 regions`, then `3/4 brain-metastasis: 2 of 5 regions`.
    static func text(_ event: ResultProgress) -> String {
        let way: [StageName] = [.ingestion, .preprocessing, event.task.stage, .aggregation]
        let place = way.firstIndex(of: event.stage).map { "\($0 + 1)/\(way.count) " } ?? ""
        let done: String
        if event.stage == event.task.stage {
            let count = event.regionsExpected ?? event.regionsDone
            let expected = event.regionsExpected.map { " of \($0)" } ?? ""
            done = "\(event.regionsDone)\(expected) \(count == 1 ? "region" : "regions")"
        } else {
            done = "done" + (event.regionsExpected.map { ", \($0) \($0 == 1 ? "region" : "regions")" } ?? "")
        }
        return "\(place)\(event.stage.rawValue): \(done)"
    }
}
