/// A batch of one shape.
package struct BatchShape: Hashable, Sendable {
    package var batch: Int
    package var extent: Extent

    package init(batch: Int, extent: Extent) {
        self.batch = batch
        self.extent = extent
    }
}

/// A library that computes fused networks.
package protocol Backend: Sendable {
    var name: String { get }

    /// The precision that this backend computes in when asked for another, or for its choice.
    func precision(for settings: ComputeSettings) -> Precision

    /// Prepares everything that depends on the shape of the input.
    ///
    /// `memory`: of networks whose runs never overlap; each run's values are gone after another's.
    /// Throws `NeuralNetworkError.inputTooSmall`, `outOfMemory`, `backendFailure`.
    func makeExecutable(
        for network: FusedNetwork, shape: BatchShape, settings: ComputeSettings, keepsActivations: Bool,
        memory: WorkingMemory
    ) throws -> any Executable
}

extension Backend {
    /// The same with memory of its own.
    package func makeExecutable(
        for network: FusedNetwork, shape: BatchShape, settings: ComputeSettings, keepsActivations: Bool
    ) throws -> any Executable {
        try makeExecutable(
            for: network, shape: shape, settings: settings, keepsActivations: keepsActivations,
            memory: WorkingMemory())
    }
}

/// A fused network prepared for one input shape. Belongs to one thread at a time.
package protocol Executable: AnyObject {
    /// Computes every value.
    ///
    /// - Parameter input: [batch, channels, extent], row-major.
    /// - Throws: `NeuralNetworkError.backendFailure` when a library refuses.
    func run(input: UnsafePointer<Float>) throws

    /// A value of the last run, as float32 planes. After a run that keeps activations, any value; otherwise only the
    /// output and the features before it.
    func withValue<Result>(_ value: Int, _ body: (UnsafePointer<Float>, ValueLayout.View) throws -> Result) throws
        -> Result

    /// The derivative of `Σ seed · output` by a value of the last run, which must have kept its activations.
    ///
    /// `value`: the value by which it is derived.
    /// `seed`: [batch, classes], the derivative by the output.
    /// `body`: is lent the gradient, laid out as the value itself is.
    /// Returns what `body` returns.
    func withGradient<Result>(
        of value: Int, seed: [Float], _ body: (UnsafePointer<Float>, ValueLayout.View) throws -> Result
    ) throws -> Result

    /// How each step is computed, in the order of computation.
    var steps: [StepReport] { get }

    /// A run that takes the time of each step.
    ///
    /// - Returns: seconds, one for each of `steps`.
    func profile(input: UnsafePointer<Float>) throws -> [Double]
}

/// How a step of a network is computed.
package struct StepReport: Sendable, Equatable {
    /// The layer's name.
    package var name: String
    /// The code that computes it, such as `brgconv:avx512_core`.
    package var implementation: String
    package var precision: Precision
    /// Multiplications and additions of the whole batch, where they are counted.
    package var operations: Int
}
