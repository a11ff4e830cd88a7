package import Contracts
package import NeuralNetwork
package import Tensors

/// A model in service: takes batches, gives probabilities and heat maps. Computes on its executor's thread, one batch
/// after another; callers wait without blocking a thread.
package actor Classifier {
    package nonisolated let description: ModelDescription
    package nonisolated let weightsSHA256: String
    /// The question that the model's labels answer, if it is one of the known ones.
    package nonisolated let role: ClassifierRole?

    private let plan: InferencePlan
    private let detector: OutOfDistributionDetector?
    private let executor: ComputeExecutor

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - model: its parameters are folded into memory of the classifier's own, and not kept otherwise.
    ///   - settings: threads of one forward pass, and the largest batch computed at once.
    ///   - executor: classifiers that share one take turns instead of fighting for the processor's cores.
    /// - Throws: `ClassifierError.modelDamaged` when parameters are not finite, or there is no memory for one input.
    package init(
        model: ModelFolder, settings: ComputeSettings, executor: ComputeExecutor = ComputeExecutor()
    ) throws(ClassifierError) {
        description = model.description
        weightsSHA256 = model.weightsSHA256
        role = ClassifierRole(labels: model.description.labels)
        detector = model.detector
        self.executor = executor
        do {
            // Refused with the figure, instead of ending the process at the first region.
            try MemoryEstimate(
                graph: model.graph, batch: 1, extent: try Extent(model.description.extents), keepsActivations: true
            ).check(available: AvailableMemory.byteCount)
            plan = try InferencePlan(
                graph: model.graph, parameters: model.parameters, settings: settings, memory: executor.memory)
        } catch {
            throw .modelDamaged(path: model.path ?? model.description.name, reason: "\(error)")
        }
    }

    package nonisolated var labels: [String] { description.labels }

    /// What the classifier says of one input, and why.
    package struct Finding: Sendable, Equatable {
        /// Calibrated, over the labels; sums to one.
        package let probabilities: [Float]
        /// [D, H, W] or [H, W], in [0, 1]: where the network looked for the label that was asked for.
        package let heatmap: Tensor
        /// As ``Reading/distance``.
        package let distance: Double?
    }

    /// What the classifier says of one input, and how far that lies from its training.
    package struct Reading: Sendable, Equatable {
        /// Calibrated, over the labels; sums to one.
        package let probabilities: [Float]
        /// Mahalanobis distance of the features to the nearest class; nil for a model without a measure of it.
        package let distance: Double?

        package init(probabilities: [Float], distance: Double?) {
            self.probabilities = probabilities
            self.distance = distance
        }
    }

    /// Probabilities over the labels.
    ///
    /// - Parameter batch: [N, C, D, H, W] or [N, C, H, W] of the description's size; C as many as sequences. A 2D
    ///   network for colour images takes one channel, too, and sees it thrice.
    /// - Returns: for each item, one probability per label, in the labels' order, summing to one.
    /// - Throws: `ClassifierError.inputShapeMismatch`, `inputNotFinite`, `outputNotFinite`.
    package func classify(_ batch: Tensor) throws -> [[Float]] {
        let input = try checked(batch)
        return try probabilities(of: try plan.run(input))
    }

    /// Probabilities and distances from the training.
    ///
    /// - Parameter batch: as for ``classify(_:)``.
    /// - Returns: one reading for each item.
    /// - Throws: as ``classify(_:)``.
    package func read(_ batch: Tensor) throws -> [Reading] {
        let input = try checked(batch)
        guard detector != nil else {
            return try probabilities(of: try plan.run(input)).map { Reading(probabilities: $0, distance: nil) }
        }
        let observation = try plan.observe(input)
        let distances = distances(of: observation.features, items: batch.shape[0])
        return try probabilities(of: observation.logits).enumerated().map {
            Reading(probabilities: $1, distance: distances[$0])
        }
    }

    /// Logits and the features before the last layer, as trust is fitted on them: computed as in service.
    ///
    /// - Parameter batch: as for ``classify(_:)``.
    /// - Returns: one row each for each item.
    /// - Throws: as ``classify(_:)``.
    package func observe(_ batch: Tensor) throws -> (logits: [[Float]], features: [[Float]]) {
        let observation = try plan.observe(try checked(batch))
        return (Self.rows(of: observation.logits), Self.rows(of: observation.features))
    }

    /// Heat maps.
    ///
    /// - Parameters:
    ///   - batch: as for ``classify(_:)``.
    ///   - label: whose score is explained, by its index in the labels.
    /// - Returns: [N, D, H, W] or [N, H, W], in [0, 1].
    /// - Throws: as ``classify(_:)``, and `unknownClass`.
    package func gradCAM(_ batch: Tensor, label: Int) throws -> Tensor {
        let input = try checked(batch)
        return try plan.gradCAM(input, layer: description.gradCAMLayer, seed: try seed(label, items: batch.shape[0]))
            .map
    }

    /// Probabilities and, in the same forward pass, the heat map of a label.
    ///
    /// - Parameters:
    ///   - batch: as for ``classify(_:)``.
    ///   - label: whose score is explained; nil for the second label, whose threshold the model has.
    /// - Returns: one finding for each item.
    /// - Throws: as ``gradCAM(_:label:)``.
    package func explain(_ batch: Tensor, label: Int? = nil) throws -> [Finding] {
        let input = try checked(batch)
        let seed = try seed(label ?? 1, items: batch.shape[0])
        let result = try plan.gradCAM(input, layer: description.gradCAMLayer, seed: seed)
        let probabilities = try probabilities(of: result.logits)
        let distances = distances(of: result.features, items: batch.shape[0])
        let extents = Array(result.map.shape.dropFirst())
        let bytes = extents.reduce(1, *) * MemoryLayout<Float>.stride
        return try probabilities.enumerated().map { item, values in
            let map = try Tensor(
                shape: extents, elementType: .float32,
                buffer: result.map.buffer.slice(item * bytes..<(item + 1) * bytes))
            return Finding(probabilities: values, heatmap: map, distance: distances[item])
        }
    }

    /// Runs zeros through the network, so that the first region does not wait for memory to be laid out.
    package func warmUp() throws {
        let shape = [1, description.architecture.inputChannels] + description.extents
        _ = try plan.run(try Tensor(shape: shape, floats: [Float](repeating: 0, count: shape.reduce(1, *))))
    }

    // MARK: - Input and output

    /// The batch as the network takes it.
    private func checked(_ batch: Tensor) throws -> Tensor {
        let channels = description.architecture.inputChannels
        let sequences = description.input.sequences.count
        let size = description.extents
        let isShaped =
            batch.shape.count == size.count + 2 && batch.shape[0] > 0 && Array(batch.shape[2...]) == size
            && (batch.shape[1] == channels || batch.shape[1] == sequences)
        guard isShaped else {
            let extents = size.map(String.init).joined(separator: ", ")
            throw ClassifierError.inputShapeMismatch(
                model: description.name, expected: "[any, \(sequences), \(extents)]", got: batch.shape)
        }
        let items = batch.shape[0]
        let itemCount = batch.count / items
        let repeated: [Float]? = try batch.withFloats { floats in
            for item in 0..<items {
                let values = UnsafeBufferPointer(rebasing: floats[item * itemCount..<(item + 1) * itemCount])
                guard FiniteCheck.isFinite(values) else {
                    throw ClassifierError.inputNotFinite(model: description.name, item: item)
                }
            }
            guard batch.shape[1] != channels else { return nil }
            // One gray channel stands for all colours.
            var colours: [Float] = []
            colours.reserveCapacity(floats.count * channels)
            for item in 0..<items {
                for _ in 0..<channels { colours.append(contentsOf: floats[item * itemCount..<(item + 1) * itemCount]) }
            }
            return colours
        }
        guard let repeated else { return batch }
        return try Tensor(shape: [items, channels] + size, floats: repeated)
    }

    private func probabilities(of logits: Tensor) throws -> [[Float]] {
        let classes = logits.shape[1]
        let values = logits.floats()
        let calibration = description.calibration ?? .none
        return try (0..<logits.shape[0]).map { item in
            let row = Array(values[item * classes..<(item + 1) * classes])
            guard row.allSatisfy(\.isFinite) else {
                throw ClassifierError.outputNotFinite(model: description.name, item: item)
            }
            return calibration.probabilities(logits: row)
        }
    }

    /// One for each row; nils for a model without a measure.
    private func distances(of features: Tensor?, items: Int) -> [Double?] {
        guard let features, let detector else { return [Double?](repeating: nil, count: items) }
        return Self.rows(of: features).map { row in detector.distance(of: row.map(Double.init)) }
    }

    private static func rows(of tensor: Tensor) -> [[Float]] {
        let values = tensor.floats()
        let width = tensor.shape[1]
        return (0..<tensor.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    /// The score that stands for a label: its logit; of a single output, the logit or what speaks against it.
    private func seed(_ label: Int, items: Int) throws -> [[Float]] {
        guard labels.indices.contains(label) else {
            throw ClassifierError.unknownClass(model: description.name, asked: "\(label)", labels: labels)
        }
        let classes = description.architecture.classes
        var row = [Float](repeating: 0, count: classes)
        if classes == 1 { row[0] = label == 1 ? 1 : -1 } else { row[label] = 1 }
        return [[Float]](repeating: row, count: items)
    }
}
