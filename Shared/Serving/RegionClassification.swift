package import Classifiers
package import Contracts
package import Messaging
package import ServiceRuntime
package import TensorStore
import Tensors

/// What a region's networks said.
package struct NodeAnswers: Sendable {
    package private(set) var outcomes: [ClassifierRole: NodeOutcome] = [:]
    package private(set) var models: [ModelUsed] = []
    /// By node: what was found, and where the patch lies.
    fileprivate private(set) var findings: [String: (finding: NodeFinding, affine: [Double])] = [:]

    package init() {}

    fileprivate mutating func add(_ finding: NodeFinding, affine: [Double]) {
        outcomes[finding.evidence.role] = .evaluated(finding.evidence)
        models.append(finding.model)
        findings[finding.model.role] = (finding, affine)
    }

    fileprivate mutating func add(_ abstention: Abstention, of role: ClassifierRole) {
        outcomes[role] = .absent(abstention)
    }
}

/// Asks networks of one region and keeps their heat maps: what both classifier services do alike.
package struct RegionClassification: Sendable {
    private let server: ModelServer
    private let store: any TensorStore
    private let tensorLifetime: Duration
    private let makesHeatmaps: Bool

    package init(server: ModelServer, store: any TensorStore, tensorLifetime: Duration, makesHeatmaps: Bool) {
        self.server = server
        self.store = store
        self.tensorLifetime = tensorLifetime
        self.makesHeatmaps = makesHeatmaps
    }

    /// Reads a delivery of either classifier's queues.
    package static func decode(_ delivery: Delivery) throws(Failure) -> StageInput<RegionPrepared> {
        let event = try EventCoding.decodeEvent(RegionPrepared.self, from: delivery.body)
        return StageInput(event, runID: event.data.runID, regionID: event.data.regionID) { $0 }
    }

    /// Takes a region's patches and says what the networks decide of them; of a region whose tensor is gone, it says so.
    package func process(
        _ region: RegionPrepared, in context: StageContext,
        deciding decide: (PatchReader, inout NodeAnswers) async throws -> RegionDecision
    ) async throws -> [OutgoingEvent] {
        let start = ContinuousClock.now
        let patches: PatchReader
        do {
            patches = try await PatchReader(region, store: store)
        } catch  where StoreFailure.isLoss(error) {
            return try Self.lost(error, region, in: context)
        }
        var answers = NodeAnswers()
        let decision = try await decide(patches, &answers)
        return [try await classified(decision, answers, of: region, since: start, in: context)]
    }

    /// Asks `roles` at once, and adds what they say to `answers`.
    package func ask(
        _ roles: [ClassifierRole], of region: RegionPrepared, patches: PatchReader, in context: StageContext,
        into answers: inout NodeAnswers
    ) async throws {
        if let abstention = region.abstained {
            for role in roles { answers.add(abstention, of: role) }
            return
        }
        let (inputs, absent) = try await server.inputs(of: roles)
        for (role, abstention) in absent { answers.add(abstention, of: role) }
        let isUrgent = context.priority == .urgent
        let found = try await withThrowingTaskGroup(of: (NodeFinding, [Double]).self) { group in
            for role in roles {
                guard let wanted = inputs[role] else { continue }
                switch try patches.input(for: role, wanting: wanted) {
                case .failure(let error): answers.add(error.abstention, of: role)
                case .success(let (tensor, affine)):
                    group.addTask { [server, makesHeatmaps] in
                        let finding = try await server.answer(
                            role, tensor, wantsHeatmap: makesHeatmaps, isUrgent: isUrgent)
                        return (finding, affine)
                    }
                }
            }
            return try await group.reduce(into: [(NodeFinding, [Double])]()) { $0.append($1) }
        }
        for (finding, affine) in found.sorted(by: { $0.0.model.role < $1.0.model.role }) {
            answers.add(finding, affine: affine)
        }
    }

    /// The event that says what was decided, with the heat maps of the decision's own nodes in the store.
    private func classified(
        _ decision: RegionDecision, _ answers: NodeAnswers, of region: RegionPrepared,
        since start: ContinuousClock.Instant,
        in context: StageContext
    ) async throws -> OutgoingEvent {
        var path = decision.decisionPath
        var maps: [(key: String, tensor: Tensor)] = []
        var shown: [(index: Int, finding: NodeFinding, affine: [Double])] = []
        for index in path.indices {
            guard let (finding, affine) = answers.findings[path[index].node], let map = finding.heatmap else {
                continue
            }
            maps.append((TensorKey.heatmap(path[index].node, region: region.regionID, run: region.runID), map))
            shown.append((index, finding, affine))
        }
        for (one, reference) in zip(shown, try await store.deposit(maps, lifetime: tensorLifetime)) {
            path[one.index].heatmap = Heatmap(
                label: one.finding.evidence.label, layer: one.finding.layer, tensor: reference, file: nil,
                affine: one.affine)
        }
        let duration = (ContinuousClock.now - start).milliseconds
        let payload = RegionClassified(
            runID: region.runID, task: region.task, regionID: region.regionID, decisionPath: path,
            probabilities: decision.probabilities, label: decision.label, abstained: decision.abstained,
            models: answers.models, timing: region.timing.merging([context.stage.rawValue: duration]) { $1 },
            labelSet: decision.labelSet)
        return try context.pipelineEvent(payload, run: region.runID, region: region.regionID)
    }

    /// The event for a region whose tensor is gone: it is made again from the study's own files.
    private static func lost(
        _ error: any Error, _ region: RegionPrepared, in context: StageContext
    ) throws -> [OutgoingEvent] {
        guard let failure = StoreFailure.failure(of: error) else { throw error }
        let payload = RegionLost(runID: region.runID, regionID: region.regionID, error: failure)
        // Each loss is a new fact; the same delivery tells it under the same id.
        return [
            try context.pipelineEvent(
                payload, run: region.runID, region: region.regionID, discriminator: context.causationID)
        ]
    }
}
