internal import Glibc

/// Float memory that begins at a cache line, which vector loads like.
enum AlignedMemory {
    /// Never fails: like Swift's own allocation, running out of memory ends the process. The memory holds anything.
    static func allocate(count: Int) -> UnsafeMutablePointer<Float> {
        var pointer: UnsafeMutableRawPointer?
        let byteCount = max(count, 1) * MemoryLayout<Float>.stride
        guard posix_memalign(&pointer, 64, byteCount) == 0, let pointer else {
            fatalError("no memory for \(byteCount) bytes of a neural network")
        }
        return pointer.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    static func deallocate(_ pointer: UnsafeMutablePointer<Float>) { free(pointer) }
}

/// Memory that grows to what was asked for and is used again and again. Belongs to one thread at a time.
final class ScratchMemory {
    private var memory: UnsafeMutablePointer<Float>
    private var capacity: Int

    init(capacity: Int = 0) {
        memory = AlignedMemory.allocate(count: capacity)
        self.capacity = capacity
    }

    deinit { AlignedMemory.deallocate(memory) }

    /// At least `count` floats holding anything; valid until the next call.
    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        if count > capacity {
            AlignedMemory.deallocate(memory)
            memory = AlignedMemory.allocate(count: count)
            capacity = count
        }
        return memory
    }
}
