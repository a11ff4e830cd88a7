internal import CRabbitMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One connection with one channel. rabbitmq-c keeps state without locks, so this belongs to one thread from
/// beginning to end; and it can lose frames where a connection has several channels, so there is only one.
///
/// Every method throws `BrokerError`; after any error the connection is to be thrown away.
final class AMQPConnection {
    static let channel: amqp_channel_t = 1
    private static let frameBytes: Int32 = 131_072

    /// Tells this connection's delivery tags from those of other connections.
    let epoch = ConnectionStates.makeIdentifier()
    let handle: amqp_connection_state_t
    let arena = AMQPArena()
    var reader: AMQPFrameReader
    private let isSecure: Bool
    private let transmissionMilliseconds: Int32

    /// Connects, logs in and opens the channel; blocks for at most twice the connection time-out and a DNS look-up.
    init(_ configuration: BrokerConfiguration, role: String) throws(BrokerError) {
        Self.prepareProcess
        guard let handle = amqp_new_connection() else { throw .unreachable("out of memory") }
        self.handle = handle
        reader = AMQPFrameReader(maximumBodyBytes: configuration.maximumDeliveryBytes)
        isSecure = configuration.tls != nil
        transmissionMilliseconds = Int32(clamping: configuration.transmissionTimeout.milliseconds)
        try open(configuration)
        setSocketOptions()
        try login(configuration, role: role)
        amqp_channel_open(handle, Self.channel)
        try checkLastReply("opening a channel")
        amqp_maybe_release_buffers(handle)
    }

    deinit { amqp_destroy_connection(handle) }

    /// A write to a connection that the peer has reset must fail, not end the process; and OpenSSL is to be set up
    /// once, before threads use it.
    private static let prepareProcess: Void = {
        signal(SIGPIPE, SIG_IGN)
        amqp_initialize_ssl_library()
    }()

    private func open(_ configuration: BrokerConfiguration) throws(BrokerError) {
        guard let socket = isSecure ? amqp_ssl_socket_new(handle) : amqp_tcp_socket_new(handle) else {
            throw .unreachable("no socket could be made: out of memory or TLS is not available")
        }
        if let tls = configuration.tls {
            guard amqp_ssl_socket_set_cacert(socket, tls.authorityFile) == AMQP_STATUS_OK.rawValue else {
                throw .insecure("the authority file '\(tls.authorityFile)' is missing or holds no certificate (PEM)")
            }
            if let certificate = tls.certificateFile, let key = tls.keyFile {
                guard amqp_ssl_socket_set_key(socket, certificate, key) == AMQP_STATUS_OK.rawValue else {
                    throw .insecure(
                        "the client certificate '\(certificate)' and key '\(key)' cannot be read or do not belong together"
                    )
                }
            }
            amqp_ssl_socket_set_verify_peer(socket, 1)
            amqp_ssl_socket_set_verify_hostname(socket, 1)
            guard
                amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) == AMQP_STATUS_OK.rawValue
            else { throw .insecure("TLS 1.2 is not available here") }
        }
        var timeout = configuration.connectionTimeout.timeval
        let status = amqp_socket_open_noblock(socket, configuration.host, Int32(configuration.port), &timeout)
        guard status == AMQP_STATUS_OK.rawValue else { throw AMQPStatus.openError(status, configuration) }
        amqp_set_handshake_timeout(handle, &timeout)
        var rpcTimeout = configuration.rpcTimeout.timeval
        amqp_set_rpc_timeout(handle, &rpcTimeout)
    }

    /// rabbitmq-c writes without a time limit; TCP's own bounds it, also where the peer's window stays closed.
    private func setSocketOptions() {
        func set(_ option: Int32, _ value: Int32) {
            var value = value
            setsockopt(descriptor, Int32(IPPROTO_TCP), option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        set(TCP_USER_TIMEOUT, transmissionMilliseconds)
        set(TCP_NODELAY, 1)
    }

    private func login(_ configuration: BrokerConfiguration, role: String) throws(BrokerError) {
        // Without the first two of these capabilities RabbitMQ keeps silent about deleted queues and about alarms.
        let capabilities: [String: HeaderValue] = [
            "consumer_cancel_notify": .bool(true), "connection.blocked": .bool(true), "basic.nack": .bool(true),
            "publisher_confirms": .bool(true), "authentication_failure_close": .bool(true),
        ]
        var properties = arena.table([
            "product": .string("OncoRelay"), "information": .string("message-driven medical image analysis"),
            "connection_name": .string("\(configuration.connectionName) \(role)"),
            "capabilities": .table(capabilities),
        ])
        defer { arena.reset() }
        let heartbeat = Int32(configuration.heartbeatSeconds)
        let reply =
            switch configuration.authentication {
            case .plain:
                oncorelay_amqp_login_plain(
                    handle, configuration.virtualHost, Self.frameBytes, heartbeat, &properties, configuration.user,
                    configuration.password)
            case .external:
                oncorelay_amqp_login_external(
                    handle, configuration.virtualHost, Self.frameBytes, heartbeat, &properties, configuration.user)
            }
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_SERVER_EXCEPTION:
            if reply.reply.id == oncorelay_amqp_connection_close, let decoded = reply.reply.decoded {
                let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
                let text =
                    "user '\(configuration.user)', virtual host '\(configuration.virtualHost)': \(String(close.reply_text))"
                // 320: the broker is shutting down or an operator closed us, which passes.
                if close.reply_code == 320 { throw .unreachable(text) }
                throw .accessRefused(text)
            }
            throw .unreachable("the broker broke off the login")
        default: throw AMQPStatus.loginError(reply.library_error, configuration)
        }
    }

    // MARK: - Reading

    /// The socket, to be watched with poll(2); -1 once rabbitmq-c has closed it.
    var descriptor: Int32 { amqp_get_sockfd(handle) }

    /// Seconds between heartbeats as agreed with the broker.
    var heartbeatSeconds: Int { Int(amqp_get_heartbeat(handle)) }

    /// Whether bytes or frames were read from the socket that poll(2) thus no longer sees.
    var hasBufferedInput: Bool { amqp_frames_enqueued(handle) != 0 || amqp_data_in_buffer(handle) != 0 }

    /// The next event that is here already, or nil. Also sends our heartbeat when it is due and notices when the
    /// broker's stay out, so this is to be called at least twice a heartbeat.
    ///
    /// - Parameter mayRead: Whether to read from the socket if the buffer is empty; always so with TLS, which has a
    ///   buffer of its own.
    /// - Returns: nil if no whole event is here.
    /// - Throws: `BrokerError` if the connection or the channel is lost.
    func nextEvent(mayRead: Bool) throws(BrokerError) -> AMQPEvent? {
        var mayRead = mayRead || isSecure
        var frame = amqp_frame_t()
        var zero = timeval()
        while mayRead || hasBufferedInput {
            let status = amqp_simple_wait_frame_noblock(handle, &frame, &zero)
            if status == AMQPStatus.timeout { return nil }
            guard status == AMQP_STATUS_OK.rawValue else { throw lost(status) }
            let event = try reader.read(&frame)
            amqp_maybe_release_buffers(handle)
            if let event { return event }
            mayRead = isSecure
        }
        return nil
    }

    // MARK: - Errors

    func lost(_ status: Int32, _ doing: String? = nil) -> BrokerError {
        let doing = doing.map { "\($0): " } ?? ""
        return .connectionLost(doing + AMQPStatus.text(status))
    }

    func checkLastReply(_ doing: String) throws(BrokerError) { try check(amqp_get_rpc_reply(handle), doing) }

    func check(_ reply: amqp_rpc_reply_t, _ doing: String) throws(BrokerError) {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_SERVER_EXCEPTION:
            guard let decoded = reply.reply.decoded else { throw .connectionLost("\(doing): broken off by the broker") }
            if reply.reply.id == oncorelay_amqp_channel_close {
                let close = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
                throw .channelClosed(code: Int(close.reply_code), text: String(close.reply_text))
            }
            let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            throw .connectionLost("\(doing): closed by the broker (\(close.reply_code)): \(String(close.reply_text))")
        default: throw lost(reply.library_error, doing)
        }
    }

    func check(_ status: Int32, _ doing: String) throws(BrokerError) {
        if status != AMQP_STATUS_OK.rawValue { throw lost(status, doing) }
    }

    /// Says goodbye to the broker, waiting for its answer no longer than two seconds.
    func close() {
        guard descriptor >= 0 else { return }
        var timeout = Duration.seconds(2).timeval
        amqp_set_rpc_timeout(handle, &timeout)
        _ = amqp_connection_close(handle, 200)
    }
}
