internal import Tensors

/// Parameters, running statistics and an optimizer's state in one safetensors file, from which training goes on bit for
/// bit: values in float32, in the parameters' own order.
package enum TrainingCheckpoint {
    private static let optimizerPrefix = "optimizer."

    /// - Parameters:
    ///   - network: whose parameters and running statistics are written.
    ///   - optimizer: whose state is written, if there is one.
    ///   - metadata: free text beside it: the epoch, the recipe's hash.
    ///   - path: the file; one that exists is replaced in one go.
    /// - Throws: `SafetensorsError`, `TrainingError`.
    package static func write(
        _ network: TrainingNetwork, optimizer: (any Optimizer)?, metadata: [String: String] = [:], to path: String
    ) throws {
        var tensors = try network.parameters.map { (name: $0.name, tensor: try $0.value()) }
        var texts = metadata
        texts["training_passes"] = "\(network.trainingPasses)"
        if let optimizer {
            let state = try optimizer.state(of: network)
            texts["optimizer"] = state.kind
            texts["iteration"] = "\(state.iteration)"
            tensors += state.tensors.sorted { $0.key < $1.key }.map { (optimizerPrefix + $0.key, $0.value) }
        }
        try SafetensorsFile.write(tensors, metadata: texts, to: path)
    }

    /// Gives a network, and an optimizer, what `write` wrote.
    ///
    /// - Returns: the file's metadata.
    /// - Throws: `NeuralNetworkError.parametersMismatch`, `TrainingError.invalidState`, `SafetensorsError`.
    @discardableResult
    package static func restore(
        _ network: TrainingNetwork, optimizer: (any Optimizer)?, from path: String
    ) throws -> [String: String] {
        let file = try SafetensorsFile.map(path: path)
        var missing: [ParameterProblem] = []
        let names = Set(file.names)
        for parameter in network.parameters where !names.contains(parameter.name) {
            missing.append(.missing(name: parameter.name, shape: parameter.specification.shape))
        }
        guard missing.isEmpty else { throw NeuralNetworkError.parametersMismatch(missing) }
        if let optimizer {
            guard let kind = file.metadata["optimizer"], let iteration = file.metadata["iteration"].flatMap({ Int($0) })
            else { throw TrainingError.invalidState("\(path) holds no optimizer's state") }
            var state = OptimizerState(kind: kind, iteration: iteration, tensors: [:])
            for name in file.names where name.hasPrefix(optimizerPrefix) {
                state.tensors[String(name.dropFirst(optimizerPrefix.count))] = try file.requiredTensor(name)
            }
            try optimizer.restore(state, of: network)
        }
        for parameter in network.parameters {
            try network.set(try file.requiredTensor(parameter.name), forParameter: parameter.name)
        }
        network.resume(trainingPasses: file.metadata["training_passes"].flatMap { Int($0) } ?? 0)
        return file.metadata
    }
}
