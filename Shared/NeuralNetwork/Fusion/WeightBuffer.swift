internal import Synchronization

/// Numbers that are written once and then only read, 64-byte aligned.
///
/// `@unchecked Sendable`: the memory is written only inside `init`, before anybody else can hold the buffer.
package final class WeightBuffer: @unchecked Sendable {
    package let pointer: UnsafePointer<Float>
    package let count: Int

    /// - Throws: `NeuralNetworkError.outOfMemory`, and what `filling` throws.
    package init(count: Int, filling: (UnsafeMutableBufferPointer<Float>) throws -> Void) throws {
        let memory = try AlignedMemory.allocate(count: count)
        do {
            try filling(UnsafeMutableBufferPointer(start: memory, count: count))
        } catch {
            AlignedMemory.deallocate(memory)
            throw error
        }
        pointer = UnsafePointer(memory)
        self.count = count
    }

    /// - Throws: `NeuralNetworkError.outOfMemory`.
    package convenience init(_ values: [Float]) throws {
        try self.init(count: values.count) { buffer in
            for (index, value) in values.enumerated() { buffer[index] = value }
        }
    }

    deinit { AlignedMemory.deallocate(UnsafeMutablePointer(mutating: pointer)) }
}

/// What backends made of a network's weights, by what they call it; shared by all plans of the network.
final class NetworkPreparations: Sendable {
    private let entries = Mutex<[Key: any Sendable]>([:])

    struct Key: Hashable, Sendable {
        var backend: String
        var precision: Precision
    }

    /// What was prepared under this name, or what `make` makes; callers with one name wait for each other.
    func entry<Value: Sendable>(
        backend: String, precision: Precision, make: () throws -> Value
    ) rethrows -> Value {
        let key = Key(backend: backend, precision: precision)
        return try entries.withLock { entries in
            if let value = entries[key] as? Value { return value }
            let value = try make()
            entries[key] = value
            return value
        }
    }
}
