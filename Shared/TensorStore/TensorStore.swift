package import FoundationEssentials
package import Tensors

/// Keeps tensors by key for a limited time.
///
/// A stored tensor is a cache entry that can be computed again, never the only copy of anything. Keys are written once;
/// writing the same tensor under the same key again is harmless. Nothing is kept besides the keys themselves.
///
/// Every operation throws `TensorStoreError`, or `CancellationError` while it waits for its turn.
package protocol TensorStore: Sendable {
    /// Stores a tensor.
    ///
    /// - Parameters:
    ///   - tensor: any tensor.
    ///   - key: a non-empty name; what lay there is replaced.
    ///   - lifetime: positive; the store forgets the tensor afterwards.
    /// - Returns: what a reader needs to take exactly this tensor out.
    /// - Throws: `outOfMemory`, `tooLarge`, `invalidArgument`, or that the store cannot be reached.
    func put(_ tensor: Tensor, key: String, lifetime: Duration) async throws -> StoredTensor

    /// Takes a tensor out, after checking its checksum.
    ///
    /// - Parameters:
    ///   - key: its name.
    ///   - expiresAt: the end of its lifetime, when the caller knows it: an absent tensor is then `expired` from that
    ///     instant on, and `missing` before. Without it, an absent tensor is `missing`.
    ///   - checksum: the checksum that `put` returned, when the caller knows it: another tensor is then `corrupt`.
    /// - Returns: the tensor.
    /// - Throws: `missing`, `expired`, `corrupt`, or that the store cannot be reached.
    func get(_ key: String, expiresAt: Date?, checksum: String?) async throws -> Tensor

    /// Deletes tensors; returns how many there were.
    func delete(_ keys: [String]) async throws -> Int

    /// Whether there is a tensor of this name now.
    func exists(_ key: String) async throws -> Bool

    /// The time a tensor has left; nil for a key without end, which `put` never writes.
    ///
    /// Throws `missing` when there is no such tensor.
    func remainingLifetime(_ key: String) async throws -> Duration?

    /// Lets tensors live for at least `lifetime` from now, never shorter than before; returns how many exist.
    func extend(_ keys: [String], lifetime: Duration) async throws -> Int

    /// The names that begin with `prefix`, sorted. For diagnosis: it walks the whole store.
    func keys(prefix: String) async throws -> [String]

    /// Asks the store for a sign of life.
    func ping() async throws

    /// Whether the last contact with the store went well.
    var state: TensorStoreState { get }

    /// Ends all connections. Operations afterwards throw `closed`.
    func close() async
}

extension TensorStore {
    /// Takes a tensor out, after checking its checksum.
    package func get(_ key: String) async throws -> Tensor {
        try await get(key, expiresAt: nil, checksum: nil)
    }

    /// Takes a tensor out, after checking its checksum; absent, it is `expired` from `expiresAt` on.
    package func get(_ key: String, expiresAt: Date?) async throws -> Tensor {
        try await get(key, expiresAt: expiresAt, checksum: nil)
    }

    /// Takes out exactly the tensor that was put in.
    package func get(_ stored: StoredTensor) async throws -> Tensor {
        try await get(stored.key, expiresAt: stored.expiresAt, checksum: stored.checksum)
    }
}

/// What `put` tells about the tensor it stored.
package struct StoredTensor: Sendable, Hashable, Codable {
    package let key: String
    /// Bytes that the store holds for it.
    package let byteCount: Int
    /// XXH64 over element type, shape and values, as 16 hexadecimal digits.
    package let checksum: String
    /// The end of its lifetime by this machine's clock; extending the lifetime moves it.
    package let expiresAt: Date

    package init(key: String, byteCount: Int, checksum: String, expiresAt: Date) {
        self.key = key
        self.byteCount = byteCount
        self.checksum = checksum
        self.expiresAt = expiresAt
    }
}

/// Whether a store can be reached, as far as is known.
package enum TensorStoreState: Sendable, Equatable {
    case connected
    case disconnected(reason: String)
}
