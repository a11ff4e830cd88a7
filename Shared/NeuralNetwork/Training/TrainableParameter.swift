internal import Glibc
package import Tensors

/// How an engine keeps a parameter's numbers: they may be padded and in another order than the parameter's own.
protocol ParameterLayout {
    /// Numbers kept, padding included. Padding is zero, and stays so under every optimizer: its gradient is zero.
    var storageCount: Int { get }
    /// From the parameter's own order (row-major) to the engine's.
    func pack(_ plain: UnsafePointer<Float>, into storage: UnsafeMutablePointer<Float>)
    /// The other way.
    func unpack(_ storage: UnsafePointer<Float>, into plain: UnsafeMutablePointer<Float>)
}

/// The parameter's own order.
struct PlainLayout: ParameterLayout {
    let storageCount: Int
    func pack(_ plain: UnsafePointer<Float>, into storage: UnsafeMutablePointer<Float>) {
        storage.update(from: plain, count: storageCount)
    }
    func unpack(_ storage: UnsafePointer<Float>, into plain: UnsafeMutablePointer<Float>) {
        plain.update(from: storage, count: storageCount)
    }
}

/// Float memory that begins at a cache line; running out of it is an error.
final class TrainingMemory {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int

    private static let hugePage = 2 << 20

    /// Zeros.
    ///
    /// - Throws: `outOfMemory`.
    init(count: Int) throws(TrainingError) {
        var memory: UnsafeMutableRawPointer?
        // A whole cache line at the end, so that the last vector may be stored as one.
        let byteCount = (max(count, 1) * 4 + 127) / 64 * 64
        let isLarge = byteCount >= Self.hugePage
        guard posix_memalign(&memory, isLarge ? Self.hugePage : 64, byteCount) == 0, let memory else {
            throw .outOfMemory(neededBytes: byteCount, availableBytes: 0)
        }
        // Only advice: a step reads and writes all of it, and with small pages looks up half a million of them.
        if isLarge { madvise(memory, byteCount, CInt(MADV_HUGEPAGE)) }
        memset(memory, 0, byteCount)
        pointer = memory.bindMemory(to: Float.self, capacity: count)
        self.count = count
    }

    deinit { free(pointer) }

    /// Bytes that the machine could still give, or nil where it does not say.
    static var availableBytes: Int? {
        guard let file = fopen("/proc/meminfo", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix("MemAvailable:") else { continue }
            return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }
}

/// A parameter that lives in an engine, with its gradient. Belongs to the network's thread.
package final class TrainableParameter {
    package let specification: ParameterSpecification
    /// Whether training leaves it as it is; running statistics of a layer that is not frozen are not frozen.
    package let isFrozen: Bool
    let layout: any ParameterLayout
    /// `layout.storageCount` numbers, in the engine's order.
    let values: UnsafeMutablePointer<Float>
    /// As `values`; nil where no gradient is computed: frozen, or a running statistic.
    let gradients: UnsafeMutablePointer<Float>?
    private let owners: [TrainingMemory]

    package var name: String { specification.name }
    /// Whether an optimizer changes it.
    package var isTrained: Bool { gradients != nil }
    var storageCount: Int { layout.storageCount }

    /// `values`, and `gradients` where there are any, are memory of `layout.storageCount` numbers, kept alive by `owners`.
    init(
        _ specification: ParameterSpecification, isFrozen: Bool, layout: any ParameterLayout,
        values: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>?, owners: [TrainingMemory]
    ) {
        self.specification = specification
        self.isFrozen = isFrozen
        self.layout = layout
        self.values = values
        self.gradients = gradients
        self.owners = owners
    }

    /// The numbers in their own shape.
    package func value() throws -> Tensor { try tensor(from: values) }

    /// The gradient in the parameter's shape, or nil where none is computed.
    package func gradient() throws -> Tensor? { try gradients.map { try tensor(from: $0) } }

    /// - Throws: `TrainingError.shapeMismatch`.
    func set(_ tensor: Tensor) throws { try write(tensor, into: values) }

    func tensor(from storage: UnsafePointer<Float>) throws -> Tensor {
        try Tensor(shape: specification.shape, elementType: .float32) { bytes in
            guard let target = bytes.bindMemory(to: Float.self).baseAddress else { return }
            layout.unpack(storage, into: target)
        }
    }

    /// - Throws: `TrainingError.shapeMismatch`.
    func write(_ tensor: Tensor, into storage: UnsafeMutablePointer<Float>) throws {
        guard tensor.shape == specification.shape else {
            throw TrainingError.shapeMismatch(what: name, expected: specification.shape, got: tensor.shape)
        }
        tensor.withFloats { source in
            guard let source = source.baseAddress else { return }
            layout.pack(source, into: storage)
        }
    }
}
