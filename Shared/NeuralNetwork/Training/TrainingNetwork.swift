package import Tensors

/// A network that learns: parameters with gradients, forward passes that keep activations, backward passes.
///
/// Not `Sendable`: it belongs to one thread at a time, and its passes block that thread for as long as they compute.
///
/// A step of training is `forward`, a loss, `backward`, and an optimizer's `step`:
///
///     let outputs = try network.forward(images, mode: .training)
///     let loss = try BinaryCrossEntropy().evaluate(outputs.logits, targets: labels)
///     try network.backward(from: [network.outputName: loss.gradient])
///     try optimizer.step(network)
package final class TrainingNetwork {
    package let graph: NetworkGraph
    package let settings: TrainingSettings
    let engine: any TrainingEngine
    private let byName: [String: TrainableParameter]
    private(set) var schedule: TrainingSchedule?
    /// Set by a forward pass, so that a backward pass has something to derive.
    private(set) var hasRun = false
    /// Forward passes in training so far; dropout draws anew for each.
    package internal(set) var trainingPasses = 0

    /// The outputs of a forward pass.
    package struct Outputs {
        /// [N, classes], the main head's.
        package let logits: Tensor
        /// The further heads', by layer name (`AuxLogits.fc`), each [N, classes].
        package let auxiliary: [String: Tensor]
    }

    /// - Parameters:
    ///   - graph: the layers. Nodes that nobody reads are outputs; the last node is the main one.
    ///   - parameters: the values to begin with; see ``ParameterInitialization`` for seeded ones.
    ///   - settings: threads, engine, precision, frozen and observed layers.
    /// - Throws: `NeuralNetworkError.parametersMismatch` naming every missing, unexpected, misshapen or non-finite
    ///   parameter; `unknownLayer`; `TrainingError.unknownLayer`, `outOfMemory`, `engineUnavailable`, `library`.
    package init(graph: NetworkGraph, parameters: some ParameterSource, settings: TrainingSettings) throws {
        let problems = graph.problems(in: parameters)
        guard problems.isEmpty else { throw NeuralNetworkError.parametersMismatch(problems) }
        self.graph = graph
        self.settings = settings
        let engine = try TrainingEngines.make(graph: graph, settings: settings)
        self.engine = engine
        byName = Dictionary(engine.parameters.map { ($0.name, $0) }) { first, _ in first }
        var notFinite: [ParameterProblem] = []
        for parameter in engine.parameters {
            try parameter.set(try parameters.parameter(named: parameter.name))
            if !Elementwise.isFinite(parameter.values, count: parameter.storageCount) {
                notFinite.append(.notFinite(name: parameter.name))
            }
        }
        guard notFinite.isEmpty else { throw NeuralNetworkError.parametersMismatch(notFinite) }
        engine.parametersChanged()
    }

    /// The engine and precision in use: `onednn bfloat16`.
    package var engineName: String { engine.name }
    /// Bytes in use for parameters and, after the first pass, activations and gradients.
    package var byteCount: Int { engine.byteCount }
    /// The name of the main output.
    package var outputName: String { graph.nodes[graph.output].name }
    /// Every parameter in network order, running statistics included.
    package var parameters: [TrainableParameter] { engine.parameters }

    /// The parameter of this name.
    package func parameter(named name: String) -> TrainableParameter? { byName[name] }

    /// Replaces a parameter's values.
    ///
    /// - Throws: `TrainingError.unknownLayer`, `shapeMismatch`.
    package func set(_ tensor: Tensor, forParameter name: String) throws {
        guard let parameter = byName[name] else { throw TrainingError.unknownLayer(name) }
        try parameter.set(tensor)
        engine.parametersChanged()
    }

    /// Must be told when an optimizer has written to the parameters' memory.
    func parametersChanged() { engine.parametersChanged() }

    /// Counts on from a checkpoint, so that dropout draws what it would have drawn.
    func resume(trainingPasses: Int) { self.trainingPasses = max(0, trainingPasses) }

    /// A copy of all parameters and running statistics, by the names of the reference implementation.
    package func snapshot() throws -> ParameterSet {
        var set = ParameterSet()
        for parameter in parameters { set.tensors[parameter.name] = try parameter.value() }
        return set
    }

    /// One forward pass that keeps what its backward pass needs.
    ///
    /// - Parameters:
    ///   - input: [N, C, D, H, W] for a 3D network, [N, C, H, W] for a 2D one.
    ///   - mode: whether normalization uses and updates batch statistics and dropout drops.
    /// - Returns: the logits of every head.
    /// - Throws: `NeuralNetworkError.inputShapeMismatch`, `inputTooSmall`; `TrainingError.tooFewValues`,
    ///   `outOfMemory`, `library`.
    package func forward(_ input: Tensor, mode: TrainingMode) throws -> Outputs {
        let schedule = try schedule(for: input)
        if mode == .training {
            try schedule.checkStatistics()
            trainingPasses += 1
        }
        let dropout = SeededGenerator(seed: settings.dropoutSeed, name: "dropout \(trainingPasses)")
        hasRun = false
        try input.withFloats { floats in
            guard let base = floats.baseAddress else { return }
            try engine.forward(base, mode: mode, dropout: dropout)
        }
        hasRun = true
        var auxiliary: [String: Tensor] = [:]
        for output in schedule.outputs where output != graph.output {
            auxiliary[schedule.outputName(output)] = try value(of: output, schedule)
        }
        return Outputs(logits: try value(of: graph.output, schedule), auxiliary: auxiliary)
    }

    /// Computes every trained parameter's gradient of a loss, given the loss's derivatives.
    ///
    /// - Parameter gradients: the loss's derivative by outputs and observed layers, by name, each of its value's shape;
    ///   an output that is not named has none. Derivatives by an observed layer are added to what flows into it.
    /// - Throws: `TrainingError.nothingToDerive`, `unknownOutput`, `shapeMismatch`, `library`.
    package func backward(from gradients: [String: Tensor]) throws {
        try run(gradients, target: nil)
    }

    /// The derivative of a weighted sum of outputs by an observed layer, without any parameter's gradient: Grad-CAM's
    /// first half, for attention. Call before ``backward(from:)``.
    ///
    /// - Returns: of the layer's shape [N, K, extent].
    /// - Throws: as ``backward(from:)``.
    package func gradient(of layer: String, from gradients: [String: Tensor]) throws -> Tensor {
        guard let schedule, hasRun else { throw TrainingError.nothingToDerive }
        guard let node = schedule.observed[layer] else {
            throw TrainingError.unknownOutput(layer, available: schedule.observed.keys.sorted())
        }
        try run(gradients, target: node)
        return try tensor(of: node, schedule) { engine.copyGradient(of: node, into: $0) }
    }

    /// The derivative by an observed layer that the last backward pass left there.
    package func gradient(of layer: String) throws -> Tensor {
        guard let schedule, hasRun, let node = schedule.observed[layer] else { throw TrainingError.nothingToDerive }
        return try tensor(of: node, schedule) { engine.copyGradient(of: node, into: $0) }
    }

    /// An observed layer's activations of the last forward pass, [N, K, extent].
    ///
    /// - Throws: `TrainingError.nothingToDerive`, `unknownOutput`.
    package func activations(of layer: String) throws -> Tensor {
        guard let schedule, hasRun else { throw TrainingError.nothingToDerive }
        guard let node = schedule.observed[layer] else {
            throw TrainingError.unknownOutput(layer, available: schedule.observed.keys.sorted())
        }
        return try value(of: node, schedule)
    }

    /// The first parameter, in network order, whose gradient is infinite or NaN; nil when all are finite.
    package func firstNonFiniteGradient() -> String? {
        parameters.first { parameter in
            parameter.gradients.map { !Elementwise.isFinite($0, count: parameter.storageCount) } ?? false
        }?.name
    }

    /// The first parameter or running statistic, in network order, with an infinite value or a NaN.
    package func firstNonFiniteParameter() -> String? {
        parameters.first { !Elementwise.isFinite($0.values, count: $0.storageCount) }?.name
    }

    private func run(_ gradients: [String: Tensor], target: Int?) throws {
        guard let schedule, hasRun else { throw TrainingError.nothingToDerive }
        var seeds: [Int: [Float]] = [:]
        for (name, gradient) in gradients {
            let output = schedule.outputs.first { schedule.outputName($0) == name }
            guard let node = output ?? schedule.observed[name] else {
                throw TrainingError.unknownOutput(
                    name, available: schedule.outputs.map(schedule.outputName) + schedule.observed.keys.sorted())
            }
            let expected = tensorShape(of: node, schedule)
            guard gradient.shape == expected else {
                throw TrainingError.shapeMismatch(what: "gradient of \(name)", expected: expected, got: gradient.shape)
            }
            seeds[node] = gradient.floats()
        }
        try engine.backward(BackwardRequest(seeds: seeds, target: target))
    }

    /// The schedule for an input's shape; another one than before gives the engine other memory.
    private func schedule(for input: Tensor) throws -> TrainingSchedule {
        let shape = input.shape
        let rank = graph.spatialRank
        guard shape.count == rank + 2, shape[1] == graph.inputChannels, shape.allSatisfy({ $0 > 0 }) else {
            throw NeuralNetworkError.inputShapeMismatch(
                expected: [0, graph.inputChannels] + [Int](repeating: 0, count: rank), got: shape)
        }
        let extent = try Extent(Array(shape[2...]))
        if let schedule, schedule.batch == shape[0], schedule.inputExtent == extent { return schedule }
        let new = try TrainingSchedule(graph: graph, settings: settings, batch: shape[0], inputExtent: extent)
        schedule = nil
        hasRun = false
        try engine.prepare(new)
        schedule = new
        return new
    }

    private func tensorShape(of node: Int, _ schedule: TrainingSchedule) -> [Int] {
        let shape = schedule.shapes[node]
        // A linear layer's output has no positions.
        if case .linear = graph.nodes[node].operation { return [schedule.batch, shape.channels] }
        let extents = shape.extent.components(rank: graph.spatialRank)
        return [schedule.batch, shape.channels]
            + (schedule.outputs.contains(node) && shape.extent == .one ? [] : extents)
    }

    private func value(of node: Int, _ schedule: TrainingSchedule) throws -> Tensor {
        try tensor(of: node, schedule) { engine.copyValue(of: node, into: $0) }
    }

    private func tensor(
        of node: Int, _ schedule: TrainingSchedule, filling: (UnsafeMutablePointer<Float>) -> Void
    ) throws -> Tensor {
        try Tensor(shape: tensorShape(of: node, schedule), elementType: .float32) { bytes in
            if let target = bytes.bindMemory(to: Float.self).baseAddress { filling(target) }
        }
    }
}
