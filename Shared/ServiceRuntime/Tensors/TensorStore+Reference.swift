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

    /// Takes out exactly the tensor that a claim check stands for.
    package func redeem(_ reference: TensorReference) async throws -> Tensor {
        try await get(
            reference.key, expiresAt: Date(timeIntervalSince1970: reference.expiresAt), checksum: reference.checksum)
    }
}
