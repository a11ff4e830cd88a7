/// Why the broker could not do what was asked. Never holds a password or a message's content.
package enum BrokerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A setting is missing or malformed.
    case invalidConfiguration(String)
    /// No connection came about; trying again later can help.
    case unreachable(String)
    /// The broker turned us away: wrong user, password or virtual host, or a missing permission.
    case accessRefused(String)
    /// TLS could not prove that we talk with the broker that we mean.
    case insecure(String)
    /// A connection that stood was lost.
    case connectionLost(String)
    /// The broker closed the channel because it could not do what was asked (AMQP reply code and text).
    case channelClosed(code: Int, text: String)
    /// A queue or an exchange that is needed does not exist.
    case missing(String)
    /// Things exist with other arguments than described.
    case topologyConflict([TopologyDifference])
    /// This publisher, consumer or administrator was closed.
    case closed

    package var description: String {
        switch self {
        case .invalidConfiguration(let text): "broker configuration: \(text)"
        case .unreachable(let text): "the broker cannot be reached: \(text)"
        case .accessRefused(let text): "the broker refused access: \(text)"
        case .insecure(let text): "no secure connection to the broker: \(text)"
        case .connectionLost(let text): "the connection to the broker was lost: \(text)"
        case .channelClosed(let code, let text): "the broker closed the channel (\(code)): \(text)"
        case .missing(let text): "\(text); run 'oncorelay topology apply' to declare what is missing"
        case .topologyConflict(let differences):
            "the broker holds other declarations than described (delete and declare them anew): "
                + differences.map(\.description).joined(separator: "; ")
        case .closed: "already closed"
        }
    }

    /// Whether the same attempt may succeed later without anybody changing a setting.
    package var isTransient: Bool {
        switch self {
        case .unreachable, .connectionLost: true
        default: false
        }
    }
}

/// Which of several publications were not confirmed, and why.
package struct PublishError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable, CustomStringConvertible {
        /// No queue is bound for this exchange and routing key, so the broker sent the message back.
        case returned(code: Int, text: String)
        /// The broker declined it: a full queue (reject-publish), a missing exchange or permission, a size limit.
        case refused(String)
        /// No confirmation came in time or before the publisher was closed; it may have arrived nevertheless.
        case notConfirmed(String)
        /// The broker was short of memory or disk for the whole confirm time-out; it was not sent.
        case blocked(String)
        /// The body is larger than the configured limit; it was not sent. Sizes in bytes.
        case tooLarge(size: Int, limit: Int)

        package var description: String {
            switch self {
            case .returned(let code, let text): "returned as unroutable (\(code) \(text)): no queue is bound for it"
            case .refused(let text): "refused by the broker: \(text)"
            case .notConfirmed(let text): "not confirmed: \(text)"
            case .blocked(let text): "not sent, the broker accepts no publications: \(text)"
            case .tooLarge(let size, let limit):
                "not sent, its body has \(size) bytes and the limit is \(limit): keep large data in the tensor store"
            }
        }
    }

    package struct Item: Sendable, Equatable, CustomStringConvertible {
        /// Position in the array that was passed to `publish(_:)`.
        package let index: Int
        package let exchange: String
        package let routingKey: String
        package let messageID: String?
        package let reason: Reason

        package var description: String {
            "message \(messageID ?? "without ID") to exchange '\(exchange)' with routing key '\(routingKey)' was \(reason)"
        }
    }

    /// The publications that failed, in the order in which they were passed.
    package let failures: [Item]
    /// How many publications were passed.
    package let total: Int

    package var description: String {
        let shown = failures.prefix(3).map(\.description).joined(separator: "; ")
        return "\(failures.count) of \(total) publications failed: \(shown)\(failures.count > 3 ? "; …" : "")"
    }

    /// Whether publishing again later may succeed: nothing was returned, and nothing is too large.
    package var isTransient: Bool {
        failures.allSatisfy { item in
            switch item.reason {
            case .notConfirmed, .blocked, .refused: true
            case .returned, .tooLarge: false
            }
        }
    }
}
