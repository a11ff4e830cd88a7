internal import Glibc
internal import Tensors

/// Seeded parameters to train from, distributed as the reference implementations draw theirs (not the same numbers).
package enum ParameterInitialization: Sendable {
    /// MONAI's residual networks: convolutions Kaiming-normal by fan-out, √(2 / (Co · taps)); the linear layer uniform
    /// in ±1/√inputs, its bias 0.
    case kaimingNormalFanOut
    /// torchvision's Inception-v3: every weight normal, cut off at ±2, of deviation 0.1 (in the auxiliary head 0.01 for
    /// `AuxLogits.conv1` and 0.001 for `AuxLogits.fc`); linear biases uniform in ±1/√inputs.
    case truncatedNormal

    /// The one that the reference implementation of an architecture uses.
    package init(for architecture: Architecture) {
        switch architecture {
        case .resnet3D: self = .kaimingNormalFanOut
        case .inceptionV3: self = .truncatedNormal
        }
    }

    /// Parameters for every layer. Normalization begins as weight 1, bias 0, mean 0, variance 1.
    ///
    /// - Throws: `TensorError` for a graph whose parameters would not fit into memory.
    package func make(for graph: NetworkGraph, seed: UInt64) throws -> ParameterSet {
        var set = ParameterSet()
        var inputs: [String: Int] = [:]
        for node in graph.nodes {
            if case .linear(let count, _) = node.operation { inputs["\(node.name).bias"] = count }
            if case .convolution(let convolution) = node.operation {
                inputs["\(node.name).bias"] = convolution.patchCount
            }
        }
        for parameter in graph.parameters {
            var generator = SeededGenerator(seed: seed, name: parameter.name)
            var values = [Float](repeating: 0, count: parameter.count)
            switch parameter.role {
            case .normalizationWeight, .runningVariance: values = values.map { _ in 1 }
            case .normalizationBias, .runningMean: break
            case .convolutionWeight, .linearWeight, .bias: fill(&values, parameter, inputs, &generator)
            }
            set.tensors[parameter.name] = try Tensor(shape: parameter.shape, floats: values)
        }
        return set
    }

    private func fill(
        _ values: inout [Float], _ parameter: ParameterSpecification, _ inputs: [String: Int],
        _ generator: inout SeededGenerator
    ) {
        switch (self, parameter.role) {
        case (.kaimingNormalFanOut, .convolutionWeight):
            fillNormal(&values, deviation: (2 / Double(parameter.count / parameter.shape[1])).squareRoot(), &generator)
        case (.kaimingNormalFanOut, .linearWeight):
            fillUniform(&values, bound: 1 / Double(parameter.shape[1]).squareRoot(), &generator)
        case (.truncatedNormal, .convolutionWeight), (.truncatedNormal, .linearWeight):
            let deviations = ["AuxLogits.conv1.conv.weight": 0.01, "AuxLogits.fc.weight": 0.001]
            fillNormal(&values, deviation: deviations[parameter.name] ?? 0.1, bound: 2, &generator)
        default:
            // MONAI zeroes its linear bias; torchvision leaves PyTorch's default.
            let isZero = if case .kaimingNormalFanOut = self { !parameter.name.contains("downsample") } else { false }
            guard !isZero, let count = inputs[parameter.name] else { return }
            fillUniform(&values, bound: 1 / Double(count).squareRoot(), &generator)
        }
    }

    private func fillNormal(
        _ values: inout [Float], deviation: Double, bound: Double = .infinity, _ generator: inout SeededGenerator
    ) {
        var index = 0
        while index < values.count {
            let (first, second) = generator.normalPair()
            for number in [first, second] where index < values.count && abs(number * deviation) <= bound {
                values[index] = Float(number * deviation)
                index += 1
            }
        }
    }

    private func fillUniform(_ values: inout [Float], bound: Double, _ generator: inout SeededGenerator) {
        for index in values.indices { values[index] = Float((2 * generator.uniform() - 1) * bound) }
    }
}
