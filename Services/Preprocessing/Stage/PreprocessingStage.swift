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
    private let work: BlockingWork

    package init(
        roots: [String], models: String?, limits: NIfTILimits = NIfTILimits(), store: any TensorStore,
        tensorLifetime: Duration, work: BlockingWork
    ) {
        volumes = StudyVolumes(
            store: store, resolver: LocationResolver(roots: roots), reader: ImageReader(limits: limits), work: work)
        inputs = ModelInputs(directory: models)
        preparer = RegionPreparer(store: store, tensorLifetime: tensorLifetime, work: work)
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
        let planned = try await work.run { [mask] in try RegionPlanner.plan(study, series: series, mask: mask) }
        let prepared = try await preparer.prepare(planned, of: study, series: series, inputs: inputs)
        let timing = study.timing.merging([Self.name.rawValue: (ContinuousClock.now - start).milliseconds]) { $1 }
        let plan = StudyPlanned(
            runID: study.runID, task: study.task,
            regions: prepared.map {
                PlannedRegion(id: $0.id, location: $0.location, tensorKeys: $0.patches.map(\.tensor.key))
            },
            quality: StudyQuality(series: SeriesCoverage.quality(of: study, prepared)), timing: timing)
        var events = [
            try context.pipelineEvent(plan, run: study.runID, discriminator: Self.discriminator(admitted))
        ]
        for region in prepared {
            let payload = RegionPrepared(
                runID: study.runID, studyInstanceUID: study.studyInstanceUID, task: study.task, regionID: region.id,
                patches: region.patches, missingSequences: study.missingSequences, deadline: admitted.deadline,
                timing: timing)
            events.append(
                try context.pipelineEvent(
                    payload, run: study.runID, region: region.id, discriminator: Self.discriminator(admitted),
                    routingKey: RoutingKey.prepared(study.task, context.priority)))
        }
        return events
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
