internal import CHiredis

/// A reply of the server, copied out of hiredis's own structure.
enum RedisReply: Sendable, Equatable {
    case status(String)
    case error(String)
    case integer(Int)
    case string([UInt8])
    case array([RedisReply])
    case null

    init(_ reply: UnsafePointer<redisReply>) {
        let value = reply.pointee
        var bytes: UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: value.str, count: value.str == nil ? 0 : value.len)
        }
        switch value.type {
        case REDIS_REPLY_STATUS: self = .status(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_ERROR: self = .error(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_INTEGER: self = .integer(Int(value.integer))
        case REDIS_REPLY_STRING: self = .string(Array(bytes))
        case REDIS_REPLY_ARRAY:
            // hiredis bounds the nesting at seven levels.
            self = .array((0..<value.elements).compactMap { value.element[$0].map { RedisReply(UnsafePointer($0)) } })
        default: self = .null
        }
    }

    /// The error that a refusal means to the caller.
    ///
    /// - Parameters:
    ///   - text: the server's words, which begin with a code in capitals.
    ///   - operation: what was asked.
    ///   - key: the key it was asked of.
    ///   - byteCount: size of the value sent, for `outOfMemory`.
    /// - Returns: the error to throw.
    static func failure(_ text: String, operation: String, key: String, byteCount: Int = 0) -> TensorStoreError {
        switch text.prefix(while: { $0 != " " }) {
        case "OOM":
            .outOfMemory(key: key, byteCount: byteCount, reason: text)
        case "NOAUTH", "WRONGPASS":
            .authenticationFailed(reason: text)
        case "NOPERM":
            .permissionDenied(operation: operation, reason: text)
        case "WRONGTYPE":
            .corrupt(key: key, reason: "expected a string, got another type of value")
        case "LOADING", "BUSY", "MASTERDOWN", "READONLY", "MISCONF", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS":
            .unavailable(reason: text)
        default:
            .rejected(operation: operation, reason: text)
        }
    }
}
