package import Contracts
import TensorStore

/// What a tensor store's error means for a delivery.
package enum StoreFailure {
    /// nil where `error` is not the store's.
    package static func failure(of error: any Error) -> Failure? {
        guard let error = error as? TensorStoreError else { return nil }
        let text = error.description
        switch error {
        case .missing: return Failure(.tensorMissing, .transient, text)
        case .expired: return Failure(.tensorExpired, .transient, text)
        case .corrupt: return Failure(.tensorCorrupt, .transient, text)
        case .outOfMemory: return Failure(.storeOutOfMemory, .transient, text)
        case .unavailable, .timedOut, .closed: return Failure(.storeUnavailable, .transient, text)
        case .authenticationFailed, .permissionDenied, .rejected: return Failure(.storeUnavailable, .transient, text)
        case .tooLarge, .invalidArgument: return Failure(.internalError, .permanent, text)
        }
    }

    /// Whether the tensor itself is gone (or damaged), so that only making it again helps.
    package static func isLoss(_ error: any Error) -> Bool {
        switch error as? TensorStoreError {
        case .missing, .expired, .corrupt: true
        default: false
        }
    }
}
