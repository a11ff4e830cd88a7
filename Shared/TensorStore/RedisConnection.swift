import Tensors

/// A place for one connection, which is made when it is needed and made again when it was lost.
///
/// Its calls block, on a thread of its own; one call at a time.
actor RedisConnection {
    private let executor = ThreadExecutor()
    private let configuration: RedisConfiguration
    private var wire: RedisWire?
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ configuration: RedisConfiguration) {
        self.configuration = configuration
    }

    deinit {
        executor.stop()
    }

    /// Sends requests together and receives as many replies.
    ///
    /// A request that the server refuses is an error reply.
    ///
    /// - Throws: `unavailable`, `timedOut`, `authenticationFailed`.
    func replies(to requests: [RedisRequest], operation: String) throws(TensorStoreError) -> [RedisReply] {
        try exchange(operation) { [configuration] wire throws(RedisWireError) in
            let deadline = try Self.send(requests, on: wire, configuration)
            var replies: [RedisReply] = []
            for _ in requests { replies.append(try wire.receiveReply(by: deadline)) }
            return replies
        }
    }

    /// Receives a value straight into memory of its own, or nil when there is none, or the server's refusal.
    ///
    /// - Throws: `unavailable`, `timedOut`, `authenticationFailed`.
    func value(of key: String) throws(TensorStoreError) -> Result<TensorBuffer?, RedisRefusal> {
        try exchange("GET", key: key) { [configuration] wire throws(RedisWireError) in
            let deadline = try Self.send([RedisRequest(["GET", key])], on: wire, configuration)
            return try wire.receiveValue(
                limit: configuration.maximumValueByteCount, bytesPerSecond: configuration.minimumBytesPerSecond,
                by: deadline)
        }
    }

    /// Ends the connection for good.
    func close() {
        isClosed = true
        wire = nil
    }

    /// Works on a connection, and once more on a new one if the first was lost meanwhile.
    ///
    /// Every command here may be given twice: setting the same value, deleting, extending and reading again end the
    /// same.
    private func exchange<Result>(
        _ operation: String, key: String = "", _ body: (RedisWire) throws(RedisWireError) -> Result
    ) throws(TensorStoreError) -> Result {
        var mayRetry = true
        while true {
            let wire = try connectedWire()
            do throws(RedisWireError) {
                return try body(wire)
            } catch {
                // Whatever went wrong, a later answer must not meet a later command.
                self.wire = nil
                switch error {
                case .lost where mayRetry: mayRetry = false
                case .tooLong(let byteCount):
                    throw .tooLarge(key: key, byteCount: byteCount, limit: configuration.maximumValueByteCount)
                default: throw Self.failure(error, operation)
                }
            }
        }
    }

    /// The connection, made now if there is none that is fit for use.
    private func connectedWire() throws(TensorStoreError) -> RedisWire {
        guard !isClosed else { throw .closed }
        if let wire, wire.isQuiet { return wire }
        wire = nil
        let password = try configuration.password()
        let made: RedisWire
        do throws(RedisWireError) {
            made = try RedisWire(configuration.address.endpoint, timeout: configuration.connectTimeout)
        } catch {
            throw Self.failure(error, "connecting")
        }
        // hiredis forgets all of this on a reconnect, so every connection is new and gets it anew.
        if let password {
            try greet(made, ["AUTH"] + (configuration.address.user.map { [$0] } ?? []) + [password]) { text in
                text.hasPrefix("LOADING") || text.hasPrefix("ERR max")
                    ? .unavailable(reason: text) : .authenticationFailed(reason: text)
            }
        }
        if configuration.address.database != 0 {
            try greet(made, ["SELECT", String(configuration.address.database)]) { text in
                RedisReply.failure(text, operation: "SELECT", key: "")
            }
        }
        try greet(made, ["CLIENT", "SETNAME", configuration.clientName]) { text in
            // The name is only for people; that it is not permitted must not keep anyone from working.
            text.hasPrefix("NOPERM") || text.hasPrefix("NOAUTH") ? nil : .unavailable(reason: text)
        }
        wire = made
        return made
    }

    /// Asks for one setting of a new connection.
    private func greet(
        _ wire: RedisWire, _ words: [String], _ refusal: (String) -> TensorStoreError?
    ) throws(TensorStoreError) {
        let reply: RedisReply
        do throws(RedisWireError) {
            let deadline = Deadline(after: configuration.connectTimeout)
            try Self.send([RedisRequest(words)], on: wire, by: deadline)
            reply = try wire.receiveReply(by: deadline)
        } catch {
            throw Self.failure(error, words[0])
        }
        if case .error(let text) = reply, let failure = refusal(text) { throw failure }
    }

    /// Sends requests; returns the deadline for their replies.
    private static func send(
        _ requests: [RedisRequest], on wire: RedisWire, _ configuration: RedisConfiguration
    ) throws(RedisWireError) -> Deadline {
        let byteCount = requests.reduce(0) { $0 + $1.byteCount }
        let transfer = Duration.seconds(byteCount / configuration.minimumBytesPerSecond)
        let deadline = Deadline(after: configuration.commandTimeout + transfer)
        try send(requests, on: wire, by: deadline)
        return deadline
    }

    private static func send(
        _ requests: [RedisRequest], on wire: RedisWire, by deadline: Deadline
    ) throws(RedisWireError) {
        let buffers = requests.flatMap(\.pieces)
        // The buffers live until the end of this call, so their addresses may be collected.
        try wire.send(buffers.map { $0.withUnsafeBytes { $0 } }, by: deadline)
        withExtendedLifetime(buffers) {}
    }

    private static func failure(_ error: RedisWireError, _ operation: String) -> TensorStoreError {
        switch error {
        case .notConnected(let reason), .lost(let reason), .malformed(let reason): .unavailable(reason: reason)
        case .tooLong(let byteCount): .unavailable(reason: "an unexpected value of \(byteCount) bytes")
        case .timedOut(let allowance): .timedOut(operation: operation, after: allowance)
        }
    }
}
