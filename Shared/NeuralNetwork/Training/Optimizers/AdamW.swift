internal import CKernels
internal import Glibc
internal import Tensors

/// AdamW (Loshchilov and Hutter 2019), as PyTorch's: w ← w · (1 − lr · decay); m ← β₁ m + (1 − β₁) g;
/// v ← β₂ v + (1 − β₂) g²; w ← w − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε), t from 1.
package final class AdamW: Optimizer {
    package struct Settings: Sendable, Equatable {
        package var learningRate: Float
        package var beta1: Float
        package var beta2: Float
        package var epsilon: Float
        package var weightDecay: Float
        /// Whether normalization and biases decay, too, as in PyTorch's default.
        package var decaysAll: Bool

        package init(
            learningRate: Float = 1e-3, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
            weightDecay: Float = 0.01, decaysAll: Bool = true
        ) {
            self.learningRate = learningRate
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.weightDecay = weightDecay
            self.decaysAll = decaysAll
        }
    }

    /// May be changed between steps, as schedules do.
    package var settings: Settings
    package private(set) var iteration = 0
    private let memory = OptimizerMemory()

    /// - Throws: `TrainingError.invalidValue` for a setting that is negative, infinite, or a β of 1 or more.
    package init(_ settings: Settings = Settings()) throws {
        let numbers = [settings.learningRate, settings.epsilon, settings.weightDecay]
        let averages = [settings.beta1, settings.beta2]
        guard numbers.allSatisfy({ $0 >= 0 && $0.isFinite }), averages.allSatisfy({ (0..<1).contains($0) }) else {
            throw TrainingError.invalidValue("AdamW cannot work with \(settings)")
        }
        self.settings = settings
    }

    package var currentLearningRate: Float { settings.learningRate }

    package func step(_ network: TrainingNetwork) throws {
        let steps = Double(iteration + 1)
        let firstCorrection = 1 - pow(Double(settings.beta1), steps)
        let secondCorrection = (1 - pow(Double(settings.beta2), steps)).squareRoot()
        for parameter in network.parameters {
            guard let gradients = parameter.gradients else { continue }
            let decays = settings.decaysAll || parameter.specification.shape.count > 1
            ork_training_adamw(
                parameter.values, gradients, try memory.numbers("first", for: parameter),
                try memory.numbers("second", for: parameter), parameter.storageCount,
                ork_adamw_settings(
                    rate: Float(Double(settings.learningRate) / firstCorrection),
                    shrink: Float(1 - Double(settings.learningRate) * (decays ? Double(settings.weightDecay) : 0)),
                    beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
                    second_scale: Float(1 / secondCorrection)),
                Int32(network.settings.threads))
        }
        iteration += 1
        network.parametersChanged()
    }

    package func state(of network: TrainingNetwork) throws -> OptimizerState {
        OptimizerState(kind: "adamw", iteration: iteration, tensors: try memory.tensors(["first", "second"], network))
    }

    package func restore(_ state: OptimizerState, of network: TrainingNetwork) throws {
        try memory.restore(["first", "second"], state, kind: "adamw", network)
        iteration = state.iteration
    }
}
