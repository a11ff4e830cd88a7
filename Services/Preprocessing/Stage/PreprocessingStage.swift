package import Contracts
package import Imaging
package import Messaging
package import ServiceRuntime
package import TensorStore

/// Plans a study's regions and prepares for each what the networks want to be fed.
package struct PreprocessingStage: Stage {
    package static let name = StageName.preprocessing

    private let volumes: StudyVolumes
    private let inputs: ModelInputs
    private let preparer: RegionPreparer
    private let settings: ExaminationSettings
    private let work: BlockingWork

    package init(
        roots: [String], models: String?, limits: NIfTILimits = NIfTILimits(), store: any TensorStore,
        tensorLifetime: Duration, work: BlockingWork, examination: ExaminationSettings = ExaminationSettings()
    ) {
        volumes = StudyVolumes(
            store: store, resolver: LocationResolver(roots: roots), reader: ImageReader(limits: limits), work: work)
        inputs = ModelInputs(directory: models)
        preparer = RegionPreparer(store: store, tensorLifetime: tensorLifetime, work: work)
        settings = examination
        self.work = work
    }

    package func decode(_ delivery: Delivery) throws(Failure) -> StageInput<StudyAdmitted> {
        let event = try EventCoding.decodeEvent(StudyAdmitted.self, from: delivery.body)
        return StageInput(event, runID: event.data.study.runID) { $0 }
    }

    package func process(_ input: StageInput<StudyAdmitted>, in context: StageContext) async throws -> [OutgoingEvent] {
        let start = ContinuousClock.now
        let admitted = input.payload
        let study = admitted.study
        let inputs = try inputs.inputs(for: study.task)
        try Self.checkSequences(of: study, wanted: inputs)
        let series = try await volumes.series(of: study)
        var mask: Volume?
        if let asked = study.regions.mask { mask = try await volumes.mask(asked) }
        let planned = try await work.run { [mask] in
            try RegionPlanner.plan(
                study.task, study.regions, series: series, mask: mask, labels: study.regions.mask?.labels)
        }
        let examinations = try await Self.examine(series, of: study, work)
        let prepared = try await preparer.prepare(planned, of: study, series: series, inputs: inputs)
        let quality = StudyExamination(
            study, examinations, settings: settings, wanted: Set(inputs.values.flatMap(\.sequences)), regions: prepared)
        if let failure = quality.rejection {
            await preparer.forget(prepared)
            throw failure
        }
        let criteria = planned.map { Self.criteria(of: $0, series, examinations, settings.criteria) }
        let timing = study.timing.merging([Self.name.rawValue: (ContinuousClock.now - start).milliseconds]) { $1 }
        let plan = StudyPlanned(
            runID: study.runID, task: study.task,
            regions: zip(prepared, criteria).map { region, criteria in
                PlannedRegion(
                    id: region.id, location: region.location, tensorKeys: region.patches.map(\.tensor.key),
                    criteria: criteria)
            },
            quality: StudyQuality(series: quality.series), timing: timing)
        var events = [
            try context.pipelineEvent(plan, run: study.runID, discriminator: Self.discriminator(admitted))
        ]
        for region in prepared {
            let payload = RegionPrepared(
                runID: study.runID, studyInstanceUID: study.studyInstanceUID, task: study.task, regionID: region.id,
                patches: region.patches, missingSequences: study.missingSequences,
                withheld: quality.withheld(from: region),
                abstained: quality.abstention, deadline: admitted.deadline, timing: timing)
            events.append(
                try context.pipelineEvent(
                    payload, run: study.runID, region: region.id, discriminator: Self.discriminator(admitted),
                    routingKey: RoutingKey.prepared(study.task, context.priority)))
        }
        return events
    }

    private static func examine(
        _ series: [Volume], of study: StudyIngested, _ work: BlockingWork
    ) async throws -> [SeriesExamination] {
        try await withThrowingTaskGroup(of: (Int, SeriesExamination).self) { group in
            for (index, volume) in series.enumerated() {
                let areKnown = study.series[index].slicePositionsAreKnown
                group.addTask {
                    (index, try await work.run { SeriesExamination(volume, positionsAreKnown: areKnown) })
                }
            }
            let examinations = try await group.reduce(into: [Int: SeriesExamination]()) { $0[$1.0] = $1.1 }
            return series.indices.compactMap { examinations[$0] }
        }
    }

    /// Of a lymph node whose outline is known on its own series.
    private static func criteria(
        of planned: PlannedWork, _ series: [Volume], _ examinations: [SeriesExamination],
        _ settings: NodeCriteriaSettings
    ) -> NodeCriteria? {
        guard let image = planned.image, planned.region.voxels != nil else { return nil }
        return NodeMeasures(of: planned.region, in: series[image], noise: examinations[image].measures.noise ?? 0)?
            .criteria(shortAxisMM: planned.region.location.shortAxisMM, settings: settings)
    }

    package func missingDependencies() async -> [String: String] {
        // Models for one question are enough to be of use.
        var problem: String?
        for task in ClinicalTask.allCases {
            do {
                _ = try inputs.inputs(for: task)
                return [:]
            } catch {
                problem = error.message
            }
        }
        return problem.map { ["models": $0] } ?? [:]
    }

    /// A run that is taken up again after a lost tensor makes new events; otherwise ids follow from run and region.
    private static func discriminator(_ admitted: StudyAdmitted) -> String? {
        admitted.recovery == 0 ? nil : "recovery-\(admitted.recovery)"
    }

    /// With the policy `reject`, every sequence that a model wants must be there; with `partial`, one of them.
    private static func checkSequences(
        of study: StudyIngested, wanted inputs: [ClassifierRole: ModelInput]
    ) throws(Failure) {
        let present = Set(study.series.map(\.sequence))
        let wanted = Set(inputs.values.flatMap(\.sequences))
        let missing = wanted.subtracting(present)
        guard !missing.isEmpty else { return }
        guard study.missingSequences == .reject || missing == wanted else { return }
        let names = missing.sorted().map(\.rawValue).joined(separator: ", ")
        let roles = inputs.filter { !missing.isDisjoint(with: $0.value.sequences) }.map(\.key.rawValue).sorted()
        throw Failure(
            .missingSequence, .invalid,
            "series: \(names) missing, wanted by \(roles.joined(separator: ", ")); submit "
                + (missing.count == 1 ? "it" : "them") + ", or set policy.missingSequences to \"partial\"")
    }
}

extension IngestedSeries {
    /// Whether each slice had a header of its own that said where it lies: DICOM with its geometry. Ingestion has refused
    /// what has holes.
    fileprivate var slicePositionsAreKnown: Bool {
        let name = location.lowercased()
        let isDICOM = ![".nii", ".nii.gz", ".png", ".jpg", ".jpeg"].contains(where: name.hasSuffix)
        return isDICOM && !(notes ?? []).contains { $0.code == .geometryUnknown }
    }
}
