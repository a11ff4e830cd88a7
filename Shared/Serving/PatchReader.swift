package import Contracts
import ServiceRuntime
package import TensorStore
package import Tensors

/// Takes a region's patches out of the store, each once, and puts a network's input together from them.
package struct PatchReader: Sendable {
    private let patches: [(patch: PreparedPatch, tensor: Tensor)]
    private let withheld: [WithheldSequence]

    /// - Throws: ``TensorStoreError``; where a tensor is gone, see ``StoreFailure/isLoss(_:)``.
    package init(_ region: RegionPrepared, store: any TensorStore) async throws {
        withheld = region.withheld ?? []
        patches = try await withThrowingTaskGroup(of: (Int, Tensor).self) { group in
            for (index, patch) in region.patches.enumerated() {
                group.addTask { (index, try await store.redeem(patch.tensor)) }
            }
            let tensors = try await group.reduce(into: [Int: Tensor]()) { $0[$1.0] = $1.1 }
            return region.patches.enumerated().compactMap { index, patch in tensors[index].map { (patch, $0) } }
        }
    }

    /// What a network is fed: `[C, …]`, the patch's affine, or why it cannot be fed.
    package func input(
        for role: ClassifierRole, wanting input: ModelInput
    ) throws(Failure) -> Result<(tensor: Tensor, affine: [Double]), AbstentionError> {
        guard let found = patches.first(where: { $0.patch.specification == input.specification }) else {
            // The models were exchanged after the region was prepared, or none of their sequences is there.
            let names = input.sequences.map(\.rawValue).joined(separator: ", ")
            return .failure(
                AbstentionError(
                    Abstention(
                        code: .missingSequence,
                        reason: "\(role.rawValue) wants \(names); the study has no patch of them in the model's size")))
        }
        if let bad = withheld.first(where: { input.sequences.contains($0.sequence) }) {
            return .failure(
                AbstentionError(
                    Abstention(
                        code: .imageUnusable,
                        reason: "\(role.rawValue) wants \(bad.sequence.rawValue), which cannot be used: \(bad.reason)"))
            )
        }
        let missing = input.sequences.filter { !found.patch.sequences.contains($0) }
        guard missing.isEmpty else {
            let names = missing.map(\.rawValue).joined(separator: ", ")
            return .failure(
                AbstentionError(
                    Abstention(code: .missingSequence, reason: "\(role.rawValue) wants \(names), which the study lacks")
                ))
        }
        if input.sequences == found.patch.sequences { return .success((found.tensor, found.patch.affine)) }
        let channels = input.sequences.compactMap { found.patch.sequences.firstIndex(of: $0) }
        guard let tensor = Self.select(channels, of: found.tensor) else {
            throw Failure(
                .modelInputMismatch, .permanent,
                "\(role.rawValue): expected a patch of \(found.patch.sequences.count) channels, found shape "
                    + "\(found.tensor.shape)")
        }
        return .success((tensor, found.patch.affine))
    }

    /// Some channels of `[C, …]`, in the given order.
    private static func select(_ channels: [Int], of tensor: Tensor) -> Tensor? {
        guard let count = tensor.shape.first, channels.allSatisfy({ $0 < count }) else { return nil }
        let bytes = tensor.buffer.count / count
        let buffer = TensorBuffer.filled(count: bytes * channels.count) { target in
            tensor.buffer.withUnsafeBytes { source in
                for (position, channel) in channels.enumerated() {
                    UnsafeMutableRawBufferPointer(rebasing: target[position * bytes..<(position + 1) * bytes])
                        .copyMemory(
                            from: UnsafeRawBufferPointer(rebasing: source[channel * bytes..<(channel + 1) * bytes]))
                }
            }
        }
        return try? Tensor(
            shape: [channels.count] + tensor.shape.dropFirst(), elementType: tensor.elementType, buffer: buffer)
    }
}

/// An abstention on its way through `Result`.
package struct AbstentionError: Error {
    package let abstention: Abstention

    init(_ abstention: Abstention) { self.abstention = abstention }
}
