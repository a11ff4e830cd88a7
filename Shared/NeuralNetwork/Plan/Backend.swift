/// What a plan may use of the machine.
package struct ComputeSettings: Sendable, Equatable {
    /// Threads that one forward pass uses, at least 1. Services read it from `ONCORELAY_THREADS`.
    package var threads: Int
    /// Inputs that are computed at once at most; larger batches, and large inputs, are computed in smaller parts.
    package var maximumBatch: Int

    package init(threads: Int = 1, maximumBatch: Int = 16) {
        self.threads = max(1, threads)
        self.maximumBatch = max(1, maximumBatch)
    }
}

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

    /// Prepares everything that depends on the shape of the input.
    ///
    /// - Throws: `NeuralNetworkError.inputTooSmall`.
    func makeExecutable(
        for network: FusedNetwork, shape: BatchShape, settings: ComputeSettings, keepsActivations: Bool
    ) throws -> any Executable
}

/// A fused network prepared for one input shape. Belongs to one thread at a time.
package protocol Executable: AnyObject {
    var layout: ValueLayout { get }

    /// Computes every value.
    ///
    /// - Parameter input: [batch, channels, extent], row-major.
    func run(input: UnsafePointer<Float>)

    /// A value of the last run. After a run that keeps activations, any value; otherwise only the output.
    func withValue<Result>(_ value: Int, _ body: (UnsafePointer<Float>, ValueLayout.View) throws -> Result) rethrows
        -> Result

    /// The derivative of `Σ seed · output` by a value of the last run, which must have kept its activations.
    ///
    /// - Parameters:
    ///   - value: the value by which it is derived.
    ///   - seed: [batch, classes], the derivative by the output.
    ///   - body: is lent the gradient, laid out as the value itself is.
    /// - Returns: what `body` returns.
    func withGradient<Result>(
        of value: Int, seed: [Float], _ body: (UnsafePointer<Float>, ValueLayout.View) throws -> Result
    ) rethrows -> Result
}
