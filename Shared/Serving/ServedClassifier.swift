package import Classifiers
package import Contracts
package import Tensors

/// What a network says of one region, and where it looked.
package struct NodeFinding: Sendable {
    package let evidence: NodeEvidence
    /// Grad-CAM of the label that was decided, `[D, H, W]` or `[H, W]`, in [0, 1]; nil when none was asked for.
    package let heatmap: Tensor?
    package let model: ModelUsed
    package let layer: String
}

/// One classifier behind its batcher: regions of several studies are computed together.
struct ServedClassifier: Sendable {
    /// One region's request.
    struct Request: Sendable {
        /// `[C, …]`
        let input: Tensor
        let wantsHeatmap: Bool
    }

    let classifier: Classifier
    let role: ClassifierRole
    private let batcher: DynamicBatcher<Request, NodeFinding>

    init(
        _ classifier: Classifier, role: ClassifierRole, maximumBatch: Int,
        observe: @escaping @Sendable (ServedBatch) async -> Void
    ) {
        self.classifier = classifier
        self.role = role
        batcher = DynamicBatcher(
            configuration: .init(maximumBatch: maximumBatch), isCompatible: { $0.input.shape == $1.input.shape }
        ) { requests in
            await observe(ServedBatch(role: role, regions: requests.count))
            return try await Self.compute(requests, with: classifier, role: role)
        }
    }

    func answer(_ request: Request, isUrgent: Bool) async throws -> NodeFinding {
        try await batcher.submit(request, isUrgent: isUrgent)
    }

    var waitingRegions: Int { get async { await batcher.pendingCount } }

    /// The description's input, with the model's own word on what it wants.
    var input: ModelInput { classifier.description.input }

    private static func compute(
        _ requests: [Request], with classifier: Classifier, role: ClassifierRole
    ) async throws -> [NodeFinding] {
        let batch = try stack(requests.map(\.input))
        let description = classifier.description
        let model = ModelUsed(
            role: role.rawValue, name: description.name, version: description.version,
            weightsSHA256: classifier.weightsSHA256, intendedUse: description.intendedUse,
            calibration: description.calibration?.name)
        var heatmaps: [Tensor?] = Array(repeating: nil, count: requests.count)
        let readings: [Classifier.Reading]
        if requests.contains(where: \.wantsHeatmap) {
            // One pass gives the probabilities and the second label's maps; only where the first label is decided
            // is another one needed.
            let findings = try await classifier.explain(batch)
            readings = findings.map { .init(probabilities: $0.probabilities, distance: $0.distance) }
            heatmaps = findings.map(\.heatmap)
            let others = readings.indices.filter { Double(readings[$0].probabilities[1]) < description.threshold }
            if !others.isEmpty {
                let maps = try await classifier.gradCAM(try stack(others.map { requests[$0].input }), label: 0)
                for (position, index) in others.enumerated() { heatmaps[index] = try item(position, of: maps) }
            }
        } else {
            readings = try await classifier.read(batch)
        }
        return try requests.indices.map { index in
            NodeFinding(
                evidence: try NodeEvidence(
                    role: role, model: description, probabilities: readings[index].probabilities,
                    distance: readings[index].distance),
                heatmap: requests[index].wantsHeatmap ? heatmaps[index] : nil, model: model,
                layer: description.gradCAMLayer)
        }
    }

    /// `[C, …]` tensors of one shape as `[N, C, …]`, float32.
    private static func stack(_ tensors: [Tensor]) throws -> Tensor {
        let shape = tensors[0].shape
        if tensors.count == 1, tensors[0].elementType == .float32 {
            return try Tensor(shape: [1] + shape, elementType: .float32, buffer: tensors[0].buffer)
        }
        let count = tensors[0].count * MemoryLayout<Float>.stride
        let buffer = TensorBuffer.filled(count: tensors.count * count) { bytes in
            for (index, tensor) in tensors.enumerated() {
                tensor.withFloats { floats in
                    UnsafeMutableRawBufferPointer(rebasing: bytes[index * count..<(index + 1) * count])
                        .copyMemory(from: UnsafeRawBufferPointer(floats))
                }
            }
        }
        return try Tensor(shape: [tensors.count] + shape, elementType: .float32, buffer: buffer)
    }

    /// One item of `[N, …]` float32.
    private static func item(_ index: Int, of tensor: Tensor) throws -> Tensor {
        let shape = Array(tensor.shape.dropFirst())
        let count = shape.reduce(1, *) * MemoryLayout<Float>.stride
        return try Tensor(
            shape: shape, elementType: .float32, buffer: tensor.buffer.slice(index * count..<(index + 1) * count))
    }
}
