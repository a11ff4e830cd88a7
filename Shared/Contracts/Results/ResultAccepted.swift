/// `result.accepted`: the study was taken up, or is known already.
package struct ResultAccepted: EventPayload, Equatable {
    package static let event = "result.accepted"

    package var studyInstanceUID: String
    package var runID: String
    package var revision: Int
    package var task: ClinicalTask
    package var subject: ResultSubject
    /// `duplicate-study` where this study with this content is known already: nothing is computed again.
    package var notice: Abstention?
    package var disclaimer = Disclaimer.text

    package init(
        studyInstanceUID: String, runID: String, revision: Int, task: ClinicalTask, subject: ResultSubject,
        notice: Abstention? = nil
    ) {
        self.studyInstanceUID = studyInstanceUID
        self.runID = runID
        self.revision = revision
        self.task = task
        self.subject = subject
        self.notice = notice
    }
}
