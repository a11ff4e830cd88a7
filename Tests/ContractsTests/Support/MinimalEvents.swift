import Contracts

/// Events made in code with every optional field left out.
enum MinimalEvents {
    private static let run = EventID.run(
        studyInstanceUID: "1.2.3", task: .lymphNode, contentSHA256: String(repeating: "0", count: 64))
    private static let failure = Failure(.internalError, .permanent, "worker: expected an answer, found none")
    private static let subject = ResultSubject(site: nil, accessionNumber: nil)

    static func all() throws -> [[UInt8]] {
        let location = RegionLocation(
            centroidRAS: [0, 0, 0], volumeMM3: 0, longestDiameterMM: 0, shortAxisMM: 0)
        let classified = RegionClassified(
            runID: run, task: .lymphNode, regionID: "image-1", decisionPath: [], probabilities: [:],
            label: "indeterminate", abstained: nil, models: [], timing: [:])
        let result = StudyResult(
            studyInstanceUID: "1.2.3", runID: run, revision: 1, status: .partial, task: .lymphNode,
            issuedAt: EventTime.now(), subject: subject, models: [],
            patient: PatientFinding(
                origin: nil, status: "indeterminate", probability: nil, probabilities: [:], rule: "any", agreement: nil),
            regions: [
                RegionFinding(
                    id: "image-1", location: location, label: "indeterminate", decisionPath: [], probabilities: [:],
                    abstained: nil, heatmap: nil, inputs: [:])
            ], quality: StudyQuality(series: []), timing: [:], errors: [failure])
        return [
            try event(classified),
            try event(
                StudyRejected(
                    runID: run, studyInstanceUID: nil, task: nil, site: nil, accessionNumber: nil,
                    submissionID: "m-1", error: failure)),
            try event(
                StudyPlanned(
                    runID: run, task: .lymphNode,
                    regions: [PlannedRegion(id: "image-1", location: location, tensorKeys: [])],
                    quality: StudyQuality(series: []), timing: [:])),
            try event(
                RegionPrepared(
                    runID: run, studyInstanceUID: "1.2.3", task: .lymphNode, regionID: "image-1", patches: [],
                    missingSequences: .partial, deadline: 1, timing: [:])),
            try event(RegionLost(runID: run, regionID: "image-1", error: failure)),
            try event(DeliveryParked(runID: run, regionID: nil, stage: .lymphNode, error: failure)),
            try event(
                ResultAccepted(
                    studyInstanceUID: "1.2.3", runID: run, revision: 1, task: .lymphNode, subject: subject)),
            try event(
                ResultRejected(
                    studyInstanceUID: nil, runID: run, task: nil, subject: subject, submissionID: "m-1",
                    error: failure)),
            try event(
                ResultProgress(
                    studyInstanceUID: "1.2.3", runID: run, task: .lymphNode, stage: .ingestion, regionsDone: 0,
                    regionsExpected: nil)),
            try event(ResultPartial(result: result)),
            try event(ResultAmended(result: result)),
            try event(
                ResultFailed(
                    studyInstanceUID: "1.2.3", runID: run, revision: 1, task: .lymphNode, issuedAt: EventTime.now(),
                    subject: subject, error: failure)),
        ]
    }

    private static func event<Payload: EventPayload>(_ data: Payload) throws -> [UInt8] {
        try EventCoding.encode(
            CloudEvent(
                id: EventID.make(run: run, event: Payload.event), source: "urn:oncorelay:aggregation", subject: nil,
                correlationID: nil, causationID: nil, traceparent: nil, priority: .routine, attempt: 1,
                time: EventTime.now(), data: data))
    }
}
