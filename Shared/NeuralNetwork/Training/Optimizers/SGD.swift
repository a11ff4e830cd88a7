internal import CKernels
internal import Tensors

/// Stochastic gradient descent, as PyTorch's: g ← g + decay · w; v ← μ v + g (v = g at first); w ← w − lr · v, or with
/// Nesterov's momentum w ← w − lr · (g + μ v). The rate of step t (from 0) is lr / (1 + decay · t), as Keras's.
package final class SGD: Optimizer {
    package struct Settings: Sendable, Equatable {
        package var learningRate: Float
        package var momentum: Float
        package var weightDecay: Float
        package var isNesterov: Bool
        /// Keras's `decay`: how the rate falls with each step.
        package var learningRateDecay: Float
        /// Whether normalization and biases decay, too, as in PyTorch's default.
        package var decaysAll: Bool

        package init(
            learningRate: Float, momentum: Float = 0, weightDecay: Float = 0, isNesterov: Bool = false,
            learningRateDecay: Float = 0, decaysAll: Bool = true
        ) {
            self.learningRate = learningRate
            self.momentum = momentum
            self.weightDecay = weightDecay
            self.isNesterov = isNesterov
            self.learningRateDecay = learningRateDecay
            self.decaysAll = decaysAll
        }
    }

    /// May be changed between steps, as schedules do.
    package var settings: Settings
    package private(set) var iteration = 0
    private let memory = OptimizerMemory()

    /// - Throws: `TrainingError.invalidValue` for a negative or infinite setting.
    package init(_ settings: Settings) throws {
        let numbers = [
            settings.learningRate, settings.momentum, settings.weightDecay, settings.learningRateDecay,
        ]
        guard numbers.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw TrainingError.invalidValue("SGD's settings must be numbers that are not negative, got \(settings)")
        }
        self.settings = settings
    }

    package var currentLearningRate: Float {
        Float(Double(settings.learningRate) / (1 + Double(settings.learningRateDecay) * Double(iteration)))
    }

    package func step(_ network: TrainingNetwork) throws {
        let rate = currentLearningRate
        // At first v = g, which a momentum of zeros gives anyway.
        for parameter in network.parameters {
            guard let gradients = parameter.gradients else { continue }
            let velocity = settings.momentum > 0 ? try memory.numbers("momentum", for: parameter) : nil
            let decays = settings.decaysAll || parameter.specification.shape.count > 1
            ork_training_sgd(
                parameter.values, gradients, velocity, parameter.storageCount,
                ork_sgd_settings(
                    rate: rate, momentum: settings.momentum, decay: decays ? settings.weightDecay : 0,
                    nesterov: settings.isNesterov),
                Int32(network.settings.threads))
        }
        iteration += 1
        network.parametersChanged()
    }

    package func state(of network: TrainingNetwork) throws -> OptimizerState {
        OptimizerState(kind: "sgd", iteration: iteration, tensors: try memory.tensors(["momentum"], network))
    }

    package func restore(_ state: OptimizerState, of network: TrainingNetwork) throws {
        try memory.restore(["momentum"], state, kind: "sgd", network)
        iteration = state.iteration
    }
}
