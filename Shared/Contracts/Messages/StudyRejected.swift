/// `study.rejected`: the study cannot be used, and why.
package struct StudyRejected: EventPayload, Equatable {
    package static let event = "study.rejected"

    /// The run that ends here; for a study that never became one, an id of its own.
    package var runID: String
    /// Absent where the message could not be read so far.
    package var studyInstanceUID: String?
    package var task: ClinicalTask?
    package var site: String?
    package var accessionNumber: String?
    /// The `id` of the message that was rejected.
    package var submissionID: String
    package var error: Failure

    package init(
        runID: String, studyInstanceUID: String?, task: ClinicalTask?, site: String?, accessionNumber: String?,
        submissionID: String, error: Failure
    ) {
        self.runID = runID
        self.studyInstanceUID = studyInstanceUID
        self.task = task
        self.site = site
        self.accessionNumber = accessionNumber
        self.submissionID = submissionID
        self.error = error
    }
}
