package import Tensors

/// A parameter of a network: its name in the reference implementation, and its shape.
package struct ParameterSpecification: Sendable, Equatable {
    package enum Role: Sendable {
        case convolutionWeight, linearWeight, bias, normalizationWeight, normalizationBias, runningMean, runningVariance
    }

    package var name: String
    package var shape: [Int]
    package var role: Role

    package var count: Int { shape.reduce(1, *) }
    /// Whether training changes it by a gradient; running statistics are not counted as parameters.
    package var isTrainable: Bool { role != .runningMean && role != .runningVariance }
}

/// Where a network's parameters come from: a mapped file, or memory.
package protocol ParameterSource {
    /// The names of all tensors there.
    var names: [String] { get }
    /// The tensor of this name.
    ///
    /// - Throws: when there is none, or it cannot be read.
    func parameter(named name: String) throws -> Tensor
}

extension NetworkGraph {
    /// Every parameter, in network order, running statistics included.
    package var parameters: [ParameterSpecification] { nodes.flatMap(parameters(of:)) }

    /// Number of trainable parameters, as papers count them.
    package var parameterCount: Int {
        parameters.filter(\.isTrainable).map(\.count).reduce(0, +)
    }

    /// The parameters of one layer.
    package func parameters(of node: Node) -> [ParameterSpecification] {
        func parameter(_ name: String, _ shape: [Int], _ role: ParameterSpecification.Role) -> ParameterSpecification {
            ParameterSpecification(name: "\(node.name).\(name)", shape: shape, role: role)
        }
        switch node.operation {
        case .convolution(let convolution):
            let shape =
                [convolution.outputChannels, convolution.inputChannels]
                + convolution.kernel.components(rank: spatialRank)
            let weight = parameter("weight", shape, .convolutionWeight)
            return convolution.hasBias
                ? [weight, parameter("bias", [convolution.outputChannels], .bias)] : [weight]
        case .batchNormalization(let features, _):
            return [
                parameter("weight", [features], .normalizationWeight),
                parameter("bias", [features], .normalizationBias),
                parameter("running_mean", [features], .runningMean),
                parameter("running_var", [features], .runningVariance),
            ]
        case .linear(let inputs, let outputs):
            return [parameter("weight", [outputs, inputs], .linearWeight), parameter("bias", [outputs], .bias)]
        default:
            return []
        }
    }

    /// Every way in which `source` does not hold this network's parameters; empty when it does.
    ///
    /// PyTorch's `num_batches_tracked` counters and the graph's tolerated names are allowed to stand there.
    package func problems(in source: some ParameterSource) -> [ParameterProblem] {
        var problems: [ParameterProblem] = []
        let present = Set(source.names)
        let expected = parameters
        for parameter in expected {
            guard present.contains(parameter.name) else {
                problems.append(.missing(name: parameter.name, shape: parameter.shape))
                continue
            }
            do {
                let tensor = try source.parameter(named: parameter.name)
                if tensor.shape != parameter.shape {
                    problems.append(
                        .misshapen(name: parameter.name, expected: parameter.shape, got: tensor.shape))
                }
            } catch {
                problems.append(.unreadable(name: parameter.name, reason: "\(error)"))
            }
        }
        let known = Set(expected.map(\.name))
        for name in source.names.sorted() where !known.contains(name) {
            let isTolerated =
                name.hasSuffix(".num_batches_tracked") || toleratedPrefixes.contains { name.hasPrefix($0) }
            if !isTolerated { problems.append(.unexpected(name: name)) }
        }
        return problems
    }
}

/// Parameters in memory.
package struct ParameterSet: ParameterSource, Sendable {
    package var tensors: [String: Tensor]

    package init(_ tensors: [String: Tensor] = [:]) { self.tensors = tensors }

    package var names: [String] { Array(tensors.keys) }

    package func parameter(named name: String) throws -> Tensor {
        guard let tensor = tensors[name] else {
            throw NeuralNetworkError.parametersMismatch([.missing(name: name, shape: [])])
        }
        return tensor
    }
}

extension SafetensorsFile: ParameterSource {
    package func parameter(named name: String) throws -> Tensor { try requiredTensor(name) }
}
