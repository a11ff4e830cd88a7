package import Tensors

/// A network ready to run: folded weights, and memory laid out for the input shapes that it has met.
///
/// Not `Sendable`: a plan belongs to one thread at a time. `NetworkWorker` gives it a thread of its own.
package final class InferencePlan {
    package let network: FusedNetwork
    package let settings: ComputeSettings
    package let backend: any Backend
    /// The last few shapes, newest last: memory for many shapes would pile up.
    private var executables: [(shape: BatchShape, keepsActivations: Bool, executable: any Executable)] = []
    private static let rememberedShapes = 4
    private let memory: WorkingMemory
    /// How many items are computed at once, by their extent and whether activations are kept.
    private var partSizes: [PartKey: Int] = [:]

    private struct PartKey: Hashable {
        var extent: Extent
        var keepsActivations: Bool
    }

    /// Floats that activations may take (256 MB); a part has one item at least, however large that is.
    private static let activationFloats = 64 << 20

    /// `backend`: nil for the one that the settings ask for.
    /// `memory`: of plans that take turns on one thread.
    package init(
        network: FusedNetwork, settings: ComputeSettings, backend: (any Backend)? = nil,
        memory: WorkingMemory = WorkingMemory()
    ) {
        self.network = network
        self.memory = memory
        self.settings = settings
        self.backend = backend ?? settings.makeBackend()
    }

    /// The precision that the plan computes in, never `automatic`.
    package var precision: Precision { backend.precision(for: settings) }

    /// Folds a network's parameters and makes it ready.
    ///
    /// - Throws: `NeuralNetworkError.parametersMismatch` naming every missing, unexpected or misshapen parameter.
    package convenience init(
        graph: NetworkGraph, parameters: some ParameterSource, settings: ComputeSettings = ComputeSettings(),
        backend: (any Backend)? = nil, memory: WorkingMemory = WorkingMemory()
    ) throws {
        self.init(
            network: try FusedNetwork(graph: graph, parameters: parameters), settings: settings, backend: backend,
            memory: memory)
    }

    /// One forward pass. Blocks its thread for as long as it computes: never call it on the cooperative pool.
    ///
    /// - Parameter input: [N, C, D, H, W] for a 3D network, [N, C, H, W] for a 2D one; any N.
    /// - Returns: float32 [N, classes], the output of the last layer (logits).
    /// - Throws: `inputShapeMismatch` or `inputTooSmall`.
    package func run(_ input: Tensor) throws -> Tensor {
        let shape = try batchShape(of: input)
        var outputs: [Float] = []
        try forEachPart(of: input, shape, keepsActivations: false) { part, executable in
            outputs += try Self.rows(of: network.outputValue, part, executable)
        }
        return try Tensor(shape: [shape.batch, outputs.count / shape.batch], floats: outputs)
    }

    /// What a network says of inputs, and the vectors from which it says so.
    package struct Observation: Sendable {
        /// float32 [N, classes].
        package let logits: Tensor
        /// float32 [N, features]: the input of the last layer, which is the last stage's mean over the grid.
        package let features: Tensor
    }

    /// One forward pass that also gives the features before the last layer.
    ///
    /// - Parameter input: as for ``run(_:)``.
    /// - Returns: logits and features of the same pass.
    /// - Throws: as ``run(_:)``, and `unknownLayer` for a network whose last layer is not linear.
    package func observe(_ input: Tensor) throws -> Observation {
        let value = try featureValue()
        let shape = try batchShape(of: input)
        var outputs: [Float] = []
        var features: [Float] = []
        try forEachPart(of: input, shape, keepsActivations: false) { part, executable in
            outputs += try Self.rows(of: network.outputValue, part, executable)
            features += try Self.rows(of: value, part, executable)
        }
        return Observation(
            logits: try Tensor(shape: [shape.batch, outputs.count / shape.batch], floats: outputs),
            features: try Tensor(shape: [shape.batch, features.count / shape.batch], floats: features))
    }

    /// The value before the last layer.
    ///
    /// - Throws: `unknownLayer`.
    func featureValue() throws(NeuralNetworkError) -> Int {
        guard let value = network.featureValue else {
            throw .unknownLayer("before a linear output", available: network.graph.tapNames)
        }
        return value
    }

    /// A value of every item of the part, one after another.
    static func rows(of value: Int, _ part: BatchShape, _ executable: any Executable) throws -> [Float] {
        try executable.withValue(value) { values, view in
            (0..<part.batch).flatMap { item in
                UnsafeBufferPointer(start: values + item * view.itemStride, count: view.shape.count)
            }
        }
    }

    /// How each layer is computed for an input of this shape, and how many seconds it took.
    ///
    /// - Parameters:
    ///   - input: as for ``run(_:)``; only its first part is computed.
    ///   - repetitions: runs of which each layer's least time is taken.
    /// - Returns: the layers in the order of computation.
    /// - Throws: as ``run(_:)``.
    package func profile(_ input: Tensor, repetitions: Int = 5) throws -> [(step: StepReport, seconds: Double)] {
        let shape = try batchShape(of: input)
        let items = min(shape.batch, try partSize(for: shape.extent, keepsActivations: false))
        let part = BatchShape(batch: items, extent: shape.extent)
        let executable = try executable(for: part, keepsActivations: false)
        var least = [Double](repeating: .infinity, count: executable.steps.count)
        try input.withFloats { floats in
            guard let base = floats.baseAddress else { return }
            for _ in 0..<max(1, repetitions) {
                least = zip(least, try executable.profile(input: base)).map(min)
            }
        }
        return Array(zip(executable.steps, least)).map { ($0, $1) }
    }

    /// Runs the input in parts, and shows each part's executable after its run.
    func forEachPart(
        of input: Tensor, _ shape: BatchShape, keepsActivations: Bool,
        _ body: (BatchShape, any Executable) throws -> Void
    ) throws {
        let itemCount = network.graph.inputChannels * shape.extent.volume
        let partSize = try partSize(for: shape.extent, keepsActivations: keepsActivations)
        try input.withFloats { floats in
            guard let base = floats.baseAddress else { return }
            var item = 0
            while item < shape.batch {
                let part = BatchShape(batch: min(partSize, shape.batch - item), extent: shape.extent)
                let executable = try executable(for: part, keepsActivations: keepsActivations)
                try executable.run(input: base + item * itemCount)
                try body(part, executable)
                item += part.batch
            }
        }
    }

    /// Items that are computed at once: as many as the settings allow and memory is meant for.
    private func partSize(for extent: Extent, keepsActivations: Bool) throws -> Int {
        let key = PartKey(extent: extent, keepsActivations: keepsActivations)
        if let size = partSizes[key] { return size }
        let counts = try network.graph.shapes(of: extent).map(\.count)
        // Without gradients about three values are alive at a time; with them all are, and as many gradients.
        let floats = keepsActivations ? 2 * counts.reduce(0, +) : 3 * (counts.max() ?? 1)
        let size = max(1, min(settings.maximumBatch, Self.activationFloats / max(1, floats)))
        partSizes[key] = size
        return size
    }

    /// Checks an input's shape.
    ///
    /// - Throws: `inputShapeMismatch`.
    func batchShape(of input: Tensor) throws(NeuralNetworkError) -> BatchShape {
        let rank = network.graph.spatialRank
        let channels = network.graph.inputChannels
        let shape = input.shape
        guard shape.count == rank + 2, shape[1] == channels, shape.allSatisfy({ $0 > 0 }) else {
            throw .inputShapeMismatch(
                expected: [0, channels] + [Int](repeating: 0, count: rank), got: shape)
        }
        return BatchShape(batch: shape[0], extent: try Extent(Array(shape[2...])))
    }

    /// The executable for a shape: a remembered one, or a new one in the place of the oldest.
    private func executable(for shape: BatchShape, keepsActivations: Bool) throws -> any Executable {
        if let index = executables.firstIndex(where: {
            $0.shape == shape && $0.keepsActivations == keepsActivations
        }) {
            let entry = executables.remove(at: index)
            executables.append(entry)
            return entry.executable
        }
        let executable = try backend.makeExecutable(
            for: network, shape: shape, settings: settings, keepsActivations: keepsActivations,
            memory: memory)
        if executables.count >= Self.rememberedShapes { executables.removeFirst() }
        executables.append((shape, keepsActivations, executable))
        return executable
    }
}
