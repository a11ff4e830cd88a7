internal import Glibc

/// Steps that touch each number once.
final class PointwiseKernel: Kernel {
    enum Kind {
        case affine(scale: WeightBuffer, shift: WeightBuffer, isRectified: Bool)
        case relu
        case add(ValueMemory, isRectified: Bool)
        case sigmoid
        case softmax
        /// Shortcut A: every stride-th position, zeros in further channels.
        case stridedShortcut(stride: Extent)
        /// Into a part of a concatenation, from this channel on.
        case copy(firstChannel: Int)
    }

    private let kind: Kind
    private let input: ValueMemory
    private let output: ValueMemory

    init(_ kind: Kind, input: ValueMemory, output: ValueMemory) {
        self.kind = kind
        self.input = input
        self.output = output
    }

    func run() {
        if case .softmax = kind { return softmax() }
        for item in 0..<input.batch {
            switch kind {
            case .stridedShortcut(let stride): pick(item, stride)
            default:
                for channel in 0..<input.channels { runChannel(channel, item) }
            }
        }
    }

    private func runChannel(_ channel: Int, _ item: Int) {
        let source = UnsafePointer(input.channel(channel, ofItem: item))
        let count = input.positions
        switch kind {
        case .affine(let scale, let shift, let isRectified):
            Elementwise.affine(
                source, scale: scale.pointer[channel], shift: shift.pointer[channel],
                into: output.channel(channel, ofItem: item), count: count, isRectified: isRectified)
        case .relu:
            Elementwise.relu(source, into: output.channel(channel, ofItem: item), count: count)
        case .add(let other, let isRectified):
            Elementwise.add(
                source, UnsafePointer(other.channel(channel, ofItem: item)),
                into: output.channel(channel, ofItem: item), count: count, isRectified: isRectified)
        case .sigmoid:
            let target = output.channel(channel, ofItem: item)
            for index in 0..<count { target[index] = 1 / (1 + expf(-source[index])) }
        case .copy(let firstChannel):
            output.channel(firstChannel + channel, ofItem: item).update(from: source, count: count)
        case .softmax, .stridedShortcut:
            preconditionFailure("not computed channel by channel")
        }
    }

    private func pick(_ item: Int, _ stride: Extent) {
        let extent = input.view.extent
        let picked = output.view.extent
        for channel in 0..<output.channels {
            var target = output.channel(channel, ofItem: item)
            guard channel < input.channels else {
                target.update(repeating: 0, count: output.positions)
                continue
            }
            let source = input.channel(channel, ofItem: item)
            for depth in 0..<picked.depth {
                for height in 0..<picked.height {
                    let row = source + (depth * stride.depth * extent.height + height * stride.height) * extent.width
                    for width in 0..<picked.width { target[width] = row[width * stride.width] }
                    target += picked.width
                }
            }
        }
    }

    /// Over the channels of each position, less the largest so that no exponential overflows.
    private func softmax() {
        for item in 0..<input.batch {
            for position in 0..<input.positions {
                func at(_ channel: Int) -> Float { input.channel(channel, ofItem: item)[position] }
                var largest = -Float.infinity
                for channel in 0..<input.channels { largest = max(largest, at(channel)) }
                var sum: Float = 0
                for channel in 0..<input.channels {
                    let value = expf(at(channel) - largest)
                    output.channel(channel, ofItem: item)[position] = value
                    sum += value
                }
                for channel in 0..<input.channels { output.channel(channel, ofItem: item)[position] /= sum }
            }
        }
    }
}

/// The mean over all positions.
final class GlobalAverageKernel: Kernel {
    private let input: ValueMemory
    private let output: ValueMemory

    init(input: ValueMemory, output: ValueMemory) {
        self.input = input
        self.output = output
    }

    func run() {
        let factor = 1 / Float(input.positions)
        for item in 0..<input.batch {
            for channel in 0..<input.channels {
                let sum = Elementwise.sum(UnsafePointer(input.channel(channel, ofItem: item)), count: input.positions)
                output.channel(channel, ofItem: item).pointee = sum * factor
            }
        }
    }
}

/// `y = x Wᵀ + b`.
final class LinearKernel: Kernel {
    private let weight: WeightBuffer
    private let bias: WeightBuffer
    private let input: ValueMemory
    private let output: ValueMemory

    init(weight: WeightBuffer, bias: WeightBuffer, input: ValueMemory, output: ValueMemory) {
        self.weight = weight
        self.bias = bias
        self.input = input
        self.output = output
    }

    func run() {
        let inputs = input.view.shape.count
        let outputs = output.channels
        BLAS.multiplyTransposingB(
            m: input.batch, n: outputs, k: inputs, input.source, rowsOfA: input.view.itemStride, weight.pointer,
            rowsOfB: inputs, output.pointer, rowsOfC: output.view.itemStride)
        for item in 0..<output.batch {
            Elementwise.accumulate(bias.pointer, into: output.channel(0, ofItem: item), count: outputs)
        }
    }
}
