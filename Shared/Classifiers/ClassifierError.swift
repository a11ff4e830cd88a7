package import Contracts

/// Why a model cannot be used, or not with this input.
package enum ClassifierError: Error, Equatable {
    /// No model where one was looked for.
    case modelMissing(String)
    /// A model folder is there, and cannot be used.
    case modelDamaged(path: String, reason: String)
    /// Two model folders answer one question.
    case ambiguousRole(role: String, paths: [String])
    /// The input has another shape than the model takes. `got` is a shape, never values.
    case inputShapeMismatch(model: String, expected: String, got: [Int])
    /// The input holds values that are infinite or not a number.
    case inputNotFinite(model: String, item: Int)
    /// The network's outputs are infinite or not a number although its input is finite.
    case outputNotFinite(model: String, item: Int)
    /// A class was asked for that the model does not know.
    case unknownClass(model: String, asked: String, labels: [String])
}

extension ClassifierError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .modelMissing(let reason): reason
        case .modelDamaged(let path, let reason): "model folder \(path) cannot be used: \(reason)"
        case .ambiguousRole(let role, let paths):
            "\(paths.count) model folders are classifiers for \(role): \(paths.joined(separator: ", ")); "
                + "leave one of them in the models directory"
        case .inputShapeMismatch(let model, let expected, let got):
            "model \(model): expected input of shape \(expected), got \(got)"
        case .inputNotFinite(let model, let item):
            "model \(model): item \(item) of the input holds values that are infinite or not a number; "
                + "check intensity normalization"
        case .outputNotFinite(let model, let item):
            "model \(model): the network's outputs for item \(item) are infinite or not a number; "
                + "the weights do not fit this kind of input"
        case .unknownClass(let model, let asked, let labels):
            "model \(model) has no class \(asked); its classes are \(labels.joined(separator: ", "))"
        }
    }
}

extension ClassifierError: FailureConvertible {
    package var failure: Failure {
        let (code, kind): (ReasonCode, FailureClass) =
            switch self {
            case .modelMissing: (.modelMissing, .permanent)
            case .modelDamaged, .ambiguousRole, .outputNotFinite: (.modelDamaged, .permanent)
            case .inputShapeMismatch, .unknownClass: (.modelInputMismatch, .permanent)
            case .inputNotFinite: (.voxelsNonFinite, .invalid)
            }
        return Failure(code, kind, description)
    }
}
