import TensorStore
import Tensors
import TestSupport
import Testing

/// The stores that must behave alike.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case inMemory
    case redis
    case redisOverUnixSocket

    var testDescription: String { rawValue }

    /// Those that this machine can run.
    static let available: [StoreKind] = {
        if RedisServer.isInstalled { return allCases }
        print("redis-server or redis-cli is not installed: the conformance suite runs on the store in memory only")
        return [.inMemory]
    }()

    /// Lends a store with a server of its own, and ends both.
    func withStore(_ body: (any TensorStore) async throws -> Void) async throws {
        switch self {
        case .inMemory:
            let store = InMemoryTensorStore()
            try await body(store)
            await store.close()
        case .redis, .redisOverUnixSocket:
            let server = try RedisServer.start()
            let store = try RedisTensorStore(
                RedisConfiguration(url: self == .redis ? server.url : server.unixURL))
            try await body(store)
            await store.close()
            server.stop()
        }
    }
}

/// A float32 tensor with a recognizable value throughout.
func constantTensor(_ value: Float, count: Int = 8) throws -> Tensor {
    try Tensor(shape: [count], floats: [Float](repeating: value, count: count))
}

/// Asks again and again until it holds, for at most a minute; returns whether it held.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<6000 {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// The error of the store that `body` throws.
func storeError(_ body: () async throws -> Void) async -> TensorStoreError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? TensorStoreError
    }
}
