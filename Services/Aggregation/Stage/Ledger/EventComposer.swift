import Contracts
import ServiceRuntime

/// From a run's effects to events with their envelopes.
struct EventComposer {
    let state: RunState
    private let context: StageContext

    /// `context` is that of the event that brought the effects about.
    init(state: RunState, context: StageContext) {
        self.state = state
        // The study decides how urgent it is, not the event that happens to end it.
        self.context = StageContext(
            stage: .aggregation, attempt: context.attempt, priority: state.admission.priority, trace: context.trace,
            causationID: context.causationID, logger: context.logger)
    }

    func admitted(recovery: Int) throws -> OutgoingEvent {
        let admission = state.admission
        return try context.pipelineEvent(
            StudyAdmitted(
                study: admission.study, revision: admission.revision, deadline: admission.deadline, recovery: recovery),
            run: state.runID, discriminator: recovery == 0 ? nil : "recovery-\(recovery)")
    }

    func accepted(again isAgain: Bool) throws -> OutgoingEvent {
        let study = state.admission.study
        let notice = Abstention(
            code: .duplicateStudy,
            reason: "this study with this content is known already; its result is announced under the same event id")
        return try result(
            ResultAccepted(
                studyInstanceUID: study.studyInstanceUID, runID: study.runID, revision: state.admission.revision,
                task: study.task, subject: state.admission.subject, notice: isAgain ? notice : nil),
            key: RoutingKey.accepted)
    }

    func announcement(_ announcement: RunAnnouncement) throws -> OutgoingEvent {
        switch announcement {
        case .failed(let document): return try result(document, key: RoutingKey.failed)
        case .rejected(let document): return try result(document, key: RoutingKey.rejected)
        case .result(let document, let amendment):
            func key(_ event: String) -> String {
                RoutingKey.result(event, document.task, finding: document.patient.label)
            }
            // The next revision amends the one before; a late part amends the run's own word.
            guard document.revision == 1, amendment == 0 else {
                return try result(
                    ResultAmended(result: document), discriminator: amendment == 0 ? nil : "amendment-\(amendment)",
                    key: key(ResultAmended.event))
            }
            return document.status == .final
                ? try result(ResultFinal(result: document), key: key(ResultFinal.event))
                : try result(ResultPartial(result: document), key: key(ResultPartial.event))
        }
    }

    func progress(_ stage: StageName, region: String?) throws -> OutgoingEvent {
        let study = state.admission.study
        return try context.event(
            ResultProgress(
                studyInstanceUID: study.studyInstanceUID, runID: study.runID, task: study.task, stage: stage,
                regionsDone: state.classifiedCount, regionsExpected: state.expectedCount),
            run: study.runID, region: region, discriminator: stage.rawValue, exchange: Exchange.results,
            routingKey: RoutingKey.progress(stage))
    }

    private func result(
        _ payload: some EventPayload, discriminator: String? = nil, key: String
    ) throws -> OutgoingEvent {
        try context.event(
            payload, run: state.runID, discriminator: discriminator, exchange: Exchange.results, routingKey: key)
    }
}

extension StageContext {
    /// `result.rejected` for a study that never became a run.
    func rejectedEvent(_ rejection: StudyRejected) throws -> OutgoingEvent {
        try event(
            ResultRejected(
                studyInstanceUID: rejection.studyInstanceUID, runID: rejection.runID, task: rejection.task,
                subject: ResultSubject(site: rejection.site, accessionNumber: rejection.accessionNumber),
                submissionID: rejection.submissionID, error: rejection.error),
            run: rejection.runID, exchange: Exchange.results, routingKey: RoutingKey.rejected)
    }
}
