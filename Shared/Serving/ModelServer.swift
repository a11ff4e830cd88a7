import Classifiers
package import Contracts
import NeuralNetwork
package import ServiceRuntime
package import Tensors

/// The models of a service, loaded when they are first asked for, and exchanged when their folders change; work that
/// is under way ends on the models that it began with.
package actor ModelServer {
    private let directory: String?
    private let settings: ComputeSettings
    private let maximumBatch: Int
    private var library: ClassifierLibrary?
    private var served: [ClassifierRole: ServedClassifier] = [:]
    private var lookedAt: ContinuousClock.Instant?
    private var isPreloaded = false
    private let warn: @Sendable (String) -> Void
    private let observe: @Sendable (ServedBatch) async -> Void
    /// Why the models that lie there now are not the ones in service; nil when they are.
    package private(set) var reloadProblem: String?

    /// - Parameters:
    ///   - directory: of model folders; nil for the seeded, untrained networks.
    ///   - threads: of one network's arithmetic.
    ///   - precision: of that arithmetic.
    ///   - maximumBatch: regions computed together at most.
    ///   - warn: is told, once each, why new models are not taken into service.
    ///   - observe: is told of each batch before it is computed; the batch waits for it.
    package init(
        directory: String?, threads: Int, precision: NetworkPrecision = .automatic, maximumBatch: Int = 8,
        warn: @escaping @Sendable (String) -> Void = { _ in },
        observe: @escaping @Sendable (ServedBatch) async -> Void = { _ in }
    ) {
        self.warn = warn
        self.observe = observe
        self.directory = directory
        self.maximumBatch = maximumBatch
        settings = ComputeSettings(
            threads: threads, maximumBatch: maximumBatch,
            precision: Precision(rawValue: precision.rawValue) ?? .automatic)
    }

    /// Why a role cannot be served; nil when it can. Loads the role's model.
    package func problem(with role: ClassifierRole) async -> String? {
        do {
            _ = try await classifier(for: role)
            return nil
        } catch {
            return error.failure.message
        }
    }

    /// Why none of these roles can be served; nil when one can. Once, when the models were opened, loads those of all
    /// roles at the same time; what cannot be used is not read again and again, but when it is asked for.
    package func problem(withAll roles: [ClassifierRole]) async -> String? {
        if !isPreloaded {
            do {
                try await look()
            } catch {
                return error.failure.message
            }
            isPreloaded = true
            await library?.load(roles)
        }
        var first: String?
        for role in roles {
            guard let problem = await problem(with: role) else { return nil }
            first = first ?? problem
        }
        return first
    }

    /// The roles among `roles` that can be served now; for the others, why not.
    ///
    /// - Throws: ``Failure`` where none can, so that the delivery waits until the models are mended.
    package func inputs(
        of roles: [ClassifierRole]
    ) async throws(Failure) -> (inputs: [ClassifierRole: ModelInput], absent: [ClassifierRole: Abstention]) {
        var inputs: [ClassifierRole: ModelInput] = [:]
        var absent: [ClassifierRole: Abstention] = [:]
        var last: Failure?
        for role in roles {
            do {
                inputs[role] = try await classifier(for: role).input
            } catch {
                let failure = error.failure
                last = failure
                absent[role] = Abstention(code: failure.code, reason: failure.message)
            }
        }
        if inputs.isEmpty, let last {
            throw Failure(last.code, .transient, last.message)
        }
        return (inputs, absent)
    }

    /// Lets a role's network look at one region: `input` is `[C, …]` as the role's ``ModelInput`` says. Throws
    /// ``ClassifierError`` where the model cannot be used, or not with this input.
    package func answer(
        _ role: ClassifierRole, _ input: Tensor, wantsHeatmap: Bool, isUrgent: Bool
    ) async throws -> NodeFinding {
        try await classifier(for: role).answer(.init(input: input, wantsHeatmap: wantsHeatmap), isUrgent: isUrgent)
    }

    /// Regions that wait for a role's network.
    package func waitingRegions(of role: ClassifierRole) async -> Int { await served[role]?.waitingRegions ?? 0 }

    private func classifier(for role: ClassifierRole) async throws(ClassifierError) -> ServedClassifier {
        try await look()
        if let ready = served[role] { return ready }
        guard let library else {
            throw .modelMissing("the models could not be opened")
        }
        let classifier = try await library.classifier(for: role)
        // Another task may have been here meanwhile.
        if let ready = served[role] { return ready }
        let fresh = ServedClassifier(classifier, role: role, maximumBatch: maximumBatch, observe: observe)
        served[role] = fresh
        return fresh
    }

    /// Opens the models, and now and then looks whether their folders changed.
    private func look() async throws(ClassifierError) {
        let now = ContinuousClock.now
        guard let library else {
            library = try ClassifierLibrary(directory: directory, settings: settings)
            lookedAt = now
            return
        }
        if let lookedAt, now - lookedAt < .seconds(2) { return }
        lookedAt = now
        // New models that cannot be used leave the old ones in service.
        do throws(ClassifierError) {
            if try await library.reloadIfChanged() { served = [:] }
            reloadProblem = nil
        } catch {
            let problem = "new models are not taken, the ones before stay in service: \(error.failure.message)"
            if problem != reloadProblem { warn(problem) }
            reloadProblem = problem
        }
    }
}
