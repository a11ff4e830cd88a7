/// Numbers that networks are computed with.
package enum Precision: String, Sendable, Codable, CaseIterable {
    /// The fastest that this processor has instructions for.
    case automatic = "auto"
    case float32 = "fp32"
    /// bfloat16 activations and weights; sums, biases and the last layer are float32. Without AVX-512 float32
    /// activations and, of large layers, weights of half precision: about half the memory, and faster than float32.
    case bfloat16 = "bf16"
}

/// Libraries that networks are computed by.
package enum BackendChoice: String, Sendable, Codable, CaseIterable {
    /// oneDNN and kernels of our own where they are fast, else OpenBLAS.
    case automatic = "auto"
    case oneDNN = "onednn"
    case openBLAS = "openblas"
}

/// How closely sums are rounded, and whether always alike.
package enum Rounding: Sendable {
    /// The fastest codes, by measurement, Winograd's products included: float32 logits are within 1e-5 of the largest, and
    /// may differ by as much from one start of a program to the next.
    case fast
    /// Products one by one, which round about a tenth as much, and nothing is measured: the same machine gives the same
    /// numbers each time.
    case least
}

/// What a plan may use of the machine.
package struct ComputeSettings: Sendable, Equatable {
    /// Threads that one forward pass uses, at least 1. Services read it from `ONCORELAY_THREADS`.
    package var threads: Int
    /// Inputs that are computed at once at most; larger batches, and large inputs, are computed in smaller parts.
    package var maximumBatch: Int
    package var precision: Precision
    package var backend: BackendChoice
    package var rounding: Rounding

    package init(
        threads: Int = 1, maximumBatch: Int = 16, precision: Precision = .automatic,
        backend: BackendChoice = .automatic, rounding: Rounding = .fast
    ) {
        self.threads = max(1, threads)
        self.maximumBatch = max(1, maximumBatch)
        self.precision = precision
        self.backend = backend
        self.rounding = rounding
    }

    /// The backend that these settings ask for.
    package func makeBackend() -> any Backend {
        switch backend {
        case .openBLAS: OpenBLASBackend()
        case .oneDNN: ChannelsLastBackend()
        case .automatic: ChannelsLastBackend.isFastHere ? ChannelsLastBackend() : OpenBLASBackend()
        }
    }
}
