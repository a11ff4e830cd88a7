internal import CKernels
internal import Glibc

/// Maximum and average pools over blocks.
final class BlockedPooling: BlockedLayer {
    private let input: BlockedConvolution.Values
    private let output: BlockedConvolution.Values
    private let pool: ork_training_pool
    /// Which tap was the largest, one byte per element; nil for averages.
    private let places: TrainingMemory?

    /// - Throws: `TrainingError.outOfMemory`.
    init(
        _ kind: PoolingKernel.Kind, _ pooling: Pooling, input: BlockedConvolution.Values,
        output: BlockedConvolution.Values
    ) throws(TrainingError) {
        self.input = input
        self.output = output
        var countsPadding = false
        if case .average(let counts) = kind {
            countsPadding = counts
            places = nil
        } else {
            places = try TrainingMemory(count: (output.shape.batch * output.shape.itemCount + 3) / 4)
        }
        pool = ork_training_pool(
            kernel: pooling.kernel.triple, stride: pooling.stride.triple, padding: pooling.padding.triple,
            in_size: input.shape.layer.extent.triple, out_size: output.shape.layer.extent.triple,
            counts_padding: countsPadding)
    }

    /// Whether a window's taps can be counted in the byte that remembers the largest.
    static func supports(_ pooling: Pooling) -> Bool { pooling.kernel.volume < 255 }

    private var bytes: UnsafeMutablePointer<UInt8>? {
        places.map { UnsafeMutableRawPointer($0.pointer).assumingMemoryBound(to: UInt8.self) }
    }

    func forward(mode: TrainingMode) {
        if let bytes {
            ork_blocked_max_pool(output.shape.kernel, pool, input.value.kernel, output.value.kernel, bytes)
        } else {
            ork_blocked_average_pool(output.shape.kernel, pool, input.value.kernel, output.value.kernel)
        }
    }

    func backward(toInputs: [GradientTarget], toParameters: Bool) {
        guard toInputs[0].isAsked, let gradient = output.gradient, let target = input.gradient else { return }
        ork_blocked_pool_back(
            output.shape.kernel, pool, bytes, gradient.kernel, target.kernel, toInputs[0].accumulates)
    }
}

/// A concatenation whose parts were written where they belong: nothing is left to do.
final class BlockedConcatenation: BlockedLayer {
    func forward(mode: TrainingMode) {}
    func backward(toInputs: [GradientTarget], toParameters: Bool) {}
}

/// Any other operation: its blocked values are turned into rows, and the portable engine's layer computes.
final class AdaptedLayer: BlockedLayer {
    let layer: any PortableLayer
    private let inputs: [(value: EngineValue, plain: PortableValue)]
    private let output: (value: EngineValue, plain: PortableValue)
    private let owners: [TrainingMemory]

    /// `make` makes the layer from row-major values.
    ///
    /// - Throws: `TrainingError.outOfMemory`.
    init(
        inputs: [EngineValue], output: EngineValue,
        _ make: (_ inputs: [PortableValue], _ output: PortableValue) -> any PortableLayer
    ) throws(TrainingError) {
        var owners: [TrainingMemory] = []
        func plain(_ value: EngineValue) throws(TrainingError) -> PortableValue {
            guard case .blocked(let shape, _, let gradient) = value else {
                if case .plain(let plain) = value { return plain }
                throw .nothingToDerive
            }
            func memory() throws(TrainingError) -> ValueMemory {
                let memory = try TrainingMemory(count: shape.batch * shape.layer.count)
                owners.append(memory)
                return ValueMemory(
                    pointer: memory.pointer, batch: shape.batch,
                    view: .init(shape: shape.layer, offset: 0, itemStride: shape.layer.count))
            }
            return PortableValue(value: try memory(), gradient: gradient == nil ? nil : try memory())
        }
        var pairs: [(value: EngineValue, plain: PortableValue)] = []
        for input in inputs { pairs.append((input, try plain(input))) }
        self.inputs = pairs
        self.output = (output, try plain(output))
        layer = make(pairs.map(\.plain), self.output.plain)
        self.owners = owners
    }

    func forward(mode: TrainingMode) {
        for input in inputs {
            guard case .blocked(let shape, let value, _) = input.value else { continue }
            ork_blocked_to_plain(shape.kernel, value.kernel, Int32(shape.channels), input.plain.value.pointer)
        }
        layer.forward(mode: mode)
        if case .blocked(let shape, let value, _) = output.value {
            ork_blocked_from_plain(
                shape.kernel, output.plain.value.pointer, Int32(shape.channels), value.kernel, false)
        }
    }

    func backward(toInputs: [GradientTarget], toParameters: Bool) {
        if case .blocked(let shape, _, let gradient?) = output.value, let plain = output.plain.gradient {
            ork_blocked_to_plain(shape.kernel, gradient.kernel, Int32(shape.channels), plain.pointer)
        }
        for input in inputs where input.value.isBlocked {
            guard let plain = input.plain.gradient else { continue }
            memset(plain.pointer, 0, plain.batch * plain.view.shape.count * 4)
        }
        layer.backward(toInputs: toInputs.map(\.isAsked), toParameters: toParameters)
        for (input, target) in zip(inputs, toInputs) where target.isAsked {
            guard case .blocked(let shape, _, let gradient?) = input.value, let plain = input.plain.gradient else {
                continue
            }
            ork_blocked_from_plain(
                shape.kernel, plain.pointer, Int32(shape.channels), gradient.kernel, target.accumulates)
        }
    }
}
