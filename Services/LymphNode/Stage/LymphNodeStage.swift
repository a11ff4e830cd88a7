import Classifiers
package import Contracts
package import Messaging
import Serving
package import ServiceRuntime
package import TensorStore

/// Decides whether a lymph node is metastatic.
package struct LymphNodeStage: Stage {
    package static let name = StageName.lymphNode

    private let server: ModelServer
    private let classification: RegionClassification
    private let store: any TensorStore

    package init(
        models: String?, threads: Int, store: any TensorStore, tensorLifetime: Duration, makesHeatmaps: Bool = true
    ) {
        server = ModelServer(directory: models, threads: threads)
        self.store = store
        classification = RegionClassification(
            server: server, store: store, tensorLifetime: tensorLifetime, makesHeatmaps: makesHeatmaps)
    }

    package func decode(_ delivery: Delivery) throws(Failure) -> StageInput<RegionPrepared> {
        let event = try EventCoding.decodeEvent(RegionPrepared.self, from: delivery.body)
        return StageInput(event, runID: event.data.runID, regionID: event.data.regionID) { $0 }
    }

    package func process(
        _ input: StageInput<RegionPrepared>, in context: StageContext
    ) async throws -> [OutgoingEvent] {
        let start = ContinuousClock.now
        let region = input.payload
        let patches: PatchReader
        do {
            patches = try await PatchReader(region, store: store)
        } catch  where StoreFailure.isLoss(error) {
            return try RegionClassification.lost(error, region, in: context)
        }
        var answers = NodeAnswers()
        try await classification.ask([.nodeStatus], of: region, patches: patches, in: context, into: &answers)
        let outcome =
            answers.outcomes[.nodeStatus]
            ?? .absent(Abstention(code: .modelMissing, reason: "node-status was not evaluated"))
        let decision = LymphNodeDecision.decide(outcome)
        return [try await classification.classified(decision, answers, of: region, since: start, in: context)]
    }

    package func missingDependencies() async -> [String: String] {
        await server.problem(with: .nodeStatus).map { ["models": $0] } ?? [:]
    }
}
