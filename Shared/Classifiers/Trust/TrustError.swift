package import Contracts

/// Why trust in a model's numbers cannot be fitted, written or used.
package enum TrustError: Error, Equatable {
    /// Rows of another number or length than the model or the other inputs have.
    case shapeMismatch(what: String, expected: String, got: String)
    /// A feature that is infinite or not a number, by its case from zero.
    case featuresNotFinite(index: Int)
    /// No covariance of the features has an inverse.
    case singularCovariance(shrinkage: Double)
    /// What was asked for cannot be fitted of these cases.
    case notFitted(String)
    /// A trust file that is not the one which the description names.
    case otherFile(path: String, expected: String, got: String)
    /// A trust file without means and factor that fit the model.
    case unusableFile(path: String, classes: Int)
}

extension TrustError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .shapeMismatch(let what, let expected, let got): "\(what): expected \(expected), got \(got)"
        case .featuresNotFinite(let index):
            "features of case \(index + 1) are infinite or not a number; look at the images that they come from"
        case .singularCovariance(let shrinkage):
            "the features' covariance has no inverse with a shrinkage of \(shrinkage): give more cases, or a fixed "
                + "shrinkage such as 0.1"
        case .notFitted(let reason): reason
        case .otherFile(let path, let expected, let got):
            "\(path): expected SHA-256 \(expected) as model.json pins it, got \(got); run 'oncorelay model calibrate' "
                + "again"
        case .unusableFile(let path, let classes):
            "\(path): expected 'means' [\(classes), features] and 'factor' of a positive definite matrix; run "
                + "'oncorelay model calibrate' again"
        }
    }
}

extension TrustError: FailureConvertible {
    package var failure: Failure { Failure(.modelDamaged, .permanent, description) }
}
