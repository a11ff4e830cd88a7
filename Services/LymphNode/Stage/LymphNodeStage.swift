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

    package init(
        models: String?, threads: Int, precision: NetworkPrecision = .automatic, store: any TensorStore,
        tensorLifetime: Duration, makesHeatmaps: Bool = true,
        metrics: MetricsRegistry? = nil,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        server = ModelServer(
            directory: models, threads: threads, precision: precision, warn: warn,
            observe: ServingMetrics.observer(in: metrics))
        classification = RegionClassification(
            server: server, store: store, tensorLifetime: tensorLifetime, makesHeatmaps: makesHeatmaps)
    }

    package func decode(_ delivery: Delivery) throws(Failure) -> StageInput<RegionPrepared> {
        try RegionClassification.decode(delivery)
    }

    package func process(
        _ input: StageInput<RegionPrepared>, in context: StageContext
    ) async throws -> [OutgoingEvent] {
        let region = input.payload
        return try await classification.process(region, in: context) { patches, answers in
            try await classification.ask([.nodeStatus], of: region, patches: patches, in: context, into: &answers)
            let outcome =
                answers.outcomes[.nodeStatus]
                ?? .absent(Abstention(code: .modelMissing, reason: "node-status was not evaluated"))
            return LymphNodeDecision.decide(outcome)
        }
    }

    package func missingDependencies() async -> [String: String] {
        await server.problem(with: .nodeStatus).map { ["models": $0] } ?? [:]
    }

    package func notices() async -> [String: String] {
        await server.reloadProblem.map { ["models": $0] } ?? [:]
    }
}
