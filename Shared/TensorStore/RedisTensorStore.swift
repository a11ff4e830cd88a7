package import FoundationEssentials
import Synchronization
package import Tensors

/// Keeps tensors in Redis 7 or later: one string per tensor, in safetensors form, with a lifetime; nothing else.
///
/// Redis should run with `maxmemory` and `maxmemory-policy noeviction`: then a full store is an error (`outOfMemory`)
/// rather than a silent loss. The user needs `+set +get +unlink +exists +pttl +pexpire +scan +ping +client|setname` on
/// its keys (and `+select` for a database other than 0).
package final class RedisTensorStore: TensorStore {
    private let configuration: RedisConfiguration
    private let pool: RedisConnectionPool
    private let availability: RedisAvailability
    /// Looks for the server while nobody asks, so that `state` tells of its return.
    private let watch = Mutex<Task<Void, Never>?>(nil)

    package var state: TensorStoreState { availability.state }

    /// Makes a store that connects when it is first used.
    ///
    /// - Throws: `invalidArgument` for settings that cannot work.
    package init(_ configuration: RedisConfiguration) throws(TensorStoreError) {
        try configuration.check()
        self.configuration = configuration
        pool = RedisConnectionPool(configuration)
        availability = RedisAvailability(backOff: configuration.backOff)
    }

    deinit {
        watch.withLock { $0?.cancel() }
    }

    package func put(_ tensor: Tensor, key: String, lifetime: Duration) async throws -> StoredTensor {
        try TensorStoreArguments.check(key: key)
        let milliseconds = try TensorStoreArguments.milliseconds(lifetime: lifetime)
        let blob = TensorBlob(tensor)
        guard blob.byteCount <= configuration.maximumValueByteCount else {
            throw TensorStoreError.tooLarge(
                key: key, byteCount: blob.byteCount, limit: configuration.maximumValueByteCount)
        }
        let request = RedisRequest(set: key, value: blob.pieces, milliseconds: milliseconds)
        let expiresAt = Date.now + Double(milliseconds) / 1000
        _ = try await replies(to: [request], "SET", key: key, byteCount: blob.byteCount)
        return StoredTensor(key: key, byteCount: blob.byteCount, checksum: blob.checksum, expiresAt: expiresAt)
    }

    package func get(_ key: String, expiresAt: Date?, checksum: String?) async throws -> Tensor {
        try TensorStoreArguments.check(key: key)
        let value = try await withConnection { try await $0.value(of: key) }
        switch value {
        case .success(let buffer?): return try TensorBlob.tensor(from: buffer, key: key, expected: checksum)
        case .success(nil): throw TensorStoreError.absent(key, expiresAt: expiresAt)
        case .failure(let refusal): throw noted(RedisReply.failure(refusal.text, operation: "GET", key: key))
        }
    }

    package func delete(_ keys: [String]) async throws -> Int {
        var count = 0
        // UNLINK frees the memory aside, so that deleting large tensors holds up nobody.
        for part in Self.portions(keys) {
            count += try await integers(to: [RedisRequest(["UNLINK"] + part)], "UNLINK", key: part[0])[0]
        }
        return count
    }

    package func exists(_ key: String) async throws -> Bool {
        try TensorStoreArguments.check(key: key)
        return try await integers(to: [RedisRequest(["EXISTS", key])], "EXISTS", key: key)[0] > 0
    }

    package func remainingLifetime(_ key: String) async throws -> Duration? {
        try TensorStoreArguments.check(key: key)
        let milliseconds = try await integers(to: [RedisRequest(["PTTL", key])], "PTTL", key: key)[0]
        // -2: no such key, -1: a key without end.
        guard milliseconds != -2 else { throw TensorStoreError.missing(key: key) }
        return milliseconds < 0 ? nil : .milliseconds(milliseconds)
    }

    package func extend(_ keys: [String], lifetime: Duration) async throws -> Int {
        let milliseconds = String(try TensorStoreArguments.milliseconds(lifetime: lifetime))
        var count = 0
        for part in Self.portions(keys) {
            // GT never shortens a lifetime; its answer does not tell an absent key from one that lives longer.
            let requests = part.flatMap { key in
                [RedisRequest(["PEXPIRE", key, milliseconds, "GT"]), RedisRequest(["EXISTS", key])]
            }
            let answers = try await integers(to: requests, "PEXPIRE", key: part[0])
            count += stride(from: 1, to: answers.count, by: 2).count { answers[$0] > 0 }
        }
        return count
    }

    package func keys(prefix: String) async throws -> [String] {
        let special: Set<Character> = ["*", "?", "[", "]", "\\", "^"]
        let pattern = prefix.map { special.contains($0) ? "\\\($0)" : "\($0)" }.joined() + "*"
        var found: Set<String> = []
        var cursor = "0"
        repeat {
            let request = RedisRequest(["SCAN", cursor, "MATCH", pattern, "COUNT", "1000"])
            let reply = try await replies(to: [request], "SCAN", key: prefix)[0]
            guard case .array(let parts) = reply, parts.count == 2, case .string(let next) = parts[0],
                case .array(let names) = parts[1]
            else { throw TensorStoreError.rejected(operation: "SCAN", reason: "the reply has another form") }
            cursor = String(decoding: next, as: UTF8.self)
            for case .string(let name) in names { found.insert(String(decoding: name, as: UTF8.self)) }
        } while cursor != "0"
        return found.sorted()
    }

    package func ping() async throws {
        _ = try await replies(to: [RedisRequest(["PING"])], "PING", key: "")
    }

    package func close() async {
        watch.withLock { $0?.cancel() }
        await pool.close()
        availability.noteClosed()
    }
}

extension RedisTensorStore {
    /// Replies of which none is a refusal.
    private func replies(
        to requests: [RedisRequest], _ operation: String, key: String, byteCount: Int = 0
    ) async throws -> [RedisReply] {
        let replies = try await withConnection { try await $0.replies(to: requests, operation: operation) }
        for case .error(let text) in replies {
            throw noted(RedisReply.failure(text, operation: operation, key: key, byteCount: byteCount))
        }
        return replies
    }

    private func integers(to requests: [RedisRequest], _ operation: String, key: String) async throws -> [Int] {
        try await replies(to: requests, operation, key: key).map { reply in
            guard case .integer(let number) = reply else {
                throw TensorStoreError.rejected(operation: operation, reason: "expected a number, got \(reply)")
            }
            return number
        }
    }

    /// Works on a connection, waiting first while the server is known to be away.
    private func withConnection<Result: Sendable>(
        _ body: (RedisConnection) async throws -> Result
    ) async throws -> Result {
        try await pool.withConnection { connection in
            if let pause = availability.pause { try await Task.sleep(for: pause) }
            do {
                let result = try await body(connection)
                availability.noteSuccess()
                return result
            } catch let error as TensorStoreError {
                throw noted(error)
            }
        }
    }

    /// Remembers an error that means that the server cannot be used.
    private func noted(_ error: TensorStoreError) -> TensorStoreError {
        switch error {
        case .unavailable, .timedOut, .authenticationFailed:
            if availability.noteFailure(error.description) { lookForServer() }
        default: break
        }
        return error
    }

    /// Asks for a sign of life until there is one.
    private func lookForServer() {
        let task = Task { [weak self, availability] in
            while !Task.isCancelled, case .disconnected = availability.state {
                if let pause = availability.pause { try? await Task.sleep(for: pause) }
                guard let self else { return }
                do { try await self.ping() } catch TensorStoreError.closed { return } catch {}
            }
        }
        watch.withLock { watch in
            watch?.cancel()
            watch = task
        }
    }

    /// Redis holds up everyone during one command, so long lists go in parts.
    private static func portions(_ keys: [String]) -> [[String]] {
        stride(from: 0, to: keys.count, by: 256).map { Array(keys[$0..<min($0 + 256, keys.count)]) }
    }
}
