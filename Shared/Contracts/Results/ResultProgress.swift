/// `result.progress`: a stage is done with the study, or with one more of its regions.
package struct ResultProgress: EventPayload, Equatable {
    package static let event = "result.progress"

    package var studyInstanceUID: String
    package var runID: String
    package var task: ClinicalTask
    package var stage: StageName
    package var regionsDone: Int
    /// Absent until the study is planned.
    package var regionsExpected: Int?

    package init(
        studyInstanceUID: String, runID: String, task: ClinicalTask, stage: StageName, regionsDone: Int,
        regionsExpected: Int?
    ) {
        self.studyInstanceUID = studyInstanceUID
        self.runID = runID
        self.task = task
        self.stage = stage
        self.regionsDone = regionsDone
        self.regionsExpected = regionsExpected
    }
}
