internal import CKernels

/// Batch normalization: y = (x − μ) / √(σ² + ε) · γ + β, sums in double precision.
///
/// In training μ and σ² (of n values, divided by n) are the batch's, and the running ones take on momentum · (μ, and
/// σ² · n / (n − 1)), as PyTorch's. With x̂ = (x − μ)/√(σ² + ε) and g = ∂L/∂y:
/// ∂β = Σ g, ∂γ = Σ g x̂, ∂x = γ/√(σ² + ε) · (g − ∂β/n − x̂ ∂γ/n); with fixed statistics ∂x = γ/√(σ² + ε) · g.
final class PortableNormalization: PortableLayer {
    struct Parameters {
        let weight: TrainableParameter
        let bias: TrainableParameter
        let runningMean: TrainableParameter
        let runningVariance: TrainableParameter
    }

    private let epsilon: Double
    private let momentum: Double
    private let isFrozen: Bool
    private let parameters: Parameters
    private let input: PortableValue
    private let output: PortableValue
    private let team: ThreadTeam
    /// Of the last forward pass, per channel.
    private var mean: [Double]
    private var inverseDeviation: [Double]
    private var usedBatch = false

    init(
        epsilon: Float, momentum: Float, isFrozen: Bool, parameters: Parameters, input: PortableValue,
        output: PortableValue, team: ThreadTeam
    ) {
        self.epsilon = Double(epsilon)
        self.momentum = Double(momentum)
        self.isFrozen = isFrozen
        self.parameters = parameters
        self.input = input
        self.output = output
        self.team = team
        mean = [Double](repeating: 0, count: input.value.channels)
        inverseDeviation = mean
    }

    private var count: Double { Double(input.value.batch * input.value.positions) }

    /// How one channel lies in input, output and their gradients.
    private var shape: ork_channel {
        ork_channel(items: input.value.batch, count: input.value.positions, stride: input.value.view.itemStride)
    }

    private func forEachChannel(_ body: (Int) -> Void) {
        let size = input.value.batch * input.value.view.shape.count
        team.run(tasks: input.value.channels, workers: size < 100_000 ? 1 : team.threads) { channel, _ in
            body(channel)
        }
    }

    func forward(mode: TrainingMode) {
        usedBatch = mode == .training && !isFrozen
        mean.withUnsafeMutableBufferPointer { mean in
            inverseDeviation.withUnsafeMutableBufferPointer { inverse in
                nonisolated(unsafe) let (mean, inverse) = (mean, inverse)
                forEachChannel { forward($0, mean, inverse) }
            }
        }
    }

    private func forward(
        _ channel: Int, _ mean: UnsafeMutableBufferPointer<Double>, _ inverse: UnsafeMutableBufferPointer<Double>
    ) {
        let source = input.value
        var center = Double(parameters.runningMean.values[channel])
        var variance = Double(parameters.runningVariance.values[channel])
        if usedBatch {
            var (batchMean, squares) = (0.0, 0.0)
            ork_training_moments(source.channel(channel, ofItem: 0), shape, &batchMean, &squares)
            parameters.runningMean.values[channel] = Float((1 - momentum) * center + momentum * batchMean)
            parameters.runningVariance.values[channel] = Float(
                (1 - momentum) * variance + momentum * squares / (count - 1))
            center = batchMean
            variance = squares / count
        }
        mean[channel] = center
        inverse[channel] = 1 / (variance + epsilon).squareRoot()
        let scale = Double(parameters.weight.values[channel]) * inverse[channel]
        let shift = Double(parameters.bias.values[channel]) - center * scale
        ork_training_scale(
            source.channel(channel, ofItem: 0), output.value.channel(channel, ofItem: 0), shape, scale, shift)
    }

    func backward(toInputs: [Bool], toParameters: Bool) {
        guard let gradient = output.gradient else { return }
        let target = toInputs[0] ? input.gradient : nil
        forEachChannel { channel in
            var (sum, product) = (0.0, 0.0)
            let values = input.value.channel(channel, ofItem: 0)
            let slopes = gradient.channel(channel, ofItem: 0)
            ork_training_slopes(values, slopes, shape, mean[channel], &sum, &product)
            product *= inverseDeviation[channel]
            if toParameters {
                parameters.bias.gradients?[channel] = Float(sum)
                parameters.weight.gradients?[channel] = Float(product)
            }
            guard let target else { return }
            let scale = Double(parameters.weight.values[channel]) * inverseDeviation[channel]
            let offset = usedBatch ? sum / count : 0
            let slope = usedBatch ? product / count * inverseDeviation[channel] : 0
            ork_training_normalize_back(
                values, slopes, target.channel(channel, ofItem: 0), shape, mean[channel], scale, offset, slope)
        }
    }
}
