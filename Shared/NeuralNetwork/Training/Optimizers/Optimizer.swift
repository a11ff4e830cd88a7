package import Tensors

/// Changes a network's parameters by their gradients.
///
/// An optimizer belongs to one network: what it remembers of each parameter lies in that network's own order.
package protocol Optimizer: AnyObject {
    /// Steps taken so far.
    var iteration: Int { get }
    /// The rate of the next step.
    var currentLearningRate: Float { get }
    /// Changes every trained parameter once, and tells the network.
    ///
    /// - Throws: `TrainingError.outOfMemory`, `invalidState` where the network is not the one of earlier steps.
    func step(_ network: TrainingNetwork) throws
    /// What it remembers, by name: `momentum.layer1.0.conv1.weight`, in the parameters' own shapes.
    func state(of network: TrainingNetwork) throws -> OptimizerState
    /// Goes on exactly where a state was taken.
    ///
    /// - Throws: `TrainingError.invalidState` naming what is missing or misshapen.
    func restore(_ state: OptimizerState, of network: TrainingNetwork) throws
}

/// What an optimizer remembers, in a form that can be stored.
package struct OptimizerState: Sendable {
    /// `sgd`, `adamw`.
    package var kind: String
    package var iteration: Int
    package var tensors: [String: Tensor]

    package init(kind: String, iteration: Int, tensors: [String: Tensor]) {
        self.kind = kind
        self.iteration = iteration
        self.tensors = tensors
    }
}

/// Numbers kept for each trained parameter, in the engine's own order.
final class OptimizerMemory {
    private var memory: [String: TrainingMemory] = [:]

    var isEmpty: Bool { memory.isEmpty }

    /// Zeros at first.
    ///
    /// - Throws: `outOfMemory`, `invalidState`.
    func numbers(_ kind: String, for parameter: TrainableParameter) throws(TrainingError) -> UnsafeMutablePointer<Float>
    {
        let key = "\(kind).\(parameter.name)"
        if let found = memory[key] {
            guard found.count == parameter.storageCount else {
                throw .invalidState("\(key) belongs to a parameter of another network or engine")
            }
            return found.pointer
        }
        let new = try TrainingMemory(count: parameter.storageCount)
        memory[key] = new
        return new.pointer
    }

    func tensors(_ kinds: [String], _ network: TrainingNetwork) throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        guard !isEmpty else { return tensors }
        for parameter in network.parameters where parameter.isTrained {
            for kind in kinds {
                tensors["\(kind).\(parameter.name)"] = try parameter.tensor(from: numbers(kind, for: parameter))
            }
        }
        return tensors
    }

    func restore(_ kinds: [String], _ state: OptimizerState, kind: String, _ network: TrainingNetwork) throws {
        guard state.kind == kind else {
            throw TrainingError.invalidState("it is of the optimizer \(state.kind), not of \(kind)")
        }
        memory = [:]
        // Before the first step there is nothing to remember.
        guard !state.tensors.isEmpty else { return }
        for parameter in network.parameters where parameter.isTrained {
            for kind in kinds {
                let name = "\(kind).\(parameter.name)"
                guard let tensor = state.tensors[name] else { throw TrainingError.invalidState("missing \(name)") }
                guard tensor.shape == parameter.specification.shape else {
                    throw TrainingError.invalidState(
                        "\(name): expected shape \(parameter.specification.shape), got \(tensor.shape)")
                }
                try parameter.write(tensor, into: numbers(kind, for: parameter))
            }
        }
    }
}
