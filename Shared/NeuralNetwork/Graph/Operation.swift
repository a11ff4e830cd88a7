/// What a node of a network computes. 2D and 3D are one: a 2D layer has extent 1 on the depth axis.
package enum Operation: Sendable, Equatable {
    /// The network's input with this many channels.
    case input(channels: Int)
    /// `y_c = scale_c · x_c + shift_c` with fixed numbers.
    case channelAffine(scale: [Float], shift: [Float])
    /// A convolution (a cross-correlation, as in every deep-learning library).
    case convolution(Convolution)
    /// Batch normalization with running statistics: `(x − mean) / √(variance + ε) · weight + bias`.
    case batchNormalization(features: Int, epsilon: Float)
    case relu
    case maxPool(Pooling)
    /// `countsPadding`: whether a window's sum is divided by its whole volume or by the positions inside the input.
    case averagePool(Pooling, countsPadding: Bool)
    /// The mean over all positions.
    case globalAveragePool
    /// The sum of two inputs of one shape.
    case add
    /// The inputs' channels, one after another.
    case concatenate
    /// Shortcut A of He et al. (2015): every stride-th position, and zeros for the further channels. MONAI and
    /// MedicalNet cut its gradient; `cutsGradient` says whether it is cut here.
    case stridedShortcut(outputChannels: Int, stride: Extent, cutsGradient: Bool)
    /// The identity, outside of training.
    case dropout(rate: Float)
    /// `y = x Wᵀ + b`, W of shape [outputs, inputs].
    case linear(inputs: Int, outputs: Int)
    case sigmoid
    case softmax
}

/// A convolution's numbers. Its weight has the shape [outputChannels, inputChannels, kernel…].
package struct Convolution: Sendable, Hashable {
    package var inputChannels: Int
    package var outputChannels: Int
    package var kernel: Extent
    package var stride: Extent = .one
    package var padding: Extent = .zero
    package var dilation: Extent = .one
    package var hasBias = false

    package init(
        inputChannels: Int, outputChannels: Int, kernel: Extent, stride: Extent = .one, padding: Extent = .zero,
        dilation: Extent = .one, hasBias: Bool = false
    ) {
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.hasBias = hasBias
    }

    /// Numbers that one output is summed from.
    package var patchCount: Int { inputChannels * kernel.volume }

    /// The output's extent: ⌊(in + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 on each axis.
    package func outputExtent(of input: Extent) -> Extent {
        input.windowed(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    }
}

/// A pooling window's numbers. The last window lies wholly inside the padded input (floor, not ceiling).
package struct Pooling: Sendable, Equatable {
    package var kernel: Extent
    package var stride: Extent
    package var padding: Extent

    package init(kernel: Extent, stride: Extent, padding: Extent = .zero) {
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
    }

    package func outputExtent(of input: Extent) -> Extent {
        input.windowed(kernel: kernel, stride: stride, padding: padding, dilation: .one)
    }
}

extension Extent {
    func windowed(kernel: Extent, stride: Extent, padding: Extent, dilation: Extent) -> Extent {
        func count(_ input: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
            let free = input + 2 * padding - dilation * (kernel - 1) - 1
            return free < 0 ? 0 : free / stride + 1
        }
        return Extent(
            count(depth, kernel.depth, stride.depth, padding.depth, dilation.depth),
            count(height, kernel.height, stride.height, padding.height, dilation.height),
            count(width, kernel.width, stride.width, padding.width, dilation.width))
    }
}
