internal import CRabbitMQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What is done on the channel. Calls that wait for an answer are bounded by the RPC time-out.
extension AMQPConnection {
    // MARK: - Publishing

    func selectConfirms() throws(BrokerError) {
        amqp_confirm_select(handle, Self.channel)
        try checkLastReply("asking for publisher confirms")
        amqp_maybe_release_buffers(handle)
    }

    func publish(_ publication: Publication) throws(BrokerError) {
        defer { arena.reset() }
        var properties = arena.properties(publication.properties)
        let exchange = arena.bytes(publication.exchange)
        let routingKey = arena.bytes(publication.routingKey)
        let status = publication.body.withUnsafeBytes { body in
            // rabbitmq-c's structures are not const-correct: it only reads the body.
            amqp_basic_publish(
                handle, Self.channel, exchange, routingKey, publication.isMandatory ? 1 : 0, 0, &properties,
                amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)))
        }
        try check(status, "publishing")
    }

    /// Whether the socket takes bytes right now, so that a write will not wait for the broker.
    var isWritable: Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, 0) == 1
    }

    /// Gathers small writes into full segments until it is ended.
    func setCork(_ isCorked: Bool) {
        var value: Int32 = isCorked ? 1 : 0
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: - Consuming

    func setPrefetch(_ count: Int) throws(BrokerError) {
        amqp_basic_qos(handle, Self.channel, 0, UInt16(clamping: count), 0)
        try checkLastReply("setting the prefetch")
        amqp_maybe_release_buffers(handle)
    }

    func consume(queue: String, tag: String) throws(BrokerError) {
        defer { arena.reset() }
        amqp_basic_consume(
            handle, Self.channel, arena.bytes(queue), arena.bytes(tag), 0, 0, 0,
            amqp_table_t(num_entries: 0, entries: nil))
        try checkLastReply("consuming from queue '\(queue)'")
        amqp_maybe_release_buffers(handle)
    }

    func cancel(tag: String) throws(BrokerError) {
        defer { arena.reset() }
        amqp_basic_cancel(handle, Self.channel, arena.bytes(tag))
        try checkLastReply("ending a consumer")
        amqp_maybe_release_buffers(handle)
    }

    func acknowledge(_ number: UInt64, multiple: Bool) throws(BrokerError) {
        try check(amqp_basic_ack(handle, Self.channel, number, multiple ? 1 : 0), "acknowledging")
    }

    func reject(_ number: UInt64, requeue: Bool) throws(BrokerError) {
        try check(amqp_basic_reject(handle, Self.channel, number, requeue ? 1 : 0), "rejecting")
    }

    /// Takes one message without acknowledging it; nil if the queue is empty.
    func get(queue: String) throws(BrokerError) -> (number: UInt64, isRedelivered: Bool, message: AMQPMessage)? {
        let reply = amqp_basic_get(handle, Self.channel, arena.bytes(queue), 0)
        arena.reset()
        try check(reply, "fetching from queue '\(queue)'")
        guard reply.reply.id == oncorelay_amqp_basic_get_ok, let decoded = reply.reply.decoded else {
            amqp_maybe_release_buffers(handle)
            return nil
        }
        let answer = decoded.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee
        reader.beginFetched(
            number: answer.delivery_tag, isRedelivered: answer.redelivered != 0, exchange: answer.exchange,
            routingKey: answer.routing_key)
        amqp_maybe_release_buffers(handle)
        while true {
            switch try waitForEvent() {
            case .delivered(let number, -1, let isRedelivered, let message): return (number, isRedelivered, message)
            case .oversized(_, let bytes):
                throw .channelClosed(
                    code: 311, text: "a message of \(bytes) bytes in queue '\(queue)' is too large to fetch")
            default: continue
            }
        }
    }

    /// Waits until a whole event is here.
    private func waitForEvent() throws(BrokerError) -> AMQPEvent {
        let deadline = Instant.now.advanced(by: .seconds(30))
        while true {
            if let event = try nextEvent(mayRead: true) { return event }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&request, 1, min(deadline.pollTimeout, 1000))
            if deadline <= Instant.now { throw .connectionLost("a message did not arrive within 30 s") }
        }
    }

    // MARK: - Declaring

    func declare(_ exchange: ExchangeDescription, passive: Bool) throws(BrokerError) {
        defer { arena.reset() }
        var arguments: [String: HeaderValue] = [:]
        if let alternate = exchange.alternateExchange { arguments["alternate-exchange"] = .string(alternate) }
        amqp_exchange_declare(
            handle, Self.channel, arena.bytes(exchange.name), arena.bytes(exchange.kind.rawValue), passive ? 1 : 0, 1,
            0,
            0, arena.table(passive ? [:] : arguments))
        try checkLastReply("declaring exchange '\(exchange.name)'")
        amqp_maybe_release_buffers(handle)
    }

    func declare(_ queue: QueueDescription) throws(BrokerError) {
        defer { arena.reset() }
        amqp_queue_declare(
            handle, Self.channel, arena.bytes(queue.name), 0, 1, 0, queue.isAutoDelete == true ? 1 : 0,
            arena.table(queue.arguments))
        try checkLastReply("declaring queue '\(queue.name)'")
        amqp_maybe_release_buffers(handle)
    }

    /// Counts of a queue by a passive declaration.
    func status(ofQueue name: String) throws(BrokerError) -> QueueStatus {
        defer { arena.reset() }
        let answer = amqp_queue_declare(
            handle, Self.channel, arena.bytes(name), 1, 1, 0, 0, amqp_table_t(num_entries: 0, entries: nil))
        try checkLastReply("asking for queue '\(name)'")
        guard let counts = answer?.pointee else { throw .connectionLost("the broker's answer was empty") }
        amqp_maybe_release_buffers(handle)
        return QueueStatus(name: name, ready: Int(counts.message_count), consumers: Int(counts.consumer_count))
    }

    func bind(_ binding: BindingDescription) throws(BrokerError) {
        defer { arena.reset() }
        amqp_queue_bind(
            handle, Self.channel, arena.bytes(binding.queue), arena.bytes(binding.exchange),
            arena.bytes(binding.routingKey), amqp_table_t(num_entries: 0, entries: nil))
        try checkLastReply("binding queue '\(binding.queue)' to exchange '\(binding.exchange)'")
        amqp_maybe_release_buffers(handle)
    }

    func unbind(_ binding: BindingDescription) throws(BrokerError) {
        defer { arena.reset() }
        amqp_queue_unbind(
            handle, Self.channel, arena.bytes(binding.queue), arena.bytes(binding.exchange),
            arena.bytes(binding.routingKey), amqp_table_t(num_entries: 0, entries: nil))
        try checkLastReply("unbinding queue '\(binding.queue)' from exchange '\(binding.exchange)'")
        amqp_maybe_release_buffers(handle)
    }

    func purge(queue: String) throws(BrokerError) -> Int {
        defer { arena.reset() }
        let answer = amqp_queue_purge(handle, Self.channel, arena.bytes(queue))
        try checkLastReply("purging queue '\(queue)'")
        let count = answer.map { Int($0.pointee.message_count) } ?? 0
        amqp_maybe_release_buffers(handle)
        return count
    }

    func delete(queue: String) throws(BrokerError) {
        defer { arena.reset() }
        amqp_queue_delete(handle, Self.channel, arena.bytes(queue), 0, 0)
        try checkLastReply("deleting queue '\(queue)'")
        amqp_maybe_release_buffers(handle)
    }

    func delete(exchange: String) throws(BrokerError) {
        defer { arena.reset() }
        amqp_exchange_delete(handle, Self.channel, arena.bytes(exchange), 0)
        try checkLastReply("deleting exchange '\(exchange)'")
        amqp_maybe_release_buffers(handle)
    }
}
