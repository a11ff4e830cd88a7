internal import CDNNL
internal import CKernels
internal import Glibc
internal import Synchronization

/// A network's weights in the order in which convolutions read them, one copy for all plans of a network. A form is made
/// when an input shape first asks for it; most shapes ask for the same.
final class PackedWeights: Sendable {
    private struct Key: Hashable, Sendable {
        var output: Int
        var form: Form
    }

    /// What tells two packings of one weight apart.
    enum Form: Hashable, Sendable {
        case oneDNN(OneDNNForm)
        /// A kernel of ours: its algorithm, and all numbers that its order may depend on.
        case kernel([Int32])
        case bias(Int)
        case linear(ActivationType)
    }

    /// A descriptor of weights.
    ///
    /// `@unchecked Sendable`: plain numbers.
    struct OneDNNForm: Hashable, @unchecked Sendable {
        var descriptor: MemoryDescriptor
    }

    private struct State: Sendable {
        var entries: [Key: PackedBytes] = [:]
        /// Where weights are folded before they are packed: as large as the largest so far.
        var plain: PackedBytes?

        mutating func plain(count: Int) throws -> UnsafeMutablePointer<Float> {
            let bytes = count * MemoryLayout<Float>.stride
            if let plain, plain.count >= bytes { return plain.pointer.bindMemory(to: Float.self, capacity: count) }
            plain = nil
            let memory = try PackedBytes(count: bytes)
            plain = memory
            return memory.pointer.bindMemory(to: Float.self, capacity: count)
        }
    }

    private let state = Mutex(State())
    /// Weights are folded and packed in parts that the caches hold, so that no memory is touched for all of them.
    private static let floatsAtOnce = 1 << 19

    /// The weights of the step that writes this value, packed as oneDNN asked.
    ///
    /// `dimensions`: outputs, inputs, kernel of what oneDNN computes: with channels that only memory has.
    /// `inputs`: where the inputs' channels lie among those.
    func weights(
        _ folded: FoldedConvolution, output: Int, as descriptor: MemoryDescriptor, dimensions: [Int],
        inputs: [Int32], outputs: [Int32]
    ) throws -> PackedBytes {
        try entry(output, .oneDNN(OneDNNForm(descriptor: descriptor))) { state in
            let packed = try PackedBytes(count: descriptor.byteCount)
            let floats = try state.plain(count: dimensions.reduce(1, *))
            Self.spread(
                folded.weight, into: floats, inputs: inputs, inputCount: dimensions[1], outputs: outputs,
                range: 0..<dimensions[0])
            let source = try MemoryDescriptor(dimensions, .float32, .planar)
            let reorder = try Reorder.make(from: source, floats, to: descriptor, packed.pointer)
            try reorder.execute(try OneDNNStream())
            folded.weight.releasePages()
            return packed
        }
    }

    /// The weights as a kernel of ours reads them.
    func weights(
        _ folded: FoldedConvolution, output: Int, for kernel: ork_convolution, inputs: [Int32], outputs: [Int32]
    ) throws -> PackedBytes {
        try entry(output, .kernel(Self.numbers(kernel))) { state in
            var kernel = kernel
            let packed = try PackedBytes(count: ork_convolution_packed_bytes(&kernel))
            if let status = Self.packInPlace(folded.weight, for: kernel, inputs: inputs, outputs: outputs, to: packed) {
                try Self.check(status)
            } else {
                try Self.packInParts(
                    folded.weight, for: kernel, inputs: inputs, outputs: outputs, to: packed, state: &state)
            }
            folded.weight.releasePages()
            return packed
        }
    }

    /// Packs the stored weights where channels lie in memory as they do in them.
    ///
    /// - Returns: the kernel's status; nil where they do not.
    private static func packInPlace(
        _ weight: FoldedWeight, for kernel: ork_convolution, inputs: [Int32], outputs: [Int32], to packed: PackedBytes
    ) -> Int32? {
        guard inputs == Array(0..<Int32(weight.inputs)), outputs == Array(0..<Int32(weight.outputs)) else { return nil }
        return weight.withUnfolded { numbers, factors in
            var kernel = kernel
            let plain = ork_plain_weights(
                values: numbers, factors: factors, outputs: Int32(weight.outputs), inputs: Int32(weight.inputs))
            return ork_convolution_pack(&kernel, plain, packed.pointer)
        }
    }

    /// Packs folded weights, spread to where the channels lie in memory, some outputs at a time.
    private static func packInParts(
        _ weight: FoldedWeight, for kernel: ork_convolution, inputs: [Int32], outputs: [Int32], to packed: PackedBytes,
        state: inout State
    ) throws {
        var kernel = kernel
        let (rows, columns) = (Int(kernel.out_channels), Int(kernel.in_channels))
        let rowCount = columns * weight.taps
        let isInRows = kernel.algorithm != Int32(bitPattern: ORK_PLANAR.rawValue)
        let atOnce = isInRows ? max(floatsAtOnce / rowCount / 32, 1) * 32 : rows
        let rowBytes = rowByteCount(kernel)
        let floats = try state.plain(count: min(rows, atOnce) * rowCount)
        for first in stride(from: 0, to: rows, by: atOnce) {
            let range = first..<min(rows, first + atOnce)
            spread(weight, into: floats, inputs: inputs, inputCount: columns, outputs: outputs, range: range)
            kernel.out_channels = Int32(range.count)
            let plain = ork_plain_weights(
                values: floats, factors: nil, outputs: Int32(range.count), inputs: Int32(columns))
            try check(ork_convolution_pack(&kernel, plain, packed.pointer + first * rowBytes))
        }
    }

    private static func check(_ status: Int32) throws {
        guard status == 0 else {
            throw NeuralNetworkError.backendFailure(call: "ork_convolution_pack", status: "\(status)")
        }
    }

    /// Removes the weights from the processor's caches.
    func flush() {
        state.withLock { state in
            for packed in state.entries.values { ork_flush(packed.pointer, Int64(packed.count)) }
        }
    }

    /// What one more output adds to packed weights.
    private static func rowByteCount(_ kernel: ork_convolution) -> Int {
        var (less, more) = (kernel, kernel)
        (less.out_channels, more.out_channels) = (32, 64)
        return (ork_convolution_packed_bytes(&more) - ork_convolution_packed_bytes(&less)) / 32
    }

    private static func numbers(_ kernel: ork_convolution) -> [Int32] {
        // Plainly packed weights depend on themselves only.
        if kernel.algorithm == Int32(bitPattern: ORK_DIRECT.rawValue) {
            return [kernel.algorithm, kernel.type, kernel.in_channels, kernel.out_channels]
        }
        return [
            kernel.algorithm, kernel.variant, kernel.type, kernel.batch, kernel.in_channels, kernel.out_channels,
            kernel.in_size.0, kernel.in_size.1, kernel.in_size.2, kernel.stride.0, kernel.stride.1, kernel.stride.2,
        ]
    }

    /// A linear layer's weight in the type of the activations.
    func linear(_ weight: WeightBuffer, output: Int, type: ActivationType) throws -> PackedBytes {
        try entry(output, .linear(type)) { _ in
            let packed = try PackedBytes(count: weight.count * type.byteCount)
            if type == .float32 {
                memcpy(packed.pointer, weight.pointer, packed.count)
            } else {
                let halves = packed.pointer.bindMemory(to: UInt16.self, capacity: weight.count)
                for index in 0..<weight.count {
                    let bits = weight.pointer[index].bitPattern
                    halves[index] = UInt16(truncatingIfNeeded: (bits + 0x7fff + ((bits >> 16) & 1)) >> 16)
                }
            }
            return packed
        }
    }

    /// The bias, with zeros for the outputs that only memory has.
    func bias(_ folded: FoldedConvolution, output: Int, places: ChannelPlaces) throws -> PackedBytes {
        try entry(output, .bias(places.physicalCount)) { _ in
            let packed = try PackedBytes(count: places.physicalCount * MemoryLayout<Float>.stride)
            let floats = packed.pointer.bindMemory(to: Float.self, capacity: places.physicalCount)
            floats.update(repeating: 0, count: places.physicalCount)
            for (channel, place) in places.places.enumerated() { floats[Int(place)] = folded.bias.pointer[channel] }
            return packed
        }
    }

    /// Bytes of everything packed so far.
    var byteCount: Int { state.withLock { $0.entries.values.reduce(0) { $0 + $1.count } } }

    /// Gives back the memory that packing needed.
    func finishPacking() { state.withLock { $0.plain = nil } }

    private func entry(
        _ output: Int, _ form: Form, _ make: (inout State) throws -> PackedBytes
    ) throws -> PackedBytes {
        let key = Key(output: output, form: form)
        return try state.withLock { state in
            if let packed = state.entries[key] { return packed }
            let packed = try make(&state)
            state.entries[key] = packed
            return packed
        }
    }

    /// Writes folded weights [outputs, inputs, kernel] among zeros for the channels that only memory has.
    ///
    /// `outputs`, `inputs`: where channels lie in memory.
    /// `range`: of the outputs' places, those that are wanted.
    private static func spread(
        _ weight: FoldedWeight, into target: UnsafeMutablePointer<Float>, inputs: [Int32], inputCount: Int,
        outputs: [Int32], range: Range<Int>
    ) {
        let isDense = inputCount == weight.inputs && inputs.indices.allSatisfy { inputs[$0] == Int32($0) }
        func place(_ output: Int) -> Int? {
            let place = Int(outputs[output])
            return range.contains(place) ? place - range.lowerBound : nil
        }
        if !isDense || outputs.lazy.filter({ range.contains(Int($0)) }).count != range.count {
            target.update(repeating: 0, count: range.count * inputCount * weight.taps)
        }
        if isDense { return weight.fold(into: target, row: place) }
        weight.forEachFoldedRow(where: { place($0) != nil }) { output, row in
            guard let place = place(output) else { return }
            let base = target + place * inputCount * weight.taps
            for input in 0..<weight.inputs {
                (base + Int(inputs[input]) * weight.taps).update(from: row + input * weight.taps, count: weight.taps)
            }
        }
    }
}
