/// How much memory a computation will take, before any of it is taken.
package struct MemoryEstimate: Sendable, Equatable {
    /// Bytes of the input, of the parameters (as stored, and made ready) and of the activations together.
    package let byteCount: Double

    /// For a batch of one shape.
    ///
    /// Without gradients about three values are alive at a time, with them all are, and as many gradients. A plan
    /// computes as many items at once as 256 MB of activations allow, and one at least.
    ///
    /// - Parameters:
    ///   - graph: the network.
    ///   - batch: items.
    ///   - extent: of the input.
    ///   - keepsActivations: whether gradients are wanted, as Grad-CAM does.
    ///   - maximumBatch: items computed at once at most.
    /// - Throws: `inputTooSmall`, `channelMismatch`.
    package init(
        graph: NetworkGraph, batch: Int, extent: Extent, keepsActivations: Bool, maximumBatch: Int = 16
    ) throws(NeuralNetworkError) {
        let positions = { (extent: Extent) in Double(extent.depth) * Double(extent.height) * Double(extent.width) }
        // In floating point: a hostile size must not overflow here.
        let counts = try graph.shapes(of: extent).map { Double($0.channels) * positions($0.extent) }
        let floats = keepsActivations ? 2 * counts.reduce(0, +) : 3 * (counts.max() ?? 1)
        let part = max(
            1, min(Double(min(batch, maximumBatch)), (Self.activationFloats / max(1, floats)).rounded(.down)))
        let input = Double(batch) * Double(graph.inputChannels) * positions(extent)
        let maps = keepsActivations ? Double(batch) * positions(extent) : 0
        let parameters = 2 * graph.parameters.reduce(0.0) { $0 + Double($1.count) }
        byteCount = 4 * (part * floats + input + maps + parameters)
    }

    private static let activationFloats = Double(64 << 20)

    /// Refuses what does not fit.
    ///
    /// - Parameter available: bytes that may be taken; nil where nobody knows.
    /// - Throws: `NeuralNetworkError.notEnoughMemory`.
    package func check(available: Double?) throws(NeuralNetworkError) {
        guard let available, byteCount > available else { return }
        throw .notEnoughMemory(needed: byteCount, available: available)
    }
}
