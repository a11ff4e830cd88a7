package import Contracts

/// One run of a study, from admission to its result: which regions to expect, which are there, how it ended.
///
/// A value that knows neither database nor broker. Every event is a mutating function that returns what follows from
/// it; events may come in any order and any number of times.
package struct RunState: Codable, Sendable, Equatable {
    /// How often a run is made again from the study's own files because tensors were lost.
    package static let recoveryLimit = 3

    package let admission: Admission
    package internal(set) var plan: StudyPlanned?
    /// By region id; a region that nothing was heard of is absent.
    package internal(set) var regions: [String: RegionProgress] = [:]
    /// Why the study as a whole was given up for now.
    package internal(set) var studyFailure: Failure?
    /// A delivery that concerned the whole study lies in a parking queue.
    package internal(set) var isStudyParked = false
    package internal(set) var phase: RunPhase = .open
    package internal(set) var recoveries = 0
    /// Announcements after the first.
    package internal(set) var amendments = 0

    package init(_ admission: Admission) { self.admission = admission }

    package var runID: String { admission.study.runID }
    package var task: ClinicalTask { admission.study.task }
    package var isOpen: Bool { phase == .open }
}

// The words of the fan-in.
extension RunState {
    package var expectedRegions: [PlannedRegion] { plan?.regions ?? [] }

    /// nil until the study is planned.
    package var expectedCount: Int? { plan?.regions.count }

    /// The classifications of expected regions, in the order of the plan.
    package var classifiedRegions: [RegionClassified] {
        expectedRegions.compactMap { regions[$0.id]?.classified }
    }

    /// Expected regions without a classification, in the order of the plan.
    package var missingRegions: [PlannedRegion] {
        expectedRegions.filter { regions[$0.id]?.classified == nil }
    }

    /// How many regions are classified, expected or not yet known to be.
    package var classifiedCount: Int {
        plan == nil ? regions.values.count { $0.classified != nil } : classifiedRegions.count
    }

    /// Whether nothing more is waited for: every expected region is classified or given up.
    package var isComplete: Bool {
        plan != nil && expectedRegions.allSatisfy { regions[$0.id]?.isSettled == true }
    }

    /// Whether every expected region has its full decision.
    package var isFullyDecided: Bool {
        plan != nil && missingRegions.isEmpty && classifiedRegions.allSatisfy(\.isFullDecision)
    }

    /// Whether a delivery of this run waits in a parking queue for a person.
    package var isParked: Bool {
        isStudyParked || regions.values.contains { $0.trouble.isParked && $0.classified == nil }
    }

    /// Whether a region may be part of the result.
    func expects(_ region: String) -> Bool {
        plan == nil || expectedRegions.contains { $0.id == region }
    }

    /// Every tensor that was made for the run, by key.
    package var tensorKeys: [String] { admission.study.tensorKeys + expectedRegions.flatMap(\.tensorKeys) }

    func tensorKeys(of region: String) -> [String] {
        expectedRegions.first { $0.id == region }?.tensorKeys ?? []
    }
}

extension StudyIngested {
    /// The tensors that ingestion stored, by key.
    package var tensorKeys: [String] {
        series.map(\.tensor.key) + (regions.mask.map { [$0.tensor.key] } ?? [])
    }
}

extension RegionClassified {
    /// Whether every node on the chosen path decided, or the last one looked and withholds its label by its model's
    /// policy: then nothing is missing, and nothing more will come.
    package var isFullDecision: Bool {
        guard !decisionPath.isEmpty, abstained?.code.isByPolicy ?? true else { return false }
        return decisionPath.allSatisfy { step in step.abstained?.code.isByPolicy ?? (step.label != nil) }
    }
}
