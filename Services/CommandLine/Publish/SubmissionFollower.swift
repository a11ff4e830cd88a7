import Classifiers
import Contracts

/// Follows one submission through the result events of all studies: pure, without broker and clock.
///
/// Results name the study and its run, rejections also the submission. Which run is ours becomes known by
/// `result.accepted`; a result that comes before it is kept in mind, because it may be that of an earlier submission
/// of the same study with other content.
struct SubmissionFollower: Sendable {
    /// What became of the submission.
    enum Outcome: Sendable, Equatable {
        case result(StudyResult, data: JSONValue)
        case rejected(ResultRejected, data: JSONValue)
        case failed(ResultFailed, data: JSONValue)

        var status: ExitStatus {
            switch self {
            case .result(let result, _):
                switch result.status {
                case .final: .success
                case .partial: .partial
                case .failed: .failed
                }
            case .rejected: .rejected
            case .failed: .failed
            }
        }

        /// The event's `data`, as it came.
        var data: JSONValue {
            switch self {
            case .result(_, let data), .rejected(_, let data), .failed(_, let data): data
            }
        }
    }

    /// What an event means for the submission.
    enum Step: Sendable, Equatable {
        case notOurs
        case accepted(runID: String, revision: Int)
        case progress(ResultProgress)
        /// An end that may be ours, but of a run that nobody has called accepted yet.
        case undecided
        case ended(Outcome)
    }

    let submissionID: String
    let studyInstanceUID: String
    /// The run that our submission became; nil before it is accepted.
    private(set) var runID: String?
    /// Ends seen before we knew our run, by run.
    private var undecided: [String: Outcome] = [:]
    private var lastUndecided: String?

    init(submissionID: String, studyInstanceUID: String) {
        self.submissionID = submissionID
        self.studyInstanceUID = studyInstanceUID
    }

    /// The latest end that may be ours, for when nothing more comes.
    var likelyOutcome: Outcome? { lastUndecided.flatMap { undecided[$0] } }

    /// Takes a result event in. What cannot be read is not ours.
    mutating func observe(_ body: [UInt8]) -> Step {
        guard let type = try? EventCoding.eventType(of: body), let data = JSONValue(body)?["data"] else {
            return .notOurs
        }
        switch type {
        case ResultAccepted.eventType: return accepted(Self.payload(body))
        case ResultProgress.eventType: return progress(Self.payload(body))
        case ResultRejected.eventType: return rejected(Self.payload(body), data)
        case ResultFailed.eventType: return failed(Self.payload(body), data)
        case ResultFinal.eventType: return ended(Self.payload(body).map { (value: ResultFinal) in value.result }, data)
        case ResultPartial.eventType:
            return ended(Self.payload(body).map { (value: ResultPartial) in value.result }, data)
        case ResultAmended.eventType:
            return ended(Self.payload(body).map { (value: ResultAmended) in value.result }, data)
        default: return .notOurs
        }
    }

    private static func payload<Payload: EventPayload>(_ body: [UInt8]) -> Payload? {
        (try? EventCoding.decodeEvent(Payload.self, from: body))?.data
    }

    private mutating func accepted(_ event: ResultAccepted?) -> Step {
        guard let event, event.studyInstanceUID == studyInstanceUID, runID == nil else { return .notOurs }
        runID = event.runID
        if let outcome = undecided[event.runID] { return .ended(outcome) }
        undecided = [:]
        lastUndecided = nil
        return .accepted(runID: event.runID, revision: event.revision)
    }

    private func progress(_ event: ResultProgress?) -> Step {
        guard let event, event.studyInstanceUID == studyInstanceUID, runID == nil || runID == event.runID else {
            return .notOurs
        }
        return .progress(event)
    }

    private mutating func rejected(_ event: ResultRejected?, _ data: JSONValue) -> Step {
        guard let event else { return .notOurs }
        let outcome = Outcome.rejected(event, data: data)
        // A rejection by ingestion names our message; one by a later stage names the run.
        if event.submissionID == submissionID { return .ended(outcome) }
        return end(outcome, run: event.runID, study: event.studyInstanceUID)
    }

    private mutating func failed(_ event: ResultFailed?, _ data: JSONValue) -> Step {
        guard let event else { return .notOurs }
        return end(.failed(event, data: data), run: event.runID, study: event.studyInstanceUID)
    }

    private mutating func ended(_ result: StudyResult?, _ data: JSONValue) -> Step {
        guard let result else { return .notOurs }
        return end(.result(result, data: data), run: result.runID, study: result.studyInstanceUID)
    }

    private mutating func end(_ outcome: Outcome, run: String, study: String?) -> Step {
        if let runID { return run == runID ? .ended(outcome) : .notOurs }
        guard study == studyInstanceUID else { return .notOurs }
        undecided[run] = outcome
        lastUndecided = run
        return .undecided
    }
}
