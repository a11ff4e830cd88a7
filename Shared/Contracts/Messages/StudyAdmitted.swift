/// `study.admitted`: the ledger has taken the study's run up; from here it is worked on exactly once in effect.
package struct StudyAdmitted: EventPayload, Equatable {
    package static let event = "study.admitted"

    package var study: StudyIngested
    /// 1 for the study's first content, then counting up.
    package var revision: Int
    /// Seconds since 1970; the study ends then with what is there.
    package var deadline: Double
    /// How often the run was taken up again because a tensor was lost.
    package var recovery: Int

    package init(study: StudyIngested, revision: Int, deadline: Double, recovery: Int) {
        self.study = study
        self.revision = revision
        self.deadline = deadline
        self.recovery = recovery
    }
}
