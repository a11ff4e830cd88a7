internal import CKernels
internal import Glibc

/// A fused network bound to one block of memory, channels last.
final class ChannelsLastExecutable: Executable {
    let network: FusedNetwork
    let batch: Int
    let shapes: [LayerShape]
    let type: ActivationType
    let threads: Int
    let layout: ActivationLayout
    let places: [ChannelPlaces]
    let weights: PackedWeights
    /// For each step, whether its weights take two bytes.
    private let isHalved: [Bool]
    let context: OperatorContext
    private let keepsActivations: Bool
    let workingMemory: WorkingMemory
    private let memory: PackedBytes
    /// The operators of each step.
    private var operators: [[any Operator]] = []
    /// Values that have memory: all but an input that only first convolutions read, and what is pooled at once.
    let isMaterialized: [Bool]
    /// For the output of each convolution that is computed directly, how.
    let directKernels: [Int: ork_convolution]
    /// The backward pass to the value that was asked for last.
    private var gradients: GradientPass?

    init(
        network: FusedNetwork, shape: BatchShape, type: ActivationType, halvesWeights: Bool, threads: Int,
        keepsActivations: Bool, memory workingMemory: WorkingMemory, weights: PackedWeights, chooser: ConvolutionChooser
    ) throws {
        self.network = network
        batch = shape.batch
        self.type = type
        self.threads = threads
        self.keepsActivations = keepsActivations
        self.weights = weights
        self.workingMemory = workingMemory
        let shapes = try network.shapes(of: shape.extent)
        self.shapes = shapes
        places = network.channelPlaces(channels: shapes.map(\.channels))
        for (value, place) in zip(shapes, places) {
            try AlignedMemory.check(batch, value.extent.volume, place.physicalCount, type.byteCount)
        }
        var isMaterialized = [Bool](repeating: true, count: shapes.count)
        isMaterialized[network.inputValue] =
            network.inputValue == network.outputValue
            || keepsActivations && network.taps.values.contains(network.inputValue)
            || !network.steps.allSatisfy { Self.readsPlanes($0, network) || !$0.inputs.contains(network.inputValue) }
        context = try OperatorContext(threads: threads)
        let plans = try StepPlans(
            network: network, shapes: shapes, places: places, batch: shape.batch, type: type,
            halvesWeights: halvesWeights, threads: threads, keepsActivations: keepsActivations, chooser: chooser)
        for convolution in plans.pooledConvolutions.values {
            isMaterialized[network.steps[convolution].output] = false
        }
        self.isMaterialized = isMaterialized
        isHalved = plans.convolutions.map { type == .bfloat16 || $0?.choice.halvesWeights ?? false }
        for bytes in plans.scratchByteCounts(threads: threads) { context.reserve(scratchBytes: bytes) }
        try context.allocateScratch(of: workingMemory)
        layout = ActivationLayout(
            network, shapes: shapes, places: places, batch: shape.batch, elementBytes: type.byteCount,
            abilities: network.steps.indices.map { plans.abilities(ofStepAt: $0) }, keepsAll: keepsActivations,
            isMaterialized: isMaterialized, times: plans.times)
        // What is kept outlives the next network's turn.
        memory =
            try keepsActivations
            ? PackedBytes(count: layout.byteCount) : workingMemory.activations(byteCount: layout.byteCount)
        memset(memory.pointer, 0, memory.count)
        directKernels = Dictionary(
            uniqueKeysWithValues: zip(network.steps, plans.convolutions).compactMap { step, plan in
                plan?.directKernel.map { (step.output, $0) }
            })
        let factory = OperatorFactory(executable: self, plans: plans)
        operators = try network.steps.indices.map { try factory.makeOperators(forStepAt: $0) }
        weights.finishPacking()
    }

    /// Whether a step reads the caller's planes instead of a value in memory.
    static func readsPlanes(_ step: FusedNetwork.Step, _ network: FusedNetwork) -> Bool {
        guard case .convolution = step.kind else { return false }
        return step.inputs[0] == network.inputValue && !step.inputs.dropFirst().contains(network.inputValue)
    }

    /// The memory of a value.
    func activation(_ value: Int) -> Activation {
        let slot = layout.slots[value] ?? .init(byteOffset: 0, stride: places[value].physicalCount)
        return Activation(
            pointer: memory.pointer + slot.byteOffset, type: type, batch: batch, extent: shapes[value].extent,
            places: places[value], stride: slot.stride)
    }

    func run(input: UnsafePointer<Float>) throws {
        prepare(input)
        for step in operators {
            for part in step { try part.run() }
        }
    }

    private func prepare(_ input: UnsafePointer<Float>) {
        ThreadPool.use(threads: threads)
        context.input = input
        if isMaterialized[network.inputValue] { activation(network.inputValue).read(planes: input) }
    }

    func withValue<Result>(
        _ value: Int, _ body: (UnsafePointer<Float>, ValueLayout.View) throws -> Result
    ) throws -> Result {
        precondition(
            keepsActivations || value == network.outputValue || value == network.featureValue,
            "this value's memory has been used again")
        return try show(activation(value), shapes[value], body)
    }

    func withGradient<Result>(
        of value: Int, seed: [Float], _ body: (UnsafePointer<Float>, ValueLayout.View) throws -> Result
    ) throws -> Result {
        precondition(keepsActivations, "gradients need the activations of the run")
        ThreadPool.use(threads: threads)
        let pass: GradientPass
        if let known = gradients, known.target == value {
            pass = known
        } else {
            gradients = nil
            pass = try GradientPass(executable: self, target: value)
            weights.finishPacking()
            gradients = pass
        }
        try pass.run(seed: seed)
        return try show(pass.gradient(value), shapes[value], body)
    }

    /// Shows a value as float32 planes.
    private func show<Result>(
        _ activation: Activation, _ shape: LayerShape,
        _ body: (UnsafePointer<Float>, ValueLayout.View) throws -> Result
    ) throws -> Result {
        let memory = try PackedBytes(count: batch * shape.count * MemoryLayout<Float>.stride)
        let floats = memory.pointer.bindMemory(to: Float.self, capacity: batch * shape.count)
        activation.write(planes: floats)
        return try withExtendedLifetime(memory) {
            try body(UnsafePointer(floats), ValueLayout.View(shape: shape, offset: 0, itemStride: shape.count))
        }
    }

    var steps: [StepReport] {
        zip(zip(network.steps, isHalved), operators).map { entry, parts in
            let (step, isHalved) = entry
            let operations: Int =
                switch step.kind {
                case .convolution(let folded): 2 * folded.convolution.patchCount * shapes[step.output].count * batch
                case .linear(_, _, let outputs): 2 * outputs * shapes[step.inputs[0]].count * batch
                default: 0
                }
            return StepReport(
                name: step.name, implementation: parts.map(\.implementation).joined(separator: ", "),
                precision: isHalved ? .bfloat16 : .float32, operations: operations)
        }
    }

    func profile(input: UnsafePointer<Float>) throws -> [Double] {
        prepare(input)
        let clock = ContinuousClock()
        return try operators.map { step in
            try clock.measure { for part in step { try part.run() } } / .seconds(1)
        }
    }
}
