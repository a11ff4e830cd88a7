internal import NeuralNetwork
internal import Tensors

/// What attention adds to a step: the map drawn to the lesion's mask, and where the recipe says so GAIN's second pass.
struct SessionAttention {
    private let layer: String
    private let guidance: GradCAMAttention
    /// Nil: one pass.
    private let erasure: AttentionErasure?

    struct Terms {
        /// Weighted, the mean over the batch.
        var value: Float
        /// By the layer's activations.
        var gradient: Tensor
        /// The parameters' gradients of the second pass, to be added to those of the first.
        var secondPass: TrainingNetwork.KeptGradients?
    }

    init(_ settings: Recipe.AttentionSettings) {
        let (slope, threshold) = (Float(settings.slope), Float(settings.threshold))
        layer = settings.layer
        guidance = GradCAMAttention(slope: slope, threshold: threshold, weight: Float(settings.weight))
        erasure =
            settings.erasure > 0
            ? AttentionErasure(slope: slope, threshold: threshold, weight: Float(settings.erasure)) : nil
    }

    /// Computes the terms of a batch that was just passed forward, and leaves the network as after that pass: ready to be
    /// derived.
    ///
    /// - Parameters:
    ///   - network: whose last pass was the batch's, in training.
    ///   - batch: with masks; without, there are no terms.
    ///   - logits: the pass's.
    /// - Returns: the terms; nil for a batch without masks.
    /// - Throws: what the network and the losses throw.
    func evaluate(_ network: TrainingNetwork, _ batch: Batch, logits: Tensor) throws -> Terms? {
        guard let masks = batch.masks else { return nil }
        let classGradient = try network.gradient(
            of: layer, from: [network.outputName: try Self.trueClass(batch.labels, logits.shape)])
        let maps = try GradCAMMaps(
            activations: try network.activations(of: layer), classGradient: classGradient,
            extents: Array(masks.shape.dropFirst()))
        let guided = try guidance.evaluate(maps, mask: masks)
        var terms = Terms(value: guided.value, gradient: guided.gradient, secondPass: nil)
        if let erasure { try add(erasure, of: maps, to: &terms, network, batch) }
        return terms
    }

    private func add(
        _ erasure: AttentionErasure, of maps: GradCAMMaps, to terms: inout Terms, _ network: TrainingNetwork,
        _ batch: Batch
    ) throws {
        let pass = network.trainingPasses
        let outputs = try network.forward(try erasure.erased(maps, from: batch.input), mode: .training)
        let loss = try erasure.evaluate(outputs.logits, labels: batch.labels)
        terms.value += loss.value
        guard loss.isFinite else { return }
        try network.backward(from: [network.outputName: loss.gradient])
        terms.secondPass = network.keepGradients()
        let more = try erasure.gradient(maps, input: batch.input, byErased: try network.inputGradient()).floats()
        terms.gradient = try Tensor(
            shape: terms.gradient.shape, floats: zip(terms.gradient.floats(), more).map { $0 + $1 })
        try network.repeatForward(batch.input, pass: pass)
    }

    /// A 1 at each item's class; of a single output, the output or what speaks against it.
    private static func trueClass(_ labels: [Int], _ shape: [Int]) throws -> Tensor {
        var values = [Float](repeating: 0, count: shape[0] * shape[1])
        for (item, label) in labels.enumerated() {
            if shape[1] == 1 { values[item] = label == 1 ? 1 : -1 } else { values[item * shape[1] + label] = 1 }
        }
        return try Tensor(shape: shape, floats: values)
    }
}
