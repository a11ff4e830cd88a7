internal import CKernels
internal import Synchronization

/// Which code computes a convolution: what was measured on this machine, or else what is mostly the fastest.
///
/// Measurements are remembered in the process and in a file of the user's cache. A file that is missing, damaged or
/// cannot be written is no error: the choice is then made again.
final class ConvolutionChooser: Sendable {
    static let shared = ConvolutionChooser(file: ChoiceFile.standard)

    private struct State {
        var choices: [String: ConvolutionChoice]?
    }

    private let file: ChoiceFile?
    private let state = Mutex(State())
    /// Seconds that one network may spend with measurements: few where what is preferred is mostly right.
    private static func budget(_ shape: ConvolutionShape?) -> Double {
        shape?.type == .bfloat16 && !hasTiles ? 0.08 : 0.25
    }

    init(file: ChoiceFile?) { self.file = file }

    /// A plan for every convolution.
    ///
    /// - Throws: `NeuralNetworkError.backendUnavailable` for one that nothing computes.
    func plans(for tasks: [ConvolutionPlan.Task], threads: Int) throws -> [ConvolutionPlan] {
        var known = state.withLock { state in
            let choices = state.choices ?? file?.read() ?? [:]
            state.choices = choices
            return choices
        }
        let keys = tasks.map { "\($0.shape.key),t\(threads)" }
        try measure(tasks, keys, threads: threads, &known)
        return try zip(tasks, keys).map { task, key in
            for choice in [known[key]].compactMap({ $0 }) + Self.preferences(task.shape) {
                if let plan = try ConvolutionPlan(task, choice), !plan.isReference { return plan }
            }
            if let plan = try ConvolutionPlan(task, .oneDNN) { return plan }
            throw NeuralNetworkError.backendUnavailable("nothing computes layer \(task.step.name)")
        }
    }

    /// Measures what is not known yet, the largest first, as long as there is time.
    private func measure(
        _ tasks: [ConvolutionPlan.Task], _ keys: [String], threads: Int, _ known: inout [String: ConvolutionChoice]
    ) throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(Self.budget(tasks.first?.shape))
        var found: [String: ConvolutionChoice] = [:]
        let order = tasks.indices.sorted { tasks[$0].shape.operations > tasks[$1].shape.operations }
        for index in order where known[keys[index]] == nil && found[keys[index]] == nil {
            guard clock.now < deadline else { break }
            // Small work is not worth a choice: it is measured in microseconds.
            guard tasks[index].shape.operations > 1_000_000 else { break }
            found[keys[index]] = try best(tasks[index], threads: threads)
        }
        guard !found.isEmpty else { return }
        known.merge(found) { _, new in new }
        state.withLock { $0.choices = ($0.choices ?? [:]).merging(found) { _, new in new } }
        file?.add(found)
    }

    /// The fastest code that gives what the first one gives.
    private func best(_ task: ConvolutionPlan.Task, threads: Int) throws -> ConvolutionChoice {
        let plans = try Self.preferences(task.shape).compactMap { try ConvolutionPlan(task, $0) }
            .filter { !$0.isReference }
        guard plans.count > 1,
            let reference = plans.first(where: { $0.choice == .oneDNN || $0.choice == .direct })
        else { return plans.first?.choice ?? .oneDNN }
        let trial = try ConvolutionTrial(task, threads: threads)
        guard let truth = try trial.measure(reference, repetitions: 3) else { return reference.choice }
        var best = (choice: reference.choice, seconds: truth.seconds, factor: reference.memoryFactor)
        for plan in plans where plan.choice != reference.choice {
            let worth = best.seconds * best.factor / plan.memoryFactor
            guard let result = try trial.measure(plan, repetitions: 3, ifBelow: worth) else { continue }
            let isRight = ConvolutionTrial.agree(truth.values, result.values, type: task.shape.type)
            if isRight, result.seconds * plan.memoryFactor < best.seconds * best.factor {
                best = (plan.choice, result.seconds, plan.memoryFactor)
            }
        }
        return best.choice
    }

    /// What is mostly the fastest, first.
    static func preferences(_ shape: ConvolutionShape) -> [ConvolutionChoice] {
        if shape.readsPlanes {
            let planar: [ConvolutionChoice] = [.planarFloat, .planar1, .planar2]
            if hasTiles, shape.type == .bfloat16 { return [.columns, .oneDNN] + planar }
            return prefersTransforms(shape) ? planar + [.oneDNN] : [.oneDNN] + planar
        }
        let plain: [ConvolutionChoice] = SharedGradientPlan.suits(shape) ? [.direct, .oneDNN] : [.oneDNN, .direct]
        let first: [ConvolutionChoice] = prefersTransforms(shape) ? [.winogradFloat] : []
        return first + plain + [.winograd1, .winograd2] + (first.isEmpty ? [.winogradFloat] : []) + [.tiles]
    }

    /// Whether products in float32 between transforms win over those of bfloat16 wherever nothing was measured yet: of
    /// large kernels on many pixels, where there are no tiles.
    private static func prefersTransforms(_ shape: ConvolutionShape) -> Bool {
        guard shape.type == .bfloat16, !hasTiles else { return false }
        let c = shape.convolution
        if shape.readsPlanes { return c.kernel.volume >= 64 }
        let sizes = c.kernel.components(rank: 3).filter { $0 > 1 }
        return sizes.count > 1 && sizes.allSatisfy { $0 == 3 || $0 == 5 } && c.stride == .one && c.inputChannels >= 48
            && shape.batch * shape.output.volume >= 1024
    }

    private static let hasTiles = ork_processor_features().amx_bf16
}
