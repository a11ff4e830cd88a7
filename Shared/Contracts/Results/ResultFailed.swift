/// `result.failed`: the study was taken up, but nothing could be decided.
package struct ResultFailed: EventPayload, Equatable {
    package static let event = "result.failed"

    package var studyInstanceUID: String
    package var runID: String
    package var revision: Int
    package var status: ResultStatus = .failed
    package var task: ClinicalTask
    package var issuedAt: String
    package var subject: ResultSubject
    package var error: Failure
    package var disclaimer = Disclaimer.text

    package init(
        studyInstanceUID: String, runID: String, revision: Int, task: ClinicalTask, issuedAt: String,
        subject: ResultSubject, error: Failure
    ) {
        self.studyInstanceUID = studyInstanceUID
        self.runID = runID
        self.revision = revision
        self.task = task
        self.issuedAt = issuedAt
        self.subject = subject
        self.error = error
    }
}
