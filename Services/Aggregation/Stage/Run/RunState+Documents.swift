package import Contracts

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

// The documents that a run's subscribers read.
extension RunState {
    /// The `data` of `result.final`, `result.partial` and `result.amended`; the same parts give the same document,
    /// whatever the order in which they came.
    package func resultDocument(now: Double) -> StudyResult {
        let study = admission.study
        let parts = classifiedRegions
        return StudyResult(
            studyInstanceUID: study.studyInstanceUID, runID: study.runID, revision: admission.revision,
            status: isFullyDecided ? .final : .partial, task: task, issuedAt: Self.timeText(now),
            subject: admission.subject, models: Self.models(of: parts),
            patient: PatientRule.finding(task: task, regions: parts, expected: expectedRegions.count),
            regions: expectedRegions.enumerated().map { finding(of: $1, at: $0) },
            quality: plan?.quality ?? StudyQuality(series: []), timing: timing(now: now), errors: errors)
    }

    func failedDocument(_ failure: Failure, now: Double) -> ResultFailed {
        let study = admission.study
        return ResultFailed(
            studyInstanceUID: study.studyInstanceUID, runID: study.runID, revision: admission.revision, task: task,
            issuedAt: Self.timeText(now), subject: admission.subject, error: failure)
    }

    func rejectedDocument(_ rejection: StudyRejected) -> ResultRejected {
        ResultRejected(
            studyInstanceUID: admission.study.studyInstanceUID, runID: runID, task: task, subject: admission.subject,
            submissionID: rejection.submissionID, error: rejection.error)
    }

    private static func timeText(_ now: Double) -> String { EventTime.text(Date(timeIntervalSince1970: now)) }

    /// A region without a classification is listed too: where it is, and why nothing is said of it.
    private func finding(of region: PlannedRegion, at index: Int) -> RegionFinding {
        guard let part = regions[region.id]?.classified else {
            let failure = regions[region.id]?.trouble.failure
            return RegionFinding(
                id: region.id, location: region.location, label: PatientRule.indeterminate, decisionPath: [],
                probabilities: [:],
                abstained: Abstention(
                    code: failure?.code ?? .internalError,
                    reason: failure?.message ?? "region \(region.id): no answer came"),
                heatmap: nil, inputs: inputs(of: index), criteria: region.criteria)
        }
        return RegionFinding(
            id: region.id, location: region.location, label: part.label, decisionPath: part.decisionPath,
            probabilities: part.probabilities, abstained: part.abstained,
            heatmap: part.decisionPath.last { $0.heatmap != nil }?.heatmap, inputs: inputs(of: index),
            criteria: region.criteria, labelSet: part.labelSet)
    }

    /// SHA-256 of the file behind each sequence. Where each image is a region of its own, that image's alone.
    private func inputs(of index: Int) -> [String: String] {
        var series = admission.study.series
        if admission.study.regions.wholeImages, series.count == expectedRegions.count { series = [series[index]] }
        return Dictionary(series.map { ($0.sequence.rawValue, $0.sha256) }) { first, _ in first }
    }

    private static func models(of parts: [RegionClassified]) -> [ModelUsed] {
        var models: [ModelUsed] = []
        for model in parts.flatMap(\.models) where !models.contains(model) { models.append(model) }
        return models.sorted {
            ($0.role, $0.name, $0.version, $0.weightsSHA256) < ($1.role, $1.name, $1.version, $1.weightsSHA256)
        }
    }

    /// Milliseconds by stage. What all of a study's messages repeat (ingestion, preprocessing) counts once; what each
    /// region took of its own is added up.
    private func timing(now: Double) -> [String: Double] {
        let shared = admission.study.timing.merging(plan?.timing ?? [:]) { max($0, $1) }
        var merged = shared
        for part in classifiedRegions {
            for (stage, milliseconds) in part.timing {
                merged[stage] =
                    shared[stage] == nil
                    ? merged[stage, default: 0] + milliseconds : max(merged[stage, default: 0], milliseconds)
            }
        }
        merged["total"] = max(0, (now - admission.admittedAt) * 1000)
        return merged
    }

    /// What is missing, in the order of the plan.
    private var errors: [Failure] {
        expectedRegions.flatMap { region -> [Failure] in
            guard let progress = regions[region.id] else { return [] }
            return (progress.trouble.failure.map { [$0] } ?? []) + progress.trouble.notes
        }
    }
}
