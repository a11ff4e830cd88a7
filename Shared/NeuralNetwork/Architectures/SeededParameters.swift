internal import Glibc
internal import Tensors

/// A stream of pseudo-random numbers that is the same on every machine (SplitMix64, Steele et al. 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// A stream of its own for each name under one seed (FNV-1a of the name), so that the order of drawing is free.
    package init(seed: UInt64, name: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        state = seed &* 0x9e37_79b9_7f4a_7c15 ^ hash
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// Uniform in [0, 1), of 53 bits.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Two independent standard normal numbers (Box and Muller 1958).
    package mutating func normalPair() -> (Double, Double) {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        let angle = 2 * Double.pi * uniform()
        return (radius * cos(angle), radius * sin(angle))
    }
}

/// Seeded parameters for an untrained network.
package enum SeededParameters {
    /// Kaiming-normal weights by fan-out (He et al. 2015, √(2 / fan-out)) for convolutions, and normal weights of
    /// deviation √(1 / inputs) with no bias for the linear layer. Normalization is the identity but for its running
    /// variance: that which z-scored inputs would leave, so that an untrained network's logits stay near zero instead
    /// of growing layer by layer.
    ///
    /// - Parameters:
    ///   - graph: the network.
    ///   - seed: the same seed gives the same numbers.
    ///   - only: the names of those parameters that are wanted, each the same as among all; nil for all.
    /// - Returns: the parameters, in memory.
    /// - Throws: `TensorError` for a graph whose parameters would not fit into memory.
    package static func make(
        for graph: NetworkGraph, seed: UInt64, only: Set<String>? = nil
    ) throws -> ParameterSet {
        var set = ParameterSet()
        let variances = expectedVariances(graph)
        for parameter in graph.parameters where only?.contains(parameter.name) ?? true {
            let deviation: Double
            switch parameter.role {
            case .convolutionWeight:
                deviation = (2 / Double(parameter.count / parameter.shape[1])).squareRoot()
            case .linearWeight:
                deviation = (1 / Double(parameter.shape[1])).squareRoot()
            case .runningVariance:
                set.tensors[parameter.name] = try constant(variances[parameter.name] ?? 1, parameter.shape)
                continue
            case .normalizationWeight:
                set.tensors[parameter.name] = try constant(1, parameter.shape)
                continue
            case .bias, .normalizationBias, .runningMean:
                set.tensors[parameter.name] = try constant(0, parameter.shape)
                continue
            }
            var generator = SeededGenerator(seed: seed, name: parameter.name)
            set.tensors[parameter.name] = try Tensor(shape: parameter.shape, elementType: .float32) { bytes in
                let floats = bytes.bindMemory(to: Float.self)
                var index = 0
                while index < floats.count {
                    let (first, second) = generator.normalPair()
                    floats[index] = Float(first * deviation)
                    if index + 1 < floats.count { floats[index + 1] = Float(second * deviation) }
                    index += 2
                }
            }
        }
        return set
    }

    /// For the running variance of each normalization, by name: mean squares carried through the layers as if values
    /// were independent and weights had mean zero.
    private static func expectedVariances(_ graph: NetworkGraph) -> [String: Float] {
        var variances: [String: Float] = [:]
        var meanSquares: [Float] = []
        var channels: [Int] = []
        for node in graph.nodes {
            let inputs = node.inputs.map { meanSquares[$0] }
            var meanSquare = inputs.first ?? 1
            var width = node.inputs.first.map { channels[$0] } ?? graph.inputChannels
            switch node.operation {
            case .convolution(let convolution):
                // Fan-in times the weights' variance, 2 / fan-out.
                meanSquare *= 2 * Float(convolution.inputChannels) / Float(convolution.outputChannels)
                width = convolution.outputChannels
            case .batchNormalization:
                variances["\(node.name).running_var"] = meanSquare
                meanSquare = 1
            case .relu: meanSquare /= 2
            case .add: meanSquare = inputs.reduce(0, +)
            case .concatenate:
                width = node.inputs.map { channels[$0] }.reduce(0, +)
                meanSquare = zip(inputs, node.inputs).reduce(0) { $0 + $1.0 * Float(channels[$1.1]) } / Float(width)
            case .stridedShortcut(let outputChannels, _, _): width = outputChannels
            default: break
            }
            meanSquares.append(meanSquare)
            channels.append(width)
        }
        return variances
    }

    private static func constant(_ value: Float, _ shape: [Int]) throws -> Tensor {
        try Tensor(shape: shape, floats: [Float](repeating: value, count: shape.reduce(1, *)))
    }
}
