internal import CRabbitMQ

/// Puts frames together to events. rabbitmq-c could read whole messages itself, but only by waiting without limit
/// for each next frame, and by allocating whatever body size the peer announces.
struct AMQPFrameReader {
    private enum Kind {
        case delivery(number: UInt64, consumer: Int, isRedelivered: Bool)
        case returned(code: Int, text: String)
    }

    private let maximumBodyBytes: Int
    private var kind: Kind?
    private var message = AMQPMessage(exchange: "", routingKey: "", properties: MessageProperties(), body: [])
    private var expectedBytes: UInt64 = 0
    private var receivedBytes: UInt64 = 0
    private var awaitsBody = false
    private var exchangeText = TextCache()
    private var routingKeyText = TextCache()

    init(maximumBodyBytes: Int) { self.maximumBodyBytes = maximumBodyBytes }

    /// Takes one frame of channel 0 or 1.
    ///
    /// - Returns: An event if the frame completes one.
    /// - Throws: `BrokerError` if the broker closes the channel or the connection, or does not keep to the protocol.
    mutating func read(_ frame: inout amqp_frame_t) throws(BrokerError) -> AMQPEvent? {
        switch frame.frame_type {
        case oncorelay_amqp_frame_method: return try readMethod(&frame)
        case oncorelay_amqp_frame_header:
            guard kind != nil, !awaitsBody else { throw Self.outOfOrder("content header") }
            expectedBytes = oncorelay_amqp_body_size(&frame)
            receivedBytes = 0
            awaitsBody = true
            message.properties = MessageProperties(oncorelay_amqp_properties(&frame).pointee)
            message.body = []
            if expectedBytes <= UInt64(maximumBodyBytes) { message.body.reserveCapacity(Int(expectedBytes)) }
            return expectedBytes == 0 ? complete() : nil
        case oncorelay_amqp_frame_body:
            guard awaitsBody else { throw Self.outOfOrder("content body") }
            let fragment = oncorelay_amqp_body_fragment(&frame)
            receivedBytes += UInt64(fragment.len)
            guard receivedBytes <= expectedBytes else { throw Self.outOfOrder("body beyond its announced size") }
            if expectedBytes <= UInt64(maximumBodyBytes) {
                message.body.append(contentsOf: UnsafeRawBufferPointer(start: fragment.bytes, count: fragment.len))
            }
            return receivedBytes == expectedBytes ? complete() : nil
        default: return nil
        }
    }

    private static func outOfOrder(_ what: String) -> BrokerError {
        .connectionLost("the broker sent a \(what) out of order")
    }

    private mutating func complete() -> AMQPEvent? {
        defer {
            kind = nil
            awaitsBody = false
            message.body = []
        }
        switch kind {
        case .delivery(let number, let consumer, let isRedelivered):
            if expectedBytes > UInt64(maximumBodyBytes) { return .oversized(number: number, bytes: expectedBytes) }
            return .delivered(number: number, consumer: consumer, isRedelivered: isRedelivered, message: message)
        case .returned(let code, let text): return .returned(code: code, text: text, message: message)
        case nil: return nil
        }
    }

    private mutating func readMethod(_ frame: inout amqp_frame_t) throws(BrokerError) -> AMQPEvent? {
        let identifier = oncorelay_amqp_method_id(&frame)
        guard let method = oncorelay_amqp_method(&frame) else { return nil }
        switch identifier {
        case oncorelay_amqp_basic_deliver:
            guard kind == nil else { throw Self.outOfOrder("delivery") }
            let deliver = method.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            begin(
                .delivery(
                    number: deliver.delivery_tag, consumer: Self.consumerIndex(deliver.consumer_tag),
                    isRedelivered: deliver.redelivered != 0),
                deliver.exchange, deliver.routing_key)
            return nil
        case oncorelay_amqp_basic_return:
            guard kind == nil else { throw Self.outOfOrder("return") }
            let returned = method.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
            begin(
                .returned(code: Int(returned.reply_code), text: String(returned.reply_text)), returned.exchange,
                returned.routing_key)
            return nil
        case oncorelay_amqp_basic_ack:
            let ack = method.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .acknowledged(number: ack.delivery_tag, multiple: ack.multiple != 0)
        case oncorelay_amqp_basic_nack:
            let nack = method.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .refused(number: nack.delivery_tag, multiple: nack.multiple != 0)
        case oncorelay_amqp_basic_cancel:
            return .consumerCancelled(
                tag: String(method.assumingMemoryBound(to: amqp_basic_cancel_t.self).pointee.consumer_tag))
        case oncorelay_amqp_connection_blocked:
            return .blocked(
                reason: String(method.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee.reason))
        case oncorelay_amqp_connection_unblocked: return .unblocked
        case oncorelay_amqp_channel_close:
            let close = method.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            throw .channelClosed(code: Int(close.reply_code), text: String(close.reply_text))
        case oncorelay_amqp_connection_close:
            let close = method.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            throw .connectionLost("closed by the broker (\(close.reply_code)): \(String(close.reply_text))")
        default: return nil
        }
    }

    /// Begins a message that basic.get fetched; its method frame is the answer to the call.
    mutating func beginFetched(number: UInt64, isRedelivered: Bool, exchange: amqp_bytes_t, routingKey: amqp_bytes_t) {
        begin(.delivery(number: number, consumer: -1, isRedelivered: isRedelivered), exchange, routingKey)
    }

    private mutating func begin(_ kind: Kind, _ exchange: amqp_bytes_t, _ routingKey: amqp_bytes_t) {
        self.kind = kind
        awaitsBody = false
        message.exchange = exchangeText(exchange)
        message.routingKey = routingKeyText(routingKey)
    }

    /// Our consumer tags read "<index of the queue>.<generation>".
    private static func consumerIndex(_ tag: amqp_bytes_t) -> Int {
        var index = 0
        for byte in UnsafeRawBufferPointer(start: tag.bytes, count: tag.len) {
            guard byte >= 48, byte <= 57 else { break }
            index = index * 10 + Int(byte - 48)
        }
        return index
    }
}
