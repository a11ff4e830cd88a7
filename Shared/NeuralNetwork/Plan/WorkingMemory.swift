/// What a run needs of memory, lent to networks that take turns: each overwrites what another one left.
///
/// `@unchecked Sendable`: belongs to a `ComputeExecutor`, and only jobs on its thread touch it.
package final class WorkingMemory: @unchecked Sendable {
    private weak var activations: PackedBytes?
    private weak var scratch: PackedBytes?

    package init() {}

    /// Memory for activations that holds anything, at least as many bytes.
    ///
    /// - Throws: `NeuralNetworkError.outOfMemory`.
    func activations(byteCount: Int) throws(NeuralNetworkError) -> PackedBytes {
        if let known = activations, known.count >= byteCount { return known }
        let fresh = try PackedBytes(count: byteCount)
        activations = fresh
        return fresh
    }

    /// Memory for what one layer needs while it is computed.
    ///
    /// - Throws: `NeuralNetworkError.outOfMemory`.
    func scratch(byteCount: Int) throws(NeuralNetworkError) -> PackedBytes {
        if let known = scratch, known.count >= byteCount { return known }
        let fresh = try PackedBytes(count: byteCount)
        scratch = fresh
        return fresh
    }
}
