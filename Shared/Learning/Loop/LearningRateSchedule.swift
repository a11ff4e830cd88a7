#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How the learning rate changes over the epochs; what an optimizer's own decay does comes on top.
package struct LearningRateSchedule: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case constant
        /// From the rate down to `final` of it, along half a cosine.
        case cosine
        /// Multiplied by `factor` after every `every` epochs.
        case step
    }

    package var kind: Kind
    /// Epochs over which the rate grows linearly from nothing.
    package var warmupEpochs: Int
    package var every: Int
    package var factor: Double
    /// Share of the rate at the end of the cosine.
    package var final: Double

    /// The factor of the rate at a point of training.
    ///
    /// - Parameters:
    ///   - progress: epochs done, parts of one included.
    ///   - epochs: epochs in all.
    /// - Returns: 0 to 1.
    package func factor(at progress: Double, of epochs: Int) -> Double {
        if progress < Double(warmupEpochs) { return max(progress, 0.01) / Double(warmupEpochs) }
        switch kind {
        case .constant: return 1
        case .step: return pow(factor, ((progress - Double(warmupEpochs)) / Double(max(every, 1))).rounded(.down))
        case .cosine:
            let span = Double(max(epochs - warmupEpochs, 1))
            let share = min((progress - Double(warmupEpochs)) / span, 1)
            return final + (1 - final) * (1 + cos(.pi * share)) / 2
        }
    }
}
