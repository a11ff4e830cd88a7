import Classifiers
import Contracts
import Testing

@testable import oncorelay

@Suite struct SubmissionFollowerTests {
    private static let other = "11111111-0c53-5b07-9a39-3f2f8f4f1a11"
    private let uid = ResultFixture.uid
    private let run = ResultFixture.run

    private func follower() -> SubmissionFollower { SubmissionFollower(submissionID: "ours", studyInstanceUID: uid) }

    private func accepted(run: String, uid: String = ResultFixture.uid) throws -> [UInt8] {
        try ResultFixture.event(
            ResultAccepted(
                studyInstanceUID: uid, runID: run, revision: 1, task: .brainMetastasis,
                subject: ResultSubject(site: nil, accessionNumber: nil)))
    }

    private func final(run: String) throws -> [UInt8] {
        var result = ResultFixture.final
        result.runID = run
        return try ResultFixture.event(ResultFinal(result: result))
    }

    private func rejected(submission: String, run: String, uid: String?) throws -> [UInt8] {
        try ResultFixture.event(
            ResultRejected(
                studyInstanceUID: uid, runID: run, task: nil, subject: ResultSubject(site: nil, accessionNumber: nil),
                submissionID: submission, error: Failure(.fileMissing, .invalid, "series[0].location: no such file")))
    }

    @Test func acceptanceProgressAndResultOfOurRunAreOurs() throws {
        var follower = follower()
        #expect(try follower.observe(accepted(run: run)) == .accepted(runID: run, revision: 1))
        let progress = ResultProgress(
            studyInstanceUID: uid, runID: run, task: .brainMetastasis, stage: .preprocessing, regionsDone: 1,
            regionsExpected: 3)
        #expect(try follower.observe(ResultFixture.event(progress)) == .progress(progress))
        guard case .ended(let outcome) = try follower.observe(final(run: run)) else {
            Issue.record("expected the end")
            return
        }
        #expect(outcome.status == .success)
        #expect(outcome.data["runID"] == .string(run))
    }

    @Test func eventsOfOtherStudiesAndOtherRunsAreNot() throws {
        var follower = follower()
        #expect(try follower.observe(accepted(run: run, uid: "1.2.3")) == .notOurs)
        _ = try follower.observe(accepted(run: run))
        #expect(try follower.observe(final(run: Self.other)) == .notOurs)
        #expect(try follower.observe(accepted(run: Self.other)) == .notOurs)
        #expect(follower.observe(Array("{".utf8)) == .notOurs)
        #expect(follower.observe(Array(#"{"type":"org.oncorelay.result.final.v1","data":{}}"#.utf8)) == .notOurs)
    }

    @Test func resultOfAnEarlierRevisionIsNotTakenForOurs() throws {
        var follower = follower()
        #expect(try follower.observe(final(run: Self.other)) == .undecided)
        #expect(follower.likelyOutcome != nil)
        #expect(try follower.observe(accepted(run: run)) == .accepted(runID: run, revision: 1))
        #expect(follower.likelyOutcome == nil)
    }

    @Test func resultThatOvertakesItsAcceptanceIsKept() throws {
        var follower = follower()
        #expect(try follower.observe(final(run: run)) == .undecided)
        guard case .ended(.result(let result, _)) = try follower.observe(accepted(run: run)) else {
            Issue.record("expected the end")
            return
        }
        #expect(result.runID == run)
    }

    @Test func rejectionNamesOurMessageOrOurRun() throws {
        var unread = follower()
        guard case .ended(let outcome) = try unread.observe(rejected(submission: "ours", run: "r", uid: nil)) else {
            Issue.record("expected the end")
            return
        }
        #expect(outcome.status == .rejected)
        #expect(outcome.data["error"]?["code"] == .string("file-missing"))
        var later = follower()
        #expect(try later.observe(rejected(submission: "theirs", run: "r", uid: nil)) == .notOurs)
        _ = try later.observe(accepted(run: run))
        guard case .ended = try later.observe(rejected(submission: "another event", run: run, uid: uid)) else {
            Issue.record("expected the end")
            return
        }
    }

    @Test(arguments: [(ResultStatus.final, Int32(0)), (.partial, 5), (.failed, 4)])
    func statusOfTheResultIsTheExitCode(status: ResultStatus, code: Int32) throws {
        var follower = follower()
        _ = try follower.observe(accepted(run: run))
        var result = ResultFixture.final
        result.status = status
        guard case .ended(let outcome) = try follower.observe(ResultFixture.event(ResultAmended(result: result))) else {
            Issue.record("expected the end")
            return
        }
        #expect(outcome.status.rawValue == code)
    }
}
