/// Memory that layers use one after another. It must have its size before primitives are bound to it.
final class EngineScratch {
    private let memory: TrainingMemory
    private let bytes: Int
    var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(memory.pointer) }

    init(bytes: Int) throws(TrainingError) {
        memory = try TrainingMemory(count: (bytes + 3) / 4)
        self.bytes = bytes
    }

    /// - Throws: `TrainingError.library` where more is asked for than there is.
    func reserve(bytes: Int) throws(TrainingError) {
        guard bytes <= self.bytes else { throw .library(operation: "reserve scratch memory", status: bytes) }
    }
}

/// Memory of the kernels of ours, used by one after another, as large as the largest asked for.
final class SharedScratch {
    private var memory: TrainingMemory?

    /// Holds anything; valid until more is reserved.
    var pointer: UnsafeMutableRawPointer? { memory.map { UnsafeMutableRawPointer($0.pointer) } }

    /// - Throws: `TrainingError.outOfMemory`.
    func reserve(bytes: Int) throws(TrainingError) {
        guard bytes > (memory?.count ?? 0) * 4 else { return }
        memory = nil
        memory = try TrainingMemory(count: (bytes + 3) / 4)
    }
}
