internal import Classifiers
internal import Contracts
package import NeuralNetwork
internal import Tensors

/// A network, its optimizer and its losses: takes steps, and says what the network thinks of examples.
///
/// Belongs to one thread, and blocks it.
package final class TrainingSession {
    package let network: TrainingNetwork
    package let optimizer: any Optimizer
    private let recipe: Recipe
    private let loss: BinaryCrossEntropy
    /// Multiplies both classes' losses.
    private let lossScale: Float
    private let attention: SessionAttention?

    /// What one step said of its batch.
    package struct Step {
        /// Means over the batch; the attention's terms are apart.
        package let loss: Float
        package let attention: Float
        /// The second label's logit less the first's, one for each item, before the step.
        package let scores: [Float]
    }

    /// - Parameters:
    ///   - recipe: how it learns.
    ///   - parameters: where it begins.
    ///   - counts: examples of the classes 0 and 1 in the training cohort.
    ///   - threads: of each pass.
    /// - Throws: what `TrainingNetwork` throws.
    package init(_ recipe: Recipe, parameters: ParameterSet, counts: [Int], threads: Int) throws {
        self.recipe = recipe
        let graph = try recipe.trainingGraph()
        let precision: TrainingSettings.Precision =
            switch recipe.training.precision {
            case .automatic: .automatic
            case .float32: .float32
            case .bfloat16: .bfloat16
            }
        network = try TrainingNetwork(
            graph: graph, parameters: parameters,
            settings: TrainingSettings(
                threads: threads, precision: precision,
                frozenLayers: graph.layersOfFirstConvolutions(recipe.start.frozenConvolutions),
                observedLayers: recipe.attention.isEnabled ? [recipe.attention.layer] : [],
                statisticsMomentum: Float(recipe.training.statisticsMomentum), dropoutSeed: recipe.training.seed))
        let settings = recipe.training.optimizer
        switch settings.kind {
        case .sgd:
            optimizer = try SGD(
                SGD.Settings(
                    learningRate: Float(settings.learningRate), momentum: Float(settings.momentum),
                    weightDecay: Float(settings.weightDecay), isNesterov: settings.isNesterov,
                    learningRateDecay: Float(settings.decay)))
        case .adamw:
            optimizer = try AdamW(
                AdamW.Settings(
                    learningRate: Float(settings.learningRate), beta1: Float(settings.beta1),
                    beta2: Float(settings.beta2), epsilon: Float(settings.epsilon),
                    weightDecay: Float(settings.weightDecay)))
        }
        let weights = recipe.training.classWeights.weights(counts: counts)
        loss = BinaryCrossEntropy(positiveWeight: Float(weights.positive / weights.negative))
        lossScale = Float(weights.negative)
        attention =
            recipe.attention.isEnabled ? SessionAttention(recipe.attention) : nil
    }

    /// The rate before the optimizer's own decay, for the next steps.
    package func setLearningRate(_ rate: Double) {
        switch optimizer {
        case let sgd as SGD: sgd.settings.learningRate = Float(rate)
        case let adamW as AdamW: adamW.settings.learningRate = Float(rate)
        default: break
        }
    }

    /// Forward, loss, backward, and the optimizer's step; nothing is changed where the loss is not finite.
    package func step(_ batch: Batch) throws -> Step {
        let outputs = try network.forward(batch.input, mode: .training)
        let targets = batch.labels.map(Float.init)
        let main = try loss.evaluate(outputs.logits, targets: targets)
        var value = main.value * lossScale
        var gradients = [network.outputName: try Self.scaled(main.gradient, by: lossScale)]
        for (name, logits) in outputs.auxiliary.sorted(by: { $0.key < $1.key }) {
            let weight = Float(recipe.training.auxiliaryWeight) * lossScale
            let side = try loss.evaluate(logits, targets: targets)
            gradients[name] = try Self.scaled(side.gradient, by: weight)
            value += side.value * weight
        }
        let terms = try attention?.evaluate(network, batch, logits: outputs.logits)
        if let terms { gradients[recipe.attention.layer] = terms.gradient }
        let step = Step(loss: value, attention: terms?.value ?? 0, scores: Self.scores(outputs.logits))
        guard step.loss.isFinite, step.attention.isFinite else { return step }
        try network.backward(from: gradients)
        if let second = terms?.secondPass { network.addGradients(second) }
        try optimizer.step(network)
        return step
    }

    /// What the network says of examples as it would be served: the second label's logit less the first's.
    package func scores(of examples: PreparedExamples, by maker: BatchMaker, batch: Int) throws -> [Float] {
        var scores: [Float] = []
        var start = 0
        while start < examples.items.count {
            let end = min(start + batch, examples.items.count)
            // A batch of the same shape as in training needs no other memory: the last one is filled up.
            var places = Array(start..<end)
            while places.count < batch { places.append(end - 1) }
            let outputs = try network.forward(try maker.make(places, epoch: 0).input, mode: .evaluation)
            scores += Self.scores(outputs.logits).prefix(end - start)
            start = end
        }
        return scores
    }

    /// The mean loss of scores, class weights included.
    func loss(of scores: [Float], labels: [Int]) throws -> Double {
        let logits = try Tensor(shape: [scores.count, 1], floats: scores)
        return Double(try loss.evaluate(logits, targets: labels.map(Float.init)).value * lossScale)
    }

    private static func scores(_ logits: Tensor) -> [Float] {
        let values = logits.floats()
        guard logits.shape[1] == 2 else { return values }
        return (0..<logits.shape[0]).map { values[2 * $0 + 1] - values[2 * $0] }
    }

    private static func scaled(_ tensor: Tensor, by factor: Float) throws -> Tensor {
        factor == 1 ? tensor : try Tensor(shape: tensor.shape, floats: tensor.floats().map { $0 * factor })
    }
}

extension LearningSettings.ClassWeights {
    /// What each class's loss is multiplied by.
    func weights(counts: [Int]) -> (negative: Double, positive: Double) {
        switch self {
        case .none: return (1, 1)
        case .given(let negative, let positive): return (negative, positive)
        case .balanced:
            let total = Double(counts.reduce(0, +))
            return (total / (2 * Double(max(counts[0], 1))), total / (2 * Double(max(counts[1], 1))))
        }
    }
}

extension Recipe {
    /// The network as it is trained: with the auxiliary head where it counts, and with the recipe's dropout.
    func trainingGraph() throws -> NetworkGraph {
        let graph = try architecture.graph(forTraining: training.auxiliaryWeight > 0)
        guard task == .nodeStatus else { return graph }
        var builder = GraphBuilder(spatialRank: graph.spatialRank, inputChannels: graph.inputChannels)
        for (index, node) in graph.nodes.enumerated().dropFirst() {
            var operation = node.operation
            if case .dropout = operation { operation = .dropout(rate: Float(training.dropout)) }
            let copy = builder.add(node.name, operation, node.inputs)
            if index == graph.auxiliaryOutput { builder.setAuxiliaryOutput(copy) }
        }
        for (name, node) in graph.taps { builder.tap(name, node) }
        for prefix in graph.toleratedPrefixes { builder.tolerate(prefix: prefix) }
        return builder.build()
    }
}
