/// Where the broker is and how to deal with it. No description of it shows the password.
package struct BrokerConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// How to prove who we are.
    package enum Authentication: Sendable, Equatable {
        /// User and password.
        case plain
        /// By the client certificate (SASL EXTERNAL; the broker needs `rabbitmq_auth_mechanism_ssl`).
        case external
    }

    /// TLS 1.2 or later; the broker's certificate and host name are always verified.
    package struct TLSConfiguration: Sendable, Equatable {
        /// Certificate authorities to trust, as a PEM file.
        package var authorityFile: String
        /// Our own certificate chain and its key, as PEM files, if the broker asks for them.
        package var certificateFile: String?
        package var keyFile: String?

        package static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

        package init(
            authorityFile: String = systemAuthorities, certificateFile: String? = nil, keyFile: String? = nil
        ) {
            self.authorityFile = authorityFile
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    package var host: String
    package var port: Int
    package var user: String
    package var password: String
    package var virtualHost: String
    package var authentication: Authentication = .plain
    /// nil for plain TCP.
    package var tls: TLSConfiguration?
    /// Seconds between signs of life; a peer that is silent for two of them is taken for gone. 5 to 20 work best.
    package var heartbeatSeconds = 10
    /// For reaching the host and, once more, for logging in.
    package var connectionTimeout: Duration = .seconds(5)
    /// For one answer of the broker (declare, consume, close).
    package var rpcTimeout: Duration = .seconds(15)
    /// For all confirmations of one `publish(_:)`, reconnections included.
    package var confirmTimeout: Duration = .seconds(30)
    /// How long the oldest unconfirmed publication may wait before it is published again on a new connection; doubled
    /// each time in a row.
    package var confirmPatience: Duration = .seconds(10)
    /// How long data that we sent may stay without a TCP acknowledgement (TCP_USER_TIMEOUT).
    package var transmissionTimeout: Duration = .seconds(20)
    /// How long `makePublisher()` and its siblings keep trying to reach a broker that does not answer yet.
    package var startupPatience: Duration = .zero
    /// Wait before the first new connection; doubled each time up to the longest, with random jitter.
    package var shortestReconnectDelay: Duration = .milliseconds(100)
    package var longestReconnectDelay: Duration = .seconds(10)
    /// How we appear among the broker's connections.
    package var connectionName: String
    /// How many publications of one publisher may await their confirmation at once.
    package var window = 64
    /// Largest body that is published, in bytes.
    package var maximumPublicationBytes = 1 << 20
    /// Largest body that is received, in bytes; a larger one is rejected to the dead-letter exchange unread.
    package var maximumDeliveryBytes = 16 << 20

    package init(
        host: String, port: Int, user: String, password: String, virtualHost: String = "/",
        tls: TLSConfiguration? = nil, connectionName: String = "oncorelay"
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.virtualHost = virtualHost
        self.tls = tls
        self.connectionName = connectionName
    }

    package var description: String {
        "\(tls == nil ? "amqp" : "amqps")://\(user)@\(host):\(port) (virtual host '\(virtualHost)')"
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: ["broker": description]) }

    /// Checks ranges that the C library would answer with an abort or an endless wait.
    ///
    /// - Throws: `BrokerError.invalidConfiguration`.
    func validate() throws(BrokerError) {
        func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(BrokerError) {
            if !condition { throw .invalidConfiguration(text()) }
        }
        try require(!host.isEmpty, "the host is empty; expected amqp://user@host:port/virtual-host")
        try require((1...65535).contains(port), "port \(port) is not between 1 and 65535")
        try require(
            (1...3600).contains(heartbeatSeconds), "heartbeat of \(heartbeatSeconds) s is not between 1 and 3600")
        try require((1...1024).contains(window), "window of \(window) publications is not between 1 and 1024")
        try require(connectionTimeout > .zero, "the connection time-out must be positive")
        try require(rpcTimeout > .zero, "the RPC time-out must be positive")
        try require(confirmPatience > .zero, "the confirm patience must be positive")
        try require(confirmTimeout > .zero, "the confirm time-out must be positive")
        try require(transmissionTimeout > .zero, "the transmission time-out must be positive")
        try require(
            shortestReconnectDelay > .zero && longestReconnectDelay >= shortestReconnectDelay,
            "reconnect delays must be positive and in order")
        try require(maximumPublicationBytes > 0 && maximumDeliveryBytes > 0, "size limits must be positive")
        for text in [user, password, virtualHost, host] where text.utf8.contains(0) {
            throw .invalidConfiguration("host, user, password or virtual host holds a zero byte")
        }
        if let tls {
            try require(
                (tls.certificateFile == nil) == (tls.keyFile == nil),
                "a client certificate needs both the certificate file and the key file")
        }
        try require(
            authentication == .plain || tls?.certificateFile != nil,
            "authentication by certificate (external) needs amqps and a client certificate")
    }
}
