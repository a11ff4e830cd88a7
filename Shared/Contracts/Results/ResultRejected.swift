/// `result.rejected`: the study cannot be used, and why.
package struct ResultRejected: EventPayload, Equatable {
    package static let event = "result.rejected"

    /// Absent where the message could not be read so far.
    package var studyInstanceUID: String?
    package var runID: String
    package var status = "rejected"
    package var task: ClinicalTask?
    package var subject: ResultSubject
    /// The `id` of the message that was rejected.
    package var submissionID: String
    package var error: Failure
    package var disclaimer = Disclaimer.text

    package init(
        studyInstanceUID: String?, runID: String, task: ClinicalTask?, subject: ResultSubject, submissionID: String,
        error: Failure
    ) {
        self.studyInstanceUID = studyInstanceUID
        self.runID = runID
        self.task = task
        self.subject = subject
        self.submissionID = submissionID
        self.error = error
    }
}
