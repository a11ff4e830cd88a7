package import FoundationEssentials
import Synchronization
package import Tensors

/// A tensor store within the process: for tests, and for running all stages in one process.
package final class InMemoryTensorStore: TensorStore {
    private struct Entry {
        let blob: TensorBuffer
        var end: ContinuousClock.Instant
    }

    private struct Contents {
        var entries: [String: Entry] = [:]
        var byteCount = 0
        /// No tensor expires before.
        var firstEnd = ContinuousClock.now
        var isClosed = false

        /// Forgets what has expired.
        mutating func purge(at now: ContinuousClock.Instant) {
            guard firstEnd <= now else { return }
            for (key, entry) in entries where entry.end <= now { remove(key) }
            firstEnd = entries.values.map(\.end).min() ?? now
        }

        /// Forgets a key; returns whether there was one.
        @discardableResult
        mutating func remove(_ key: String) -> Bool {
            guard let entry = entries.removeValue(forKey: key) else { return false }
            byteCount -= entry.blob.count
            return true
        }
    }

    private let contents = Mutex(Contents())
    private let maximumByteCount: Int

    /// Makes an empty store.
    ///
    /// - Parameter maximumByteCount: more than that is `outOfMemory`.
    package init(maximumByteCount: Int = .max) {
        self.maximumByteCount = maximumByteCount
    }

    package var state: TensorStoreState {
        contents.withLock { $0.isClosed ? .disconnected(reason: "it is closed") : .connected }
    }

    package func put(_ tensor: Tensor, key: String, lifetime: Duration) async throws -> StoredTensor {
        try TensorStoreArguments.check(key: key)
        let milliseconds = try TensorStoreArguments.milliseconds(lifetime: lifetime)
        let blob = TensorBlob(tensor)
        // Copied, as a server would: nothing else keeps the memory that the tensor is a slice of.
        let bytes = TensorBuffer.filled(count: blob.byteCount) { destination in
            var offset = 0
            for piece in [TensorBuffer(copying: blob.pieces.header)] + blob.pieces.payloads {
                piece.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: destination[offset...]).copyMemory(from: $0)
                }
                offset += piece.count
            }
        }
        let limit = maximumByteCount
        try withLiving { contents throws(TensorStoreError) in
            let free = limit - (contents.byteCount - (contents.entries[key]?.blob.count ?? 0))
            guard bytes.count <= free else {
                throw .outOfMemory(key: key, byteCount: bytes.count, reason: "\(free) of \(limit) bytes are free")
            }
            contents.remove(key)
            let end = ContinuousClock.now + .milliseconds(milliseconds)
            contents.entries[key] = Entry(blob: bytes, end: end)
            contents.firstEnd = min(contents.firstEnd, end)
            contents.byteCount += bytes.count
        }
        return StoredTensor(
            key: key, byteCount: blob.byteCount, checksum: blob.checksum,
            expiresAt: Date.now + Double(milliseconds) / 1000)
    }

    package func get(_ key: String, expiresAt: Date?, checksum: String?) async throws -> Tensor {
        let blob = try withLiving { contents throws(TensorStoreError) in contents.entries[key]?.blob }
        guard let blob else { throw TensorStoreError.absent(key, expiresAt: expiresAt) }
        return try TensorBlob.tensor(from: blob, key: key, expected: checksum)
    }

    package func delete(_ keys: [String]) async throws -> Int {
        try withLiving { contents throws(TensorStoreError) in keys.count { contents.remove($0) } }
    }

    package func exists(_ key: String) async throws -> Bool {
        try withLiving { contents throws(TensorStoreError) in contents.entries[key] != nil }
    }

    package func remainingLifetime(_ key: String) async throws -> Duration? {
        let end = try withLiving { contents throws(TensorStoreError) in contents.entries[key]?.end }
        guard let end else { throw TensorStoreError.missing(key: key) }
        return ContinuousClock.now.duration(to: end)
    }

    package func extend(_ keys: [String], lifetime: Duration) async throws -> Int {
        let milliseconds = try TensorStoreArguments.milliseconds(lifetime: lifetime)
        return try withLiving { contents throws(TensorStoreError) in
            let end = ContinuousClock.now + .milliseconds(milliseconds)
            return keys.count { key in
                guard let entry = contents.entries[key] else { return false }
                contents.entries[key]?.end = max(entry.end, end)
                return true
            }
        }
    }

    package func keys(prefix: String) async throws -> [String] {
        try withLiving { contents throws(TensorStoreError) in
            contents.entries.keys.filter { $0.utf8.starts(with: prefix.utf8) }.sorted()
        }
    }

    package func ping() async throws {
        try withLiving { _ throws(TensorStoreError) in }
    }

    package func close() async {
        contents.withLock { contents in
            contents = Contents()
            contents.isClosed = true
        }
    }

    /// Works on the contents after forgetting what has expired.
    private func withLiving<Result: Sendable>(
        _ body: (inout sending Contents) throws(TensorStoreError) -> sending Result
    ) throws(TensorStoreError) -> Result {
        try contents.withLock { contents throws(TensorStoreError) in
            guard !contents.isClosed else { throw .closed }
            contents.purge(at: .now)
            return try body(&contents)
        }
    }
}
