/// How a network is trained, beside its architecture.
package struct TrainingSettings: Sendable, Equatable {
    /// Which library computes.
    package enum Engine: String, Sendable, CaseIterable {
        /// oneDNN where it is fast (AVX-512, AVX2), else OpenBLAS.
        case automatic
        /// im2col and sgemm, float32. Works everywhere; the other engine's check.
        case openBLAS
        /// oneDNN in layouts blocked by 16 channels. Needs AVX-512 or AVX2.
        case oneDNN

        /// Whether this machine can run it.
        package var isAvailable: Bool { self != .oneDNN || TrainingEngines.isFastAvailable }
    }

    /// Numbers of activations and of the weights that convolutions read. Parameters, their gradients, statistics and
    /// sums are float32 always.
    package enum Precision: String, Sendable, CaseIterable {
        /// bfloat16 where the processor multiplies it faster than float32, and the engine is oneDNN.
        case automatic
        case float32
        /// Ignored by the OpenBLAS engine.
        case bfloat16
    }

    /// Threads that one pass uses, at least 1.
    package var threads: Int
    package var engine: Engine
    package var precision: Precision
    /// Names of layers that keep their parameters: `Conv2d_1a_3x3.conv`. A frozen normalization also keeps its running
    /// statistics, and uses them. See ``NetworkGraph/layersOfFirstConvolutions(_:)``.
    package var frozenLayers: Set<String>
    /// Tapped layers whose activations and gradients are asked for, such as `layer3` for attention. Gradients are
    /// computed down to them even if everything beneath is frozen.
    package var observedLayers: Set<String>
    /// How much of a batch's statistics the running statistics take on, as PyTorch's `momentum`.
    package var statisticsMomentum: Float
    /// Where dropout's random numbers begin.
    package var dropoutSeed: UInt64
    /// Bytes that training may use at most; nil: what the machine has available.
    package var memoryLimit: Int?

    package init(
        threads: Int = 1, engine: Engine = .automatic, precision: Precision = .automatic,
        frozenLayers: Set<String> = [], observedLayers: Set<String> = [], statisticsMomentum: Float = 0.1,
        dropoutSeed: UInt64 = 0, memoryLimit: Int? = nil
    ) {
        self.threads = max(1, threads)
        self.engine = engine
        self.precision = precision
        self.frozenLayers = frozenLayers
        self.observedLayers = observedLayers
        self.statisticsMomentum = statisticsMomentum
        self.dropoutSeed = dropoutSeed
        self.memoryLimit = memoryLimit
    }
}

/// Whether a forward pass learns.
package enum TrainingMode: Sendable {
    /// Normalization by the batch's statistics, which the running ones take on; dropout drops.
    case training
    /// Normalization by running statistics; dropout does nothing.
    case evaluation
}

extension NetworkGraph {
    /// The first `count` convolutions in network order and the normalization behind each: what methods.md freezes.
    package func layersOfFirstConvolutions(_ count: Int) -> Set<String> {
        var layers: Set<String> = []
        var frozen: Set<Int> = []
        for (index, node) in nodes.enumerated() {
            switch node.operation {
            case .convolution where frozen.count < count:
                layers.insert(node.name)
                frozen.insert(index)
            case .batchNormalization where frozen.contains(node.inputs[0]):
                layers.insert(node.name)
            default: break
            }
        }
        return layers
    }
}
