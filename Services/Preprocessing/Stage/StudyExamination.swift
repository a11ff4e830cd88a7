import Contracts
import Imaging

/// How good a study's series are for what is asked, and what follows from it.
struct StudyExamination: Sendable {
    /// In the order of the study's series.
    let series: [SeriesQuality]
    private let policy: UnusableImagesPolicy
    private let task: ClinicalTask
    private let thresholds: QualityThresholds
    /// Why a series cannot be used, whatever the region; by index.
    private let faults: [Int: String]
    private let wanted: Set<MRSequence>
    private let used: [MRSequence: Int]

    /// Notes that a series is to be read with care for; the others only tell what was done.
    private static let cautions: Set<SeriesNote.Code> = [.missingSlices, .geometryUnknown, .sequenceContradicted]

    /// - Parameters:
    ///   - study: whose series these are.
    ///   - examinations: of each series.
    ///   - settings: thresholds, and the policy where the study has none.
    ///   - wanted: what any network wants; a bad series that nobody looks at has no consequences.
    ///   - regions: with their coverage.
    init(
        _ study: StudyIngested, _ examinations: [SeriesExamination], settings: ExaminationSettings,
        wanted: Set<MRSequence>, regions: [PreparedRegion]
    ) {
        policy = study.unusableImages ?? settings.unusableImages
        task = study.task
        thresholds = settings.thresholds
        self.wanted = wanted
        // Lesions are sampled from the first series of each sequence.
        used = Dictionary(study.series.enumerated().map { ($1.sequence, $0) }) { first, _ in first }
        var faults: [Int: String] = [:]
        var qualities: [SeriesQuality] = []
        for (index, (one, examination)) in zip(study.series, examinations).enumerated() {
            let shares = regions.filter { $0.image == nil || $0.image == index }.compactMap {
                $0.coverage[one.sequence]
            }
            let coverage = shares.min() ?? 1
            var (code, reasons) = examination.verdict(coverage: coverage, thresholds: thresholds)
            let cautions = (one.notes ?? []).filter { Self.cautions.contains($0.code) }
            reasons += cautions.map { "\($0.code.rawValue): \($0.message)" }
            if !cautions.isEmpty, code == .ok { code = .degraded }
            let own = examination.verdict(thresholds: thresholds)
            if own.code == .unusable { faults[index] = own.reasons.joined(separator: "; ") }
            // What was found out when it was read, and what was done to it since.
            let notes = (one.notes ?? []) + (regions.first?.notes[index] ?? [])
            qualities.append(
                SeriesQuality(
                    sequence: one.sequence, code: code, reasons: reasons, coverage: coverage,
                    notes: notes.isEmpty ? nil : notes,
                    recognized: one.recognized, measures: examination.measures))
        }
        series = qualities
        self.faults = faults
    }

    /// The first series that is unusable by itself and that a network wants.
    private var firstFault: (index: Int, reason: String)? {
        faults.sorted { $0.key < $1.key }
            .first { wanted.contains(series[$0.key].sequence) && (task == .lymphNode || isUsed($0.key)) }
            .map { ($0.key, $0.value) }
    }

    private func isUsed(_ index: Int) -> Bool { used[series[index].sequence] == index }

    /// Why the study is rejected; nil where it is not.
    var rejection: Failure? {
        guard policy == .reject, let fault = firstFault else { return nil }
        return Failure(
            .imageUnusable, .invalid,
            "series[\(fault.index)] (\(series[fault.index].sequence.rawValue)): \(fault.reason); acquire it again, or set "
                + "policy.unusableImages to \"partial\"")
    }

    /// Why no network is asked of any region; nil where they are.
    var abstention: Abstention? {
        guard policy == .abstain, let fault = firstFault else { return nil }
        return Abstention(
            code: .imageUnusable, reason: "\(series[fault.index].sequence.rawValue) cannot be used: \(fault.reason)")
    }

    /// What no network is shown of one region.
    func withheld(from region: PreparedRegion) -> [WithheldSequence]? {
        guard policy != .use else { return nil }
        var withheld: [WithheldSequence] = []
        for (index, one) in series.enumerated() where region.image == index || (region.image == nil && isUsed(index)) {
            if let reason = faults[index] {
                withheld.append(WithheldSequence(sequence: one.sequence, reason: reason))
            } else if let coverage = region.coverage[one.sequence], coverage <= thresholds.coverage.unusable {
                withheld.append(
                    WithheldSequence(
                        sequence: one.sequence,
                        reason: "\(Int((coverage * 100).rounded())) % of the region's patch lies inside the series"))
            }
        }
        return withheld.isEmpty ? nil : withheld
    }
}
