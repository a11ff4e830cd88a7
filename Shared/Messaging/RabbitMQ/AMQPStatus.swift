internal import CRabbitMQ

/// What rabbitmq-c's status numbers mean to us.
enum AMQPStatus {
    static let timeout = AMQP_STATUS_TIMEOUT.rawValue

    static func text(_ status: Int32) -> String {
        guard let text = amqp_error_string2(status) else { return "status \(status)" }
        return String(cString: text)
    }

    /// A failure to reach the host or to set up TLS.
    static func openError(_ status: Int32, _ configuration: BrokerConfiguration) -> BrokerError {
        let place = "\(configuration.host):\(configuration.port)"
        switch status {
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED.rawValue:
            return .insecure(
                "the certificate of \(place) is not signed by an authority in "
                    + "'\(configuration.tls?.authorityFile ?? "")'; name the right authority file")
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED.rawValue:
            return .insecure(
                "the certificate of \(place) is not made out to '\(configuration.host)'; connect by a DNS name that "
                    + "stands in the certificate (IP addresses are not matched)")
        case AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue:
            return .unreachable("\(place) answered, but TLS did not come about: does this port speak TLS 1.2 or later?")
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED.rawValue:
            return .unreachable("the host name '\(configuration.host)' has no address")
        case AMQP_STATUS_TIMEOUT.rawValue:
            return .unreachable("\(place) did not answer within \(configuration.connectionTimeout)")
        case AMQP_STATUS_SOCKET_ERROR.rawValue:
            return .unreachable(
                "nothing accepts connections at \(place): is the broker running, and is the port right?")
        default: return .unreachable("\(place): \(text(status))")
        }
    }

    /// A failure of rabbitmq-c itself while logging in.
    static func loginError(_ status: Int32, _ configuration: BrokerConfiguration) -> BrokerError {
        let place = "\(configuration.host):\(configuration.port)"
        switch status {
        case AMQP_STATUS_SSL_ERROR.rawValue:
            return .insecure(
                "\(place) ended TLS at login; it may ask for a client certificate that it trusts: set certificate "
                    + "and key file")
        case AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD.rawValue:
            return .accessRefused("\(place) does not offer authentication by \(configuration.authentication)")
        case AMQP_STATUS_TIMEOUT.rawValue:
            return .unreachable("\(place) did not finish the login within \(configuration.connectionTimeout)")
        default: return .unreachable("\(place) broke off the login: \(text(status)); does this port speak AMQP?")
        }
    }
}
