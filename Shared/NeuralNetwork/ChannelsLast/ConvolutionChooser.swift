internal import CKernels
internal import Synchronization

/// Which code computes a convolution: what was measured on this machine, or else what is mostly the fastest.
///
/// Measurements are remembered in the process and in a file of the user's cache. A file that is missing, damaged or
/// cannot be written is no error: the choice is then made again.
final class ConvolutionChooser: Sendable {
    static let shared = ConvolutionChooser(file: ChoiceFile.standard)
    /// Takes no transforms and measures nothing.
    static let direct = ConvolutionChooser(file: nil) { _ in .direct }

    private struct State {
        var choices: [String: ConvolutionChoice]?
    }

    private let file: ChoiceFile?
    private let state = Mutex(State())
    /// Seconds that one network may spend with measurements: few where what is preferred is mostly right.
    private static func budget(_ shape: ConvolutionShape?) -> Double {
        shape.map(isDirectFast) ?? false ? 0.02 : 0.25
    }
    /// What another code must take of the preferred one's time to be chosen: a busy machine's measurements are not
    /// worth less of a difference.
    private static let worthwhile = 0.9

    /// For each shape's key, a choice that needs no measurement and comes before all others; next comes the library.
    private let given: (@Sendable (String) -> ConvolutionChoice)?

    init(file: ChoiceFile?, given: (@Sendable (String) -> ConvolutionChoice)? = nil) {
        self.file = file
        self.given = given
    }

    /// A plan for every convolution.
    ///
    /// - Throws: `NeuralNetworkError.backendUnavailable` for one that nothing computes.
    func plans(for tasks: [ConvolutionPlan.Task], threads: Int) throws -> [ConvolutionPlan] {
        if let given {
            return try tasks.map { try Self.plan($0, [given($0.shape.key), .oneDNN]) }
        }
        var known = state.withLock { state in
            let choices = state.choices ?? file?.read() ?? [:]
            state.choices = choices
            return choices
        }
        let keys = tasks.map { "\($0.shape.key),t\(threads)" }
        try measure(tasks, keys, threads: threads, &known)
        return try zip(tasks, keys).map { task, key in
            let measured = Self.isGiven(task) ? nil : known[key]
            return try Self.plan(task, [measured].compactMap { $0 })
        }
    }

    /// By these choices where they compute it, else by what is preferred.
    private static func plan(
        _ task: ConvolutionPlan.Task, _ choices: [ConvolutionChoice]
    ) throws -> ConvolutionPlan {
        for choice in choices + preferences(task) {
            if let plan = try ConvolutionPlan(task, choice), !plan.isReference { return plan }
        }
        if let plan = try ConvolutionPlan(task, .oneDNN) { return plan }
        throw NeuralNetworkError.backendUnavailable("nothing computes layer \(task.step.name)")
    }

    /// Measures what is not known yet, the largest first, as long as there is time.
    private func measure(
        _ tasks: [ConvolutionPlan.Task], _ keys: [String], threads: Int, _ known: inout [String: ConvolutionChoice]
    ) throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(Self.budget(tasks.first?.shape))
        var found: [String: ConvolutionChoice] = [:]
        let order = tasks.indices.sorted { tasks[$0].shape.operations > tasks[$1].shape.operations }
        for index in order
        where known[keys[index]] == nil && found[keys[index]] == nil && !Self.isGiven(tasks[index]) {
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
        let plans = try Self.preferences(task).compactMap { try ConvolutionPlan(task, $0) }
            .filter { !$0.isReference }
        guard plans.count > 1,
            let reference = plans.first(where: { $0.choice == .oneDNN || $0.choice == .direct })
        else { return plans.first?.choice ?? .oneDNN }
        let trial = try ConvolutionTrial(task, threads: threads)
        guard let truth = try trial.measure(reference, repetitions: 3) else { return reference.choice }
        var best = (plan: reference, seconds: truth.seconds)
        let preferred = plans[0].choice
        for plan in plans where plan.choice != reference.choice {
            // Whoever holds the place keeps it unless the next one is clearly ahead, but the preferred one needs no lead.
            let lead =
                plan.choice == preferred ? 1 / Self.worthwhile : best.plan.choice == preferred ? Self.worthwhile : 1
            let worth = best.seconds * best.plan.memoryFactor / plan.memoryFactor * lead
            guard let result = try trial.measure(plan, repetitions: 3, ifBelow: worth) else { continue }
            let type = plan.choice.roundsAsHalves ? .bfloat16 : task.shape.type
            guard ConvolutionTrial.agree(truth.values, result.values, type: type), result.seconds < worth else {
                continue
            }
            if best.plan.choice == preferred {
                // The machine may have been slow for a while: the preferred one gets a second turn.
                let again = try trial.measure(best.plan, repetitions: 3)?.seconds ?? .infinity
                best.seconds = min(best.seconds, again)
                guard result.seconds < best.seconds * best.plan.memoryFactor / plan.memoryFactor * lead else {
                    continue
                }
            }
            best = (plan, result.seconds)
        }
        return best.plan.choice
    }

    /// What is mostly the fastest, first.
    static func preferences(_ task: ConvolutionPlan.Task) -> [ConvolutionChoice] {
        let shape = task.shape
        if shape.readsPlanes {
            let planar: [ConvolutionChoice] = [.planar3, .planarFloat, .planar2, .planar1]
            if hasTiles, shape.type == .bfloat16 { return [.columns, .oneDNN] + planar }
            return shape.convolution.kernel.volume >= 64 && !hasTiles ? planar + [.oneDNN] : [.oneDNN] + planar
        }
        let all: [ConvolutionChoice] =
            prefersDirect(task) || SharedGradientPlan.suits(shape)
            ? [.direct, .oneDNN, .winograd1, .winograd2, .winogradFloat, .tiles]
            : [.oneDNN, .direct, .winograd1, .winograd2, .winogradFloat, .tiles]
        guard !task.hasSiblings else { return all }
        let first = transform(shape).map { [$0] } ?? []
        let unhalved = first + all.filter { !first.contains($0) }
        guard shape.mayHalveWeights else { return unhalved }
        guard shape.weightCount > ConvolutionShape.many else {
            let isVolume = shape.convolution.kernel.components(rank: 3).allSatisfy { $0 > 1 }
            let halved: [ConvolutionChoice] =
                switch first {
                case [.winograd2] where isVolume: [.winograd2Half]
                case [.winograd1] where isVolume: [.winograd1Half]
                default: []
                }
            return halved + unhalved + [.directHalf]
        }
        // Transforms multiply weights by two or more.
        let halved: [ConvolutionChoice] =
            switch shape.weightCount / ConvolutionShape.many {
            case _ where first.isEmpty: [.directHalf, .winograd1Half]
            case ..<4: [.winograd0Half, .winograd1Half, .directHalf]
            case ..<8: [.winograd1Half, .directHalf]
            default: [.directHalf, .winograd1Half]
            }
        return halved + unhalved
    }

    /// Whether a choice needs no measurement: many small convolutions of one value are best computed together.
    private static func isGiven(_ task: ConvolutionPlan.Task) -> Bool {
        task.hasSiblings && isDirectFast(task.shape)
    }

    /// Whether the direct kernel is mostly ahead of the library's: it reads pixels in place but where a kernel reaches
    /// over the ends of rows; of those it takes what has few pixels.
    private static func prefersDirect(_ task: ConvolutionPlan.Task) -> Bool {
        let shape = task.shape
        let kernel = shape.convolution.kernel
        let isLine = kernel.volume == kernel.width
        return isDirectFast(shape)
            && (kernel.width == 1 || shape.convolution.stride != .one || task.hasSiblings
                || isLine && shape.batch * shape.output.volume <= 64)
    }

    /// Whether kernels of ours are fast here, and what is preferred was measured on such a processor.
    private static func isDirectFast(_ shape: ConvolutionShape) -> Bool {
        guard processor.avx2, !hasTiles else { return false }
        return shape.type == .float32 || processor.avx512_bf16
    }

    /// The transform that wins where nothing was measured yet: short ones where there are few tiles to share a
    /// transformed weight, and with bfloat16 only where the work saved is large.
    private static func transform(_ shape: ConvolutionShape) -> ConvolutionChoice? {
        let c = shape.convolution
        let sizes = c.kernel.components(rank: 3).filter { $0 > 1 }
        let pixels = shape.batch * shape.output.volume
        if shape.isStridedVolume, isDirectFast(shape), shape.type == .float32 {
            return pixels >= 256 && c.inputChannels >= 32 ? .winograd1 : nil
        }
        guard isDirectFast(shape), c.stride == .one, c.dilation == .one, !sizes.isEmpty,
            sizes.allSatisfy({ [3, 5, 7].contains($0) }), c.inputChannels >= 32
        else { return nil }
        if shape.type == .bfloat16 {
            guard sizes.count > 1, sizes.count == 3 || sizes.contains(5) || c.inputChannels >= 80 else { return nil }
            return pixels >= 1024 ? .winogradFloat : sizes.count == 3 && pixels >= 256 ? .winograd1 : nil
        }
        if sizes.count == 1 { return pixels >= 64 ? .winograd2 : nil }
        return pixels >= 1024 ? .winograd2 : pixels >= 64 ? .winograd1 : nil
    }

    private static let processor = ork_processor_features()
    private static let hasTiles = processor.amx_bf16
}
