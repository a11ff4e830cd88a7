package import Contracts
package import TensorStore
package import Tensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension TensorStore {
    /// Puts a tensor and gives the claim check that messages carry.
    package func deposit(_ tensor: Tensor, key: String, lifetime: Duration) async throws -> TensorReference {
        let stored = try await put(tensor, key: key, lifetime: lifetime)
        return TensorReference(
            key: key, shape: tensor.shape, elementType: tensor.elementType.rawValue, byteCount: stored.byteCount,
            checksum: stored.checksum, expiresAt: stored.expiresAt.timeIntervalSince1970)
    }

    /// Puts several tensors at once, all or none: what was put before one of them failed is deleted again, so that
    /// work that waits for room in the store takes none itself.
    ///
    /// - Returns: The claim checks, in the order of the tensors.
    package func deposit(
        _ tensors: [(key: String, tensor: Tensor)], lifetime: Duration
    ) async throws -> [TensorReference] {
        do {
            return try await withThrowingTaskGroup(of: (Int, TensorReference).self) { group in
                for (index, one) in tensors.enumerated() {
                    group.addTask { (index, try await deposit(one.tensor, key: one.key, lifetime: lifetime)) }
                }
                let references = try await group.reduce(into: [Int: TensorReference]()) { $0[$1.0] = $1.1 }
                return tensors.indices.compactMap { references[$0] }
            }
        } catch {
            await forget(tensors.map(\.key))
            throw error
        }
    }

    /// Deletes as well as it goes, also when the task is cancelled; what stays ends with its lifetime.
    package func forget(_ keys: [String]) async {
        await Task { _ = try? await delete(keys) }.value
    }

    /// Takes out exactly the tensor that a claim check stands for.
    package func redeem(_ reference: TensorReference) async throws -> Tensor {
        try await get(
            reference.key, expiresAt: Date(timeIntervalSince1970: reference.expiresAt), checksum: reference.checksum)
    }
}
