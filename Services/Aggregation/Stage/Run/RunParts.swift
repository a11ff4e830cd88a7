package import Contracts

/// How a run stands. The ledger keeps the raw value.
package enum RunPhase: String, Codable, Sendable, CaseIterable {
    /// Parts are missing, and the deadline has not come.
    case open
    case final
    case partial
    case failed
    case rejected
}

/// What a run began with.
package struct Admission: Codable, Sendable, Equatable {
    package var study: StudyIngested
    /// 1 for the study's first content, then counting up.
    package var revision: Int
    /// Seconds since 1970.
    package var admittedAt: Double
    package var priority: Priority
    package var traceparent: String?

    package init(
        study: StudyIngested, revision: Int, admittedAt: Double, priority: Priority, traceparent: String? = nil
    ) {
        self.study = study
        self.revision = revision
        self.admittedAt = admittedAt
        self.priority = priority
        self.traceparent = traceparent
    }

    /// Seconds since 1970; the run ends then with what is there.
    package var deadline: Double { admittedAt + study.deadlineSeconds }

    package var subject: ResultSubject {
        ResultSubject(site: study.site, accessionNumber: study.accessionNumber)
    }
}

/// What is known of one region.
package struct RegionProgress: Codable, Sendable, Equatable {
    package var classified: RegionClassified?
    package var trouble = RegionTrouble()

    package init() {}

    /// Whether nothing more is waited for: it is classified, or given up for now.
    package var isSettled: Bool { classified != nil || trouble.failure != nil }
}

/// What went wrong with one region so far.
package struct RegionTrouble: Codable, Sendable, Equatable {
    /// Why the region is given up for now; a later classification still counts.
    package var failure: Failure?
    /// The delivery lies in a parking queue.
    package var isParked = false
    /// How many deliveries of the region found their tensors gone.
    package var losses = 0
    /// What is missing of an otherwise good classification: a heat map that could not be kept.
    package var notes: [Failure] = []

    package init() {}

    package var isEmpty: Bool { self == RegionTrouble() }
}
