import NeuralNetwork

/// Layers as their definitions say, loop by loop in double precision: slow, and easy to see right.
enum ReferenceLayers {
    /// Values of [channels, extent], one item.
    struct Volume {
        var channels: Int
        var extent: Extent
        var values: [Double]

        init(channels: Int, extent: Extent, values: [Double]? = nil) {
            self.channels = channels
            self.extent = extent
            self.values = values ?? [Double](repeating: 0, count: channels * extent.volume)
        }

        subscript(channel: Int, depth: Int, height: Int, width: Int) -> Double? {
            guard (0..<extent.depth).contains(depth), (0..<extent.height).contains(height),
                (0..<extent.width).contains(width)
            else { return nil }
            return values[((channel * extent.depth + depth) * extent.height + height) * extent.width + width]
        }

        mutating func fill(_ value: (_ channel: Int, _ position: Extent) -> Double) {
            var index = 0
            for channel in 0..<channels {
                for depth in 0..<extent.depth {
                    for height in 0..<extent.height {
                        for width in 0..<extent.width {
                            values[index] = value(channel, Extent(depth, height, width))
                            index += 1
                        }
                    }
                }
            }
        }
    }

    static func convolution(_ input: Volume, _ convolution: Convolution, weight: [Float], bias: [Float]) -> Volume {
        var output = Volume(
            channels: convolution.outputChannels, extent: convolution.outputExtent(of: input.extent))
        let kernel = convolution.kernel
        output.fill { channel, position in
            var sum = Double(bias[channel])
            var index = channel * convolution.patchCount
            for from in 0..<convolution.inputChannels {
                forEach(kernel) { tap in
                    let value = input[
                        from,
                        position.depth * convolution.stride.depth + tap.depth * convolution.dilation.depth
                            - convolution.padding.depth,
                        position.height * convolution.stride.height + tap.height * convolution.dilation.height
                            - convolution.padding.height,
                        position.width * convolution.stride.width + tap.width * convolution.dilation.width
                            - convolution.padding.width]
                    sum += Double(weight[index]) * (value ?? 0)
                    index += 1
                }
            }
            return sum
        }
        return output
    }

    enum PoolKind: Sendable {
        case maximum, average, averageWithPadding

        static let all = [PoolKind.maximum, .average, .averageWithPadding].flatMap { kind in
            Computation.backends.map { (kind, $0) }
        }
    }

    static func pool(_ input: Volume, _ pooling: Pooling, _ kind: PoolKind) -> Volume {
        var output = Volume(channels: input.channels, extent: pooling.outputExtent(of: input.extent))
        output.fill { channel, position in
            var inside: [Double] = []
            forEach(pooling.kernel) { tap in
                let value = input[
                    channel, position.depth * pooling.stride.depth + tap.depth - pooling.padding.depth,
                    position.height * pooling.stride.height + tap.height - pooling.padding.height,
                    position.width * pooling.stride.width + tap.width - pooling.padding.width]
                if let value { inside.append(value) }
            }
            switch kind {
            case .maximum: return inside.max() ?? 0
            case .average: return inside.reduce(0, +) / Double(inside.count)
            case .averageWithPadding: return inside.reduce(0, +) / Double(pooling.kernel.volume)
            }
        }
        return output
    }

    private static func forEach(_ kernel: Extent, _ body: (Extent) -> Void) {
        for depth in 0..<kernel.depth {
            for height in 0..<kernel.height {
                for width in 0..<kernel.width { body(Extent(depth, height, width)) }
            }
        }
    }
}
