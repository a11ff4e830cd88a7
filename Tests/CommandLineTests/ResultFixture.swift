import Contracts

@testable import oncorelay

/// A study's result with everything that a table can show.
enum ResultFixture {
    static let uid = "1.2.826.0.1.3680043.10.1561.1"
    static let run = "5f9a1b9e-0c53-5b07-9a39-3f2f8f4f1a11"

    static var partial: StudyResult {
        StudyResult(
            studyInstanceUID: uid, runID: run, revision: 2, status: .partial, task: .brainMetastasis,
            issuedAt: "2026-11-22T13:00:00.000Z", subject: ResultSubject(site: "north", accessionNumber: "A-17"),
            models: [
                ModelUsed(
                    role: "lung-vs-non-lung", name: "lung", version: "1.2.0",
                    weightsSHA256: String(repeating: "ab", count: 32), intendedUse: "Research use only."),
                ModelUsed(
                    role: "bc-vs-gic", name: "bc-vs-gic-untrained", version: "0.0.0",
                    weightsSHA256: String(repeating: "cd", count: 32),
                    intendedUse: "UNTRAINED: seeded random weights."),
            ],
            patient: PatientFinding(
                origin: "bc", status: nil, probability: 0.615,
                probabilities: ["bc": 0.615, "gic": 0.125, "nsclc": 0.26],
                rule: "volume-weighted mean", agreement: 0.5),
            regions: [decided, abstained],
            quality: StudyQuality(series: [
                SeriesQuality(sequence: .t1, code: .ok, reasons: [], coverage: 1),
                SeriesQuality(sequence: .flair, code: .degraded, reasons: ["slices of 6 mm"], coverage: 0.875),
            ]),
            timing: ["aggregation": 1.5, "ingestion": 820, "total": 2_345],
            errors: [
                Failure(.missingSequence, .invalid, "sequence DWI: sclc-vs-nsclc needs it", stage: "brain-metastasis")
            ])
    }

    static var final: StudyResult {
        var result = partial
        result.status = .final
        result.errors = []
        return result
    }

    private static var decided: RegionFinding {
        RegionFinding(
            id: "lesion-1",
            location: RegionLocation(
                centroidRAS: [-23.06, 4.2, 51], volumeMM3: 1_234.4, longestDiameterMM: 17.25, shortAxisMM: 9.5),
            label: "bc",
            decisionPath: [
                NodeDecision(node: "lung-vs-non-lung", label: "non-lung", probability: 0.2, threshold: 0.5),
                NodeDecision(
                    node: "bc-vs-gic", label: "bc", probability: 0.8315, threshold: 0.45,
                    heatmap: Heatmap(
                        label: "bc", layer: "layer2", tensor: nil, file: "file:5f9a/lesion-1.nii.gz",
                        affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])),
            ],
            probabilities: ["bc": 0.615, "gic": 0.125, "nsclc": 0.26], abstained: nil, heatmap: nil,
            inputs: ["T1CE": "aa", "T1": "bb"])
    }

    private static var abstained: RegionFinding {
        RegionFinding(
            id: "lesion-2",
            location: RegionLocation(
                centroidRAS: [10, -20.5, -3.25], volumeMM3: 80, longestDiameterMM: 6, shortAxisMM: 4.5),
            label: "indeterminate",
            decisionPath: [
                NodeDecision(
                    node: "lung-vs-non-lung", label: nil, probability: nil, threshold: nil,
                    abstained: Abstention(code: .missingSequence, reason: "sequence DWI is absent"))
            ],
            probabilities: [:],
            abstained: Abstention(code: .missingSequence, reason: "sequence DWI is absent"), heatmap: nil, inputs: [:])
    }

    static func event<Payload: EventPayload>(_ payload: Payload, run: String = ResultFixture.run) throws -> [UInt8] {
        try EventCoding.encode(
            CloudEvent(
                id: EventID.make(run: run, event: Payload.event), source: "urn:oncorelay:aggregation", subject: run,
                correlationID: run, causationID: nil, traceparent: nil, priority: .routine, attempt: 1,
                time: "2026-11-22T13:00:00.000Z", data: payload))
    }
}

/// Study files.
enum StudyFixture {
    static let bare = Array(
        """
        {
          "studyInstanceUID": "\(ResultFixture.uid)", "task": "brain-metastasis", "site": "north",
          "series": [ { "sequence": "T1", "location": "file:t1.nii.gz" } ],
          "regions": { "mask": { "location": "file:mask.nii.gz" } }
        }
        """.utf8)

    static func submission(priority: Priority? = nil, site: String? = nil) throws -> StudySubmission {
        try StudySubmission(file: bare, path: "study.json", priority: priority, site: site)
    }
}
