internal import Tensors

/// Makes a checkpoint's tensors the parameters of a network here.
package struct CheckpointConversion: Sendable {
    /// Classes of a new, seeded last layer; nil to keep the checkpoint's.
    package var replacedHeadClasses: Int?
    /// Channels that the network's input shall have; nil to keep the checkpoint's.
    package var inputChannels: Int?
    /// Whether what is missing is filled with seeded values instead of being an error.
    package var seedsMissing = false
    /// Beginnings of names, without the prefix, that are left out.
    package var ignoredPrefixes: [String] = []
    package var seed: UInt64 = 1

    package init() {}

    /// The network, its parameters in float32, and what was done to them.
    package struct Result: Sendable {
        package var architecture: Architecture
        package var parameters: ParameterSet
        /// Names in the file that were left out, sorted.
        package var leftOut: [String] = []
        /// Parameters that were missing, and hold seeded values; the new head's are not among them.
        package var seeded: [String] = []
        /// Channels of the checkpoint's first convolution where they were changed.
        package var originalInputChannels: Int?
    }

    /// What may stand in a checkpoint without being used: counters, auxiliary and segmentation heads.
    private static let toleratedPrefixes = ["AuxLogits.", "conv_seg."]

    /// Converts a checkpoint.
    ///
    /// The first convolution is given other input channels so that its response stays what it was on average: down to
    /// one channel by the sum of its weights, to any other number by repeating them in turn, scaled by old / new. A
    /// gray image in three equal channels then gives what it gives in one.
    ///
    /// - Parameters:
    ///   - checkpoint: the file's names and shapes.
    ///   - architecture: the network, with the checkpoint's own input channels and classes.
    ///   - source: the file.
    /// - Returns: the network and its parameters.
    /// - Throws: `CheckpointError.noHead`, `mismatch` naming every problem, `NeuralNetworkError.invalidArchitecture`.
    package func convert(
        _ checkpoint: Checkpoint, to architecture: Architecture, from source: some ParameterSource
    ) throws -> Result {
        var architecture = architecture
        let originalChannels = architecture.inputChannels
        if let replacedHeadClasses { architecture.classes = replacedHeadClasses }
        if let inputChannels { architecture.inputChannels = inputChannels }
        let graph = try architecture.graph()
        var result = Result(architecture: architecture, parameters: ParameterSet())
        let changesChannels = architecture.inputChannels != originalChannels
        if changesChannels { result.originalInputChannels = originalChannels }

        var problems: [ParameterProblem] = []
        var toSeed: Set<String> = []
        let stem = graph.parameters.first { $0.role == .convolutionWeight }?.name
        for parameter in graph.parameters {
            let isHead = parameter.name.hasPrefix("fc.")
            if isHead, replacedHeadClasses != nil {
                toSeed.insert(parameter.name)
            } else if isHead, !checkpoint.hasHead {
                // Its shape is anybody's guess.
                problems.append(.missing(name: checkpoint.fileName(of: parameter.name), shape: []))
            } else if checkpoint.shapes[parameter.name] == nil {
                if seedsMissing {
                    toSeed.insert(parameter.name)
                    result.seeded.append(parameter.name)
                } else {
                    problems.append(
                        .missing(name: checkpoint.fileName(of: parameter.name), shape: parameter.shape))
                }
            } else {
                do {
                    let adapts = changesChannels && parameter.name == stem
                    result.parameters.tensors[parameter.name] = try read(
                        parameter, checkpoint, source, channels: adapts ? architecture.inputChannels : nil)
                } catch let problem as Problem {
                    problems.append(problem.problem)
                }
            }
        }
        result.leftOut = leftOut(checkpoint, graph, &problems)
        guard problems.isEmpty else {
            let lacksOnlyItsHead = !checkpoint.hasHead && problems.count == 2 && replacedHeadClasses == nil
            throw lacksOnlyItsHead ? CheckpointError.noHead : .mismatch(problems)
        }
        if !toSeed.isEmpty {
            let seeded = try SeededParameters.make(for: graph, seed: seed, only: toSeed)
            result.parameters.tensors.merge(seeded.tensors) { kept, _ in kept }
        }
        return result
    }

    /// Names that are not used; those that nothing explains become problems.
    private func leftOut(
        _ checkpoint: Checkpoint, _ graph: NetworkGraph, _ problems: inout [ParameterProblem]
    ) -> [String] {
        let known = Set(graph.parameters.map(\.name))
        var leftOut = checkpoint.outside
        for name in checkpoint.shapes.keys.sorted() {
            if known.contains(name), replacedHeadClasses == nil || !name.hasPrefix("fc.") { continue }
            let isExplained =
                known.contains(name) || name.hasSuffix(".num_batches_tracked")
                || (Self.toleratedPrefixes + ignoredPrefixes).contains { name.hasPrefix($0) }
            if isExplained {
                leftOut.append(checkpoint.fileName(of: name))
            } else {
                problems.append(.unexpected(name: checkpoint.fileName(of: name)))
            }
        }
        return leftOut.sorted()
    }

    private struct Problem: Error {
        var problem: ParameterProblem
    }

    /// One parameter in float32, with other input channels where these are given.
    private func read(
        _ parameter: ParameterSpecification, _ checkpoint: Checkpoint, _ source: some ParameterSource, channels: Int?
    ) throws -> Tensor {
        let name = checkpoint.fileName(of: parameter.name)
        let tensor: Tensor
        do {
            tensor = try source.parameter(named: name)
        } catch {
            throw Problem(problem: .unreadable(name: name, reason: "\(error)"))
        }
        var shape = checkpoint.shapes[parameter.name] ?? tensor.shape
        var values = tensor.floats()
        if let channels, shape.count == parameter.shape.count, shape.count > 2 {
            values = Self.changingChannels(of: values, shape: shape, to: channels)
            shape[1] = channels
        }
        guard shape == parameter.shape else {
            throw Problem(problem: .misshapen(name: name, expected: parameter.shape, got: tensor.shape))
        }
        guard values.allSatisfy(\.isFinite) else { throw Problem(problem: .notFinite(name: name)) }
        return try Tensor(shape: shape, floats: values)
    }

    /// Weights [outputs, channels, kernel…] for another number of channels.
    static func changingChannels(of weights: [Float], shape: [Int], to channels: Int) -> [Float] {
        let old = shape[1]
        let window = shape[2...].reduce(1, *)
        var changed: [Float] = []
        changed.reserveCapacity(shape[0] * channels * window)
        for output in 0..<shape[0] {
            let start = output * old * window
            for channel in 0..<channels {
                for position in 0..<window {
                    if channels == 1 {
                        let sum = (0..<old).reduce(0.0) { $0 + Double(weights[start + $1 * window + position]) }
                        changed.append(Float(sum))
                    } else {
                        let value = weights[start + (channel % old) * window + position]
                        changed.append(value * Float(old) / Float(channels))
                    }
                }
            }
        }
        return changed
    }
}
