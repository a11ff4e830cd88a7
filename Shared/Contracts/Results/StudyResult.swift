/// How complete a result is.
package enum ResultStatus: String, Codable, Sendable, CaseIterable {
    /// Every region has its full decision, or the networks that looked at it withhold one by their models' policies.
    case final
    /// Something is missing: a region, a sequence that a network wants, a model.
    case partial
    /// Nothing could be decided.
    case failed
}

/// The `data` of `result.final`, `result.partial` and `result.amended`.
package struct StudyResult: Codable, Sendable, Equatable {
    package var studyInstanceUID: String
    package var runID: String
    package var revision: Int
    package var status: ResultStatus
    package var task: ClinicalTask
    package var issuedAt: String
    package var subject: ResultSubject
    package var models: [ModelUsed]
    package var patient: PatientFinding
    package var regions: [RegionFinding]
    package var quality: StudyQuality
    /// Milliseconds of work by stage, and `total` from admission to result.
    package var timing: [String: Double]
    /// What went wrong on the way. A final result may lack a heat map, never a decision.
    package var errors: [Failure]
    package var disclaimer = Disclaimer.text

    package init(
        studyInstanceUID: String, runID: String, revision: Int, status: ResultStatus, task: ClinicalTask,
        issuedAt: String, subject: ResultSubject, models: [ModelUsed], patient: PatientFinding,
        regions: [RegionFinding], quality: StudyQuality, timing: [String: Double], errors: [Failure]
    ) {
        self.studyInstanceUID = studyInstanceUID
        self.runID = runID
        self.revision = revision
        self.status = status
        self.task = task
        self.issuedAt = issuedAt
        self.subject = subject
        self.models = models
        self.patient = patient
        self.regions = regions
        self.quality = quality
        self.timing = timing
        self.errors = errors
    }
}

/// What is said of the patient: an origin (brain metastasis) or a nodal status (lymph node).
package struct PatientFinding: Codable, Sendable, Equatable {
    /// `sclc`, `nsclc`, `bc`, `gic` or `indeterminate`; brain metastasis only.
    package var origin: String?
    /// `positive`, `negative` or `indeterminate`; lymph node only.
    package var status: String?
    /// Probability of what is said; absent when indeterminate.
    package var probability: Double?
    package var probabilities: [String: Double]
    /// How the regions were joined.
    package var rule: String
    /// Share of the decided regions that say the same as the patient's finding; absent when none decided.
    package var agreement: Double?

    package init(
        origin: String?, status: String?, probability: Double?, probabilities: [String: Double], rule: String,
        agreement: Double?
    ) {
        self.origin = origin
        self.status = status
        self.probability = probability
        self.probabilities = probabilities
        self.rule = rule
        self.agreement = agreement
    }

    /// The finding as results' routing keys spell it.
    package var label: String { origin ?? status ?? "indeterminate" }
}

/// What is said of one region.
package struct RegionFinding: Codable, Sendable, Equatable {
    package var id: String
    package var location: RegionLocation
    package var label: String
    package var decisionPath: [NodeDecision]
    package var probabilities: [String: Double]
    package var abstained: Abstention?
    /// Leaves of which one is the true one with a stated frequency; absent where the models give none.
    package var labelSet: LabelSet?
    /// Where the network of the last decision looked.
    package var heatmap: Heatmap?
    /// What readers' criteria make of a lymph node; absent for lesions, and for nodes of whose outline nothing is known.
    package var criteria: NodeCriteria?
    /// SHA-256 of the file behind each sequence.
    package var inputs: [String: String]

    package init(
        id: String, location: RegionLocation, label: String, decisionPath: [NodeDecision],
        probabilities: [String: Double], abstained: Abstention?, heatmap: Heatmap?, inputs: [String: String],
        criteria: NodeCriteria? = nil, labelSet: LabelSet? = nil
    ) {
        self.id = id
        self.location = location
        self.label = label
        self.decisionPath = decisionPath
        self.probabilities = probabilities
        self.abstained = abstained
        self.heatmap = heatmap
        self.criteria = criteria
        self.labelSet = labelSet
        self.inputs = inputs
    }
}
