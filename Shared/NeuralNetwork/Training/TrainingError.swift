/// What went wrong with training a network.
package enum TrainingError: Error, Equatable {
    /// Activations, gradients and parameters would take more memory than is allowed or there is.
    case outOfMemory(neededBytes: Int, availableBytes: Int)
    /// A batch normalization in training would have one value per channel, whose variance is no number.
    case tooFewValues(layer: String)
    /// `backward` was called before `forward`, or for another batch.
    case nothingToDerive
    /// A gradient was given for a value that is no output and no observed layer.
    case unknownOutput(String, available: [String])
    /// A gradient, a target or a mask has another shape than what it belongs to.
    case shapeMismatch(what: String, expected: [Int], got: [Int])
    /// A class index, a probability, a weight or a setting is outside of what it can be.
    case invalidValue(String)
    /// A layer name of the settings that the network does not have.
    case unknownLayer(String)
    /// A tensor of a saved state that is missing or misshapen.
    case invalidState(String)
    /// This machine cannot run the engine that was asked for.
    case engineUnavailable(String)
    /// A library refused an operation.
    case library(operation: String, status: Int)
}

extension TrainingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .outOfMemory(let needed, let available):
            "training needs about \(needed >> 20) MB, and \(available >> 20) MB may be used; "
                + "take a smaller batch or smaller inputs"
        case .tooFewValues(let layer):
            "layer \(layer) would normalize a single value per channel; take a larger batch or larger inputs"
        case .nothingToDerive: "there is no forward pass whose gradient could be computed"
        case .unknownOutput(let name, let available):
            "the network has no output or observed layer \(name); it has \(available.joined(separator: ", "))"
        case .shapeMismatch(let what, let expected, let got): "\(what): expected shape \(expected), got \(got)"
        case .invalidValue(let reason): reason
        case .unknownLayer(let name): "the network has no layer \(name)"
        case .invalidState(let reason): "the saved state is not this network's: \(reason)"
        case .engineUnavailable(let reason): reason
        case .library(let operation, let status): "oneDNN refused to \(operation) (status \(status))"
        }
    }
}
