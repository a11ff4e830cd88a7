import Classifiers
package import Contracts
package import Messaging
import Serving
package import ServiceRuntime
package import TensorStore

/// Decides where a metastasis comes from: lung or not, then small-cell or not, or breast or gastrointestinal.
package struct BrainMetastasisStage: Stage {
    package static let name = StageName.brainMetastasis

    private static let roles: [ClassifierRole] = [.lungVersusNonLung, .sclcVersusNSCLC, .bcVersusGIC]

    private let server: ModelServer
    private let classification: RegionClassification
    private let branches: BrainMetastasisDecision.Branches

    package init(
        models: String?, threads: Int, precision: NetworkPrecision = .automatic, store: any TensorStore,
        tensorLifetime: Duration, makesHeatmaps: Bool = true,
        evaluatesBothBranches: Bool = true, metrics: MetricsRegistry? = nil,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        server = ModelServer(
            directory: models, threads: threads, precision: precision, warn: warn,
            observe: ServingMetrics.observer(in: metrics))
        branches = evaluatesBothBranches ? .both : .chosen
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
            switch branches {
            case .both:
                try await classification.ask(Self.roles, of: region, patches: patches, in: context, into: &answers)
            case .chosen:
                try await classification.ask(
                    [.lungVersusNonLung], of: region, patches: patches, in: context, into: &answers)
                if let first = answers.outcomes[.lungVersusNonLung]?.decided {
                    let next = BrainMetastasisDecision.nextRoles(after: first, branches: branches)
                    try await classification.ask(next, of: region, patches: patches, in: context, into: &answers)
                }
            }
            return BrainMetastasisDecision.decide(answers.outcomes, branches: branches)
        }
    }

    package func missingDependencies() async -> [String: String] {
        // One usable network is enough to go on; which one is missing is said in each result.
        await server.problem(withAll: Self.roles).map { ["models": $0] } ?? [:]
    }

    package func notices() async -> [String: String] {
        await server.reloadProblem.map { ["models": $0] } ?? [:]
    }
}
