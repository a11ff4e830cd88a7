import FoundationEssentials

/// Why a tensor could not be stored or taken out.
package enum TensorStoreError: Error, Equatable {
    /// No such tensor, though its lifetime has not ended as far as is known.
    case missing(key: String)
    /// No such tensor any more: its lifetime has ended.
    case expired(key: String)
    /// What lies under the key is not the tensor that was stored.
    case corrupt(key: String, reason: String)
    /// The store is full. Reading and deleting still work, so waiting or deleting helps.
    case outOfMemory(key: String, byteCount: Int, reason: String)
    /// The tensor exceeds what one key can hold.
    case tooLarge(key: String, byteCount: Int, limit: Int)
    /// The store cannot be reached or does not serve now.
    case unavailable(reason: String)
    /// The store did not answer in time; whether it did the work is unknown.
    case timedOut(operation: String, after: Duration)
    /// The store does not accept the name and password.
    case authenticationFailed(reason: String)
    /// The user may not do this.
    case permissionDenied(operation: String, reason: String)
    /// The store refused for another reason.
    case rejected(operation: String, reason: String)
    /// An argument or a setting that cannot work.
    case invalidArgument(reason: String)
    /// `close` was called before.
    case closed

    /// What an absent key means to a reader that may know the end of its lifetime.
    static func absent(_ key: String, expiresAt: Date?) -> TensorStoreError {
        guard let expiresAt, expiresAt <= Date.now else { return .missing(key: key) }
        return .expired(key: key)
    }
}

extension TensorStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let key):
            "tensor store: no tensor '\(key)'; it was deleted, evicted or lost with a restart: compute it again"
        case .expired(let key):
            "tensor store: the lifetime of tensor '\(key)' has ended: compute it again"
        case .corrupt(let key, let reason):
            "tensor store: tensor '\(key)' is damaged: \(reason)"
        case .outOfMemory(let key, let byteCount, let reason):
            "tensor store: no memory for the \(byteCount) bytes of tensor '\(key)' (\(reason)); "
                + "wait, delete tensors or raise the store's limit"
        case .tooLarge(let key, let byteCount, let limit):
            "tensor store: tensor '\(key)' has \(byteCount) bytes, at most \(limit) fit into a key"
        case .unavailable(let reason):
            "tensor store: not available: \(reason)"
        case .timedOut(let operation, let after):
            "tensor store: no answer to \(operation) within \(after)"
        case .authenticationFailed(let reason):
            "tensor store: authentication failed: \(reason); check user, password and password file"
        case .permissionDenied(let operation, let reason):
            "tensor store: \(operation) is not permitted: \(reason); check the user's access list"
        case .rejected(let operation, let reason):
            "tensor store: \(operation) was refused: \(reason)"
        case .invalidArgument(let reason):
            "tensor store: \(reason)"
        case .closed:
            "tensor store: it is closed"
        }
    }
}
