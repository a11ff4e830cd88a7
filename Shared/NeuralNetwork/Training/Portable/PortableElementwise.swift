internal import CKernels

/// Rectification, sums, concatenations, the mean over all positions, sigmoid and softmax.
final class PortableElementwise: PortableLayer {
    private let operation: Operation
    private let inputs: [PortableValue]
    private let output: PortableValue

    init(_ operation: Operation, inputs: [PortableValue], output: PortableValue) {
        self.operation = operation
        self.inputs = inputs
        self.output = output
    }

    private var count: Int { output.value.batch * output.value.view.shape.count }

    func forward(mode: TrainingMode) {
        let target = output.value.pointer
        let source = inputs[0].value.pointer
        switch operation {
        case .relu:
            ork_training_relu(source, target, count)
        case .add:
            ork_training_add(source, inputs[1].value.pointer, target, count)
        case .concatenate: forEachPart(inputs.map(\.value), output.value) { $1.update(from: $0, count: $2) }
        case .globalAveragePool:
            forEachChannel(inputs[0].value) { item, channel in
                let sum = ork_training_sum(inputs[0].value.channel(channel, ofItem: item), inputs[0].value.positions)
                output.value.channel(channel, ofItem: item).pointee = Float(sum / Double(inputs[0].value.positions))
            }
        case .sigmoid:
            for index in 0..<count { target[index] = Activations.sigmoid(source[index]) }
        case .softmax:
            forEachPosition { Activations.softmax(source + $0, into: target + $0, count: $1, stride: $2) }
        default: break
        }
    }

    func backward(toInputs: [Bool], toParameters: Bool) {
        guard let gradient = output.gradient else { return }
        let slopes = gradient.pointer
        let results = output.value.pointer
        if case .add = operation {
            for (input, isAsked) in zip(inputs, toInputs) where isAsked {
                if let target = input.gradient {
                    ork_training_accumulate(slopes, 1, target.pointer, count)
                }
            }
            return
        }
        if case .concatenate = operation {
            // Parts whose gradient nobody asks for are skipped by giving them none.
            let targets = zip(inputs, toInputs).map { $1 ? $0.gradient : nil }
            splitGradient(gradient, targets)
            return
        }
        guard toInputs[0], let target = inputs[0].gradient?.pointer else { return }
        switch operation {
        case .relu:
            ork_training_relu_back(results, slopes, target, count)
        case .globalAveragePool:
            guard let spread = inputs[0].gradient else { return }
            forEachChannel(spread) { item, channel in
                let share = gradient.channel(channel, ofItem: item).pointee / Float(spread.positions)
                let values = spread.channel(channel, ofItem: item)
                for position in 0..<spread.positions { values[position] += share }
            }
        case .sigmoid:
            for index in 0..<count { target[index] += slopes[index] * results[index] * (1 - results[index]) }
        case .softmax:
            // ∂/∂x_c = y_c (g_c − Σ g y).
            forEachPosition { start, channels, step in
                var sum: Float = 0
                for channel in 0..<channels {
                    sum += slopes[start + channel * step] * results[start + channel * step]
                }
                for channel in 0..<channels {
                    let index = start + channel * step
                    target[index] += results[index] * (slopes[index] - sum)
                }
            }
        default: break
        }
    }

    private func forEachChannel(_ memory: ValueMemory, _ body: (_ item: Int, _ channel: Int) -> Void) {
        for item in 0..<memory.batch {
            for channel in 0..<memory.channels { body(item, channel) }
        }
    }

    /// Where each position's channels begin, how many they are, and how far apart.
    private func forEachPosition(_ body: (_ start: Int, _ channels: Int, _ stride: Int) -> Void) {
        for item in 0..<output.value.batch {
            for position in 0..<output.value.positions {
                body(item * output.value.view.itemStride + position, output.value.channels, output.value.positions)
            }
        }
    }

    private func forEachPart(
        _ parts: [ValueMemory], _ whole: ValueMemory,
        _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    ) {
        for item in 0..<whole.batch {
            var channel = 0
            for part in parts {
                body(part.channel(0, ofItem: item), whole.channel(channel, ofItem: item), part.view.shape.count)
                channel += part.channels
            }
        }
    }

    private func splitGradient(_ gradient: ValueMemory, _ targets: [ValueMemory?]) {
        for item in 0..<gradient.batch {
            var channel = 0
            for (input, target) in zip(inputs, targets) {
                if let target {
                    ork_training_accumulate(
                        gradient.channel(channel, ofItem: item), 1, target.channel(0, ofItem: item),
                        target.view.shape.count)
                }
                channel += input.value.channels
            }
        }
    }
}

/// Functions of the last layers, where both engines compute them alike.
enum Activations {
    static func sigmoid(_ value: Float) -> Float { Float(sigmoid(Double(value))) }

    static func sigmoid(_ value: Double) -> Double {
        // Of a negative number's exponential only, which cannot overflow.
        let power = exponential(-abs(value))
        return value >= 0 ? 1 / (1 + power) : power / (1 + power)
    }

    static func softmax(
        _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int, stride: Int
    ) {
        var largest = -Float.infinity
        for index in 0..<count { largest = max(largest, source[index * stride]) }
        var sum: Float = 0
        for index in 0..<count {
            target[index * stride] = exponential(source[index * stride] - largest)
            sum += target[index * stride]
        }
        for index in 0..<count { target[index * stride] /= sum }
    }
}
