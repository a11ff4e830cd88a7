internal import Glibc

/// Float memory that begins at a cache line, which vector loads like.
enum AlignedMemory {
    /// The memory holds anything.
    ///
    /// - Throws: `outOfMemory` when the system has less, also where it would promise more than it has.
    static func allocate(count: Int) throws(NeuralNetworkError) -> UnsafeMutablePointer<Float> {
        let (byteCount, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        guard !overflow else { throw .outOfMemory(bytes: nil) }
        return try allocate(byteCount: byteCount).bindMemory(to: Float.self, capacity: max(count, 1))
    }

    /// Bytes that begin at a cache line. `free` takes them back.
    static func allocate(byteCount: Int) throws(NeuralNetworkError) -> UnsafeMutableRawPointer {
        var pointer: UnsafeMutableRawPointer?
        guard byteCount <= carefulBytes || byteCount <= availableBytes,
            posix_memalign(&pointer, 64, max(byteCount, 1)) == 0, let pointer
        else { throw .outOfMemory(bytes: byteCount) }
        return pointer
    }

    static func deallocate(_ pointer: UnsafeMutablePointer<Float>) { free(pointer) }

    /// Refuses an amount that the machine does not have, before anything is computed for it.
    ///
    /// - Parameter factors: whose product is the number of bytes.
    /// - Throws: `outOfMemory`.
    static func check(_ factors: Int...) throws(NeuralNetworkError) {
        var product = 1
        for factor in factors {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            guard !overflow else { throw .outOfMemory(bytes: nil) }
            product = next
        }
        guard product <= carefulBytes || product <= availableBytes else { throw .outOfMemory(bytes: product) }
    }

    /// From this many bytes on the system is asked whether it has them.
    private static let carefulBytes = 256 << 20

    /// Linux promises memory that it does not have, and ends the process that uses it.
    private static var availableBytes: Int {
        guard let file = fopen("/proc/meminfo", "r") else { return .max }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0 {
            guard let text = line.map({ String(cString: $0) }), text.hasPrefix("MemAvailable:") else { continue }
            return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 } ?? .max
        }
        return .max
    }
}

/// Memory that grows to what was asked for and is used again and again. Belongs to one thread at a time.
final class ScratchMemory {
    private var memory: UnsafeMutablePointer<Float>?
    private var capacity = 0

    deinit {
        if let memory { AlignedMemory.deallocate(memory) }
    }

    /// At least `count` floats holding anything; valid until the next call. Never fails: it is for amounts that a
    /// layer's loop needs, and like Swift's own allocation, running out of memory ends the process.
    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        if let memory, count <= capacity { return memory }
        if let memory { AlignedMemory.deallocate(memory) }
        memory = nil
        do {
            let fresh = try AlignedMemory.allocate(count: count)
            memory = fresh
            capacity = count
            return fresh
        } catch {
            fatalError("\(error)")
        }
    }
}
