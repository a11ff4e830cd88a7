internal import CKernels

/// float32 or bfloat16 on oneDNN and kernels of our own: activations lie channels last from the first layer to the last,
/// weights are packed once, sums and rectifications are fused.
package struct ChannelsLastBackend: Backend {
    private let chooser: ConvolutionChooser

    package init() { chooser = .shared }

    /// `choosing`: says for each shape's key which code computes it, where that can; nothing is measured.
    package init(choosing: @escaping @Sendable (String) -> ConvolutionChoice) {
        chooser = ConvolutionChooser(file: nil, given: choosing)
    }

    package var name: String { "onednn" }

    /// Whether this processor has the instructions that make this backend the fast one.
    static let isFastHere: Bool = {
        guard (try? OneDNN.engine()) != nil else { return false }
        #if arch(x86_64)
            return ork_processor_features().avx2
        #else
            return true
        #endif
    }()

    /// Asked for its choice: bfloat16 where the processor multiplies it, which is about twice as fast. Asked for bfloat16
    /// where neither the library nor a kernel of ours has anything for it: float32, which is all the closer.
    package func precision(for settings: ComputeSettings) -> Precision {
        let processor = ork_processor_features()
        return switch settings.precision {
        case .float32: .float32
        case .bfloat16: processor.avx512 || processor.avx2 ? .bfloat16 : .float32
        case .automatic: processor.amx_bf16 || processor.avx512_bf16 ? .bfloat16 : .float32
        }
    }

    package func makeExecutable(
        for network: FusedNetwork, shape: BatchShape, settings: ComputeSettings, keepsActivations: Bool,
        memory: WorkingMemory
    ) throws -> any Executable {
        _ = OpenBLASRuntime.prepare()
        let precision = precision(for: settings)
        let weights = network.preparations.entry(backend: name, precision: precision) { PackedWeights() }
        ThreadPool.use(threads: settings.threads)
        // Without AVX-512 large weights alone are halved.
        let isHalf = precision == .bfloat16
        return try ChannelsLastExecutable(
            network: network, shape: shape, type: isHalf && ork_processor_features().avx512 ? .bfloat16 : .float32,
            halvesWeights: isHalf, threads: settings.threads, keepsActivations: keepsActivations, memory: memory,
            weights: weights,
            chooser: settings.rounding == .least ? .direct : chooser)
    }
}
