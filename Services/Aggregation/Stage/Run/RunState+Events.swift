package import Contracts

// The events of a run. Times are seconds since 1970.
extension RunState {
    /// The ledger takes a study up.
    package static func admit(_ admission: Admission) -> (RunState, [RunEffect]) {
        (RunState(admission), [.admit(recovery: 0), .accept, .progress(.ingestion, region: nil)])
    }

    /// The same study with the same content came again (or the delivery of the first time did).
    package func ingestedAgain(_ study: StudyIngested) -> [RunEffect] {
        // Accepted first: so whoever waits for this submission knows that the result is of its run.
        guard isOpen else { return [.acceptAgain, .announceAgain, .delete(study.tensorKeys)] }
        // Under way: the tensors are needed, unless ingestion put the copies elsewhere.
        let copies = Set(study.tensorKeys).subtracting(admission.study.tensorKeys).sorted()
        return copies.isEmpty ? [.acceptAgain] : [.acceptAgain, .delete(copies)]
    }

    /// Which regions to expect is known.
    ///
    /// - Throws: ``Failure`` (permanent) for a plan of another task.
    package mutating func planned(_ plan: StudyPlanned, now: Double) throws(Failure) -> [RunEffect] {
        try checkTask(plan.task)
        if phase == .rejected { return [.delete(plan.regions.flatMap(\.tensorKeys))] }
        if let known = self.plan { return plannedAgain(plan, known) }
        self.plan = plan
        isStudyParked = false
        studyFailure = nil
        if isOpen { return [.progress(.preprocessing, region: nil)] + settle(now) }
        // The run ended without knowing its regions; now parts that came before can be told.
        return classifiedRegions.isEmpty ? [] : amend(now)
    }

    /// A redelivery, or the plan of a recovery: the same regions, perhaps under new tensor keys.
    private mutating func plannedAgain(_ plan: StudyPlanned, _ known: StudyPlanned) -> [RunEffect] {
        isStudyParked = false
        if !isOpen && missingRegions.isEmpty {
            return [.delete(plan.regions.flatMap(\.tensorKeys))]
        }
        var merged = known
        var orphans: [String] = []
        for region in plan.regions {
            if let index = merged.regions.firstIndex(where: { $0.id == region.id }) {
                let keys = merged.regions[index].tensorKeys
                merged.regions[index].tensorKeys += region.tensorKeys.filter { !keys.contains($0) }
            } else {
                orphans += region.tensorKeys
            }
        }
        self.plan = merged
        return orphans.isEmpty
            ? [] : [.delete(orphans), .ignored("the second plan names regions that the first does not")]
    }

    /// The networks' word on one region; `notes` is what is missing of it, such as a heat map that could not be kept.
    ///
    /// - Throws: ``Failure`` (permanent) for another task's region.
    package mutating func classified(
        _ part: RegionClassified, notes: [Failure] = [], now: Double
    ) throws(Failure) -> [RunEffect] {
        try checkTask(part.task)
        let region = part.regionID
        if phase == .rejected { return [.ignored("the run was rejected")] }
        guard expects(region) else { return [.ignored("the plan does not name this region")] }
        guard regions[region]?.classified == nil else {
            return isOpen ? [] : [.delete(tensorKeys(of: region))]
        }
        var progress = regions[region] ?? RegionProgress()
        progress.classified = part
        progress.trouble.failure = nil
        progress.trouble.isParked = false
        progress.trouble.notes = notes
        regions[region] = progress
        guard isOpen else { return plan == nil ? [] : amend(now) + [.delete(tensorKeys(of: region))] }
        let ending = settle(now)
        return ending.isEmpty ? [.progress(task.stage, region: region)] : ending
    }

    /// A region's tensors are gone; the study must be prepared once more from its own files.
    ///
    /// A run's n-th recovery makes all regions again, so a region asks for another one only when its own losses are
    /// more than the recoveries there were: losses of several regions in one restart of the store ask for one.
    package mutating func lost(_ loss: RegionLost, now: Double) -> [RunEffect] {
        let region = loss.regionID
        if phase == .rejected { return [.ignored("the run was rejected")] }
        guard expects(region) else { return [.ignored("the plan does not name this region")] }
        var progress = regions[region] ?? RegionProgress()
        guard progress.classified == nil else { return [] }
        progress.trouble.losses += 1
        // It was parked and came back: it is waited for again.
        progress.trouble.isParked = false
        if isOpen { progress.trouble.failure = nil }
        guard progress.trouble.losses > recoveries else {
            regions[region] = progress
            return []
        }
        if recoveries < Self.recoveryLimit {
            recoveries += 1
            regions[region] = progress
            return [.admit(recovery: recoveries)]
        }
        progress.trouble.failure = Failure(
            .tensorExpired, .permanent,
            "region \(region): its tensors were lost \(progress.trouble.losses) times, and a run is prepared again at "
                + "most \(Self.recoveryLimit) times; give the tensor store more memory or tensors a longer life",
            stage: task.stage.rawValue, attempts: progress.trouble.losses)
        regions[region] = progress
        return settle(now)
    }

    /// A stage gave a delivery of this run up; replayed, it still counts.
    package mutating func parked(_ parked: DeliveryParked, now: Double) -> [RunEffect] {
        if phase == .rejected { return [.ignored("the run was rejected")] }
        // A submission of the same study that nobody could read says nothing of the run under way.
        if parked.stage == .ingestion { return [.ignored("another submission of this study was parked")] }
        var failure = parked.error
        failure.stage = failure.stage ?? parked.stage.rawValue
        guard let region = parked.regionID else {
            isStudyParked = true
            return giveUpStudy(failure, now: now, isParked: true)
        }
        guard expects(region), regions[region]?.classified == nil else { return [] }
        giveUp(region, failure, isParked: true)
        return settle(now)
    }

    /// Preprocessing cannot use the study.
    package mutating func rejected(_ rejection: StudyRejected, now: Double) -> [RunEffect] {
        guard isOpen else {
            if phase != .rejected { _ = giveUpStudy(rejection.error, now: now, isParked: false) }
            return [.ignored("the run had ended")]
        }
        // While it is made again: what is classified already stays true.
        guard plan == nil else { return giveUpStudy(rejection.error, now: now, isParked: false) }
        phase = .rejected
        studyFailure = rejection.error
        return [.announce(.rejected(rejectedDocument(rejection))), .delete(tensorKeys)]
    }

    /// The deadline has come: an open run ends with what is there.
    package mutating func deadlineReached(now: Double) -> [RunEffect] {
        guard isOpen else { return [] }
        let seconds = Int(admission.study.deadlineSeconds.rounded(.up))
        guard plan != nil else {
            let failure = Failure(
                .deadlineExceeded, .permanent,
                "expected the study to be prepared within \(seconds) s of its admission, it was not; "
                    + "see the stage's queue and log", stage: StageName.preprocessing.rawValue)
            return fail(failure, now: now)
        }
        for region in expectedRegions where regions[region.id]?.isSettled != true {
            let failure = Failure(
                .deadlineExceeded, .permanent,
                "region \(region.id): expected a classification within \(seconds) s of the study's admission, "
                    + "found none; see the stage's queue and log", stage: task.stage.rawValue)
            giveUp(region.id, failure, isParked: false)
        }
        return settle(now)
    }
}

extension RunState {
    private func checkTask(_ task: ClinicalTask) throws(Failure) {
        guard task == self.task else {
            throw Failure(
                .invalidField, .permanent,
                "task: expected \(self.task.rawValue), for which the run was admitted, found \(task.rawValue)",
                stage: StageName.aggregation.rawValue)
        }
    }

    private mutating func giveUp(_ region: String, _ failure: Failure, isParked: Bool) {
        var progress = regions[region] ?? RegionProgress()
        guard progress.classified == nil else { return }
        var failure = failure
        if !failure.message.hasPrefix("region ") { failure.message = "region \(region): " + failure.message }
        progress.trouble.failure = failure
        progress.trouble.isParked = isParked
        regions[region] = progress
    }

    /// The study cannot be prepared (again). Before the plan that is its end; after it, it concerns the regions whose
    /// tensors were lost, or in the first round all that are missing.
    private mutating func giveUpStudy(_ failure: Failure, now: Double, isParked: Bool) -> [RunEffect] {
        guard plan != nil else {
            if isOpen { return fail(failure, now: now) }
            studyFailure = failure
            return []
        }
        for region in missingRegions where recoveries == 0 || (regions[region.id]?.trouble.losses ?? 0) > 0 {
            giveUp(region.id, failure, isParked: isParked)
        }
        return settle(now)
    }

    /// Ends an open run as soon as nothing more is waited for.
    private mutating func settle(_ now: Double) -> [RunEffect] {
        guard isOpen, isComplete else { return [] }
        guard !classifiedRegions.isEmpty else {
            let first = expectedRegions.compactMap { [regions] in regions[$0.id]?.trouble.failure }.first
            let none = Failure(
                .regionsMissing, .permanent, "expected at least one region in the study's plan, found none",
                stage: StageName.preprocessing.rawValue)
            return fail(first ?? none, now: now)
        }
        phase = isFullyDecided ? .final : .partial
        return [.announce(.result(resultDocument(now: now), amendment: 0)), .delete(tensorKeys)]
    }

    private mutating func fail(_ failure: Failure, now: Double) -> [RunEffect] {
        phase = .failed
        studyFailure = failure
        return [.announce(.failed(failedDocument(failure, now: now))), .delete(tensorKeys)]
    }

    /// A late part has changed what can be said.
    private mutating func amend(_ now: Double) -> [RunEffect] {
        amendments += 1
        phase = isFullyDecided ? .final : .partial
        studyFailure = nil
        var effects: [RunEffect] = [.announce(.result(resultDocument(now: now), amendment: amendments))]
        if missingRegions.isEmpty { effects.append(.delete(tensorKeys)) }
        return effects
    }
}
