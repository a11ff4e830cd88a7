import Foundation
import Synchronization
import TensorStore
import Tensors

/// A tensor store in memory in which a test may meddle before each access.
final class WatchfulStore: TensorStore {
    /// Does something to the store before a key is read or written, or throws what the caller shall see.
    typealias Meddling = @Sendable (_ key: String, _ store: InMemoryTensorStore) async throws -> Void

    let inner: InMemoryTensorStore
    private let beforePut: Meddling?
    private let beforeGet: Meddling?
    /// In place of what callers ask for.
    private let lifetime: Duration?

    init(
        maximumByteCount: Int = .max, lifetime: Duration? = nil, beforePut: Meddling? = nil, beforeGet: Meddling? = nil
    ) {
        inner = InMemoryTensorStore(maximumByteCount: maximumByteCount)
        self.lifetime = lifetime
        self.beforePut = beforePut
        self.beforeGet = beforeGet
    }

    func put(_ tensor: Tensor, key: String, lifetime: Duration) async throws -> StoredTensor {
        try await beforePut?(key, inner)
        return try await inner.put(tensor, key: key, lifetime: self.lifetime ?? lifetime)
    }

    func get(_ key: String, expiresAt: Date?, checksum: String?) async throws -> Tensor {
        try await beforeGet?(key, inner)
        return try await inner.get(key, expiresAt: expiresAt, checksum: checksum)
    }

    func delete(_ keys: [String]) async throws -> Int { try await inner.delete(keys) }
    func exists(_ key: String) async throws -> Bool { try await inner.exists(key) }
    func remainingLifetime(_ key: String) async throws -> Duration? { try await inner.remainingLifetime(key) }
    func extend(_ keys: [String], lifetime: Duration) async throws -> Int {
        try await inner.extend(keys, lifetime: lifetime)
    }
    func keys(prefix: String) async throws -> [String] { try await inner.keys(prefix: prefix) }
    func ping() async throws { try await inner.ping() }
    var state: TensorStoreState { inner.state }
    func close() async { await inner.close() }
}

/// What happened once shall not happen again: remembers names.
final class Once: Sendable {
    private let seen = Mutex<Set<String>>([])

    /// True at the first call with a name.
    func isFirst(_ name: String) -> Bool { seen.withLock { $0.insert(name).inserted } }

    var count: Int { seen.withLock { $0.count } }
}

/// A number that grows.
final class Peak: Sendable {
    private let total = Mutex(0)

    var value: Int { total.withLock { $0 } }

    func add(_ amount: Int) { total.withLock { $0 += amount } }
}

/// A path that is known only when the pipeline runs.
final class TestPath: Sendable {
    private let path = Mutex("")

    var root: String {
        get { path.withLock { $0 } }
        set { path.withLock { $0 = newValue } }
    }
}
