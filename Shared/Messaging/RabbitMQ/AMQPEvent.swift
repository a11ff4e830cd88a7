/// What the broker said, as one whole: a message's three kinds of frames are put together first.
enum AMQPEvent {
    /// A delivery; `consumer` is the index of the queue in the consumer tag, or -1 for basic.get.
    case delivered(number: UInt64, consumer: Int, isRedelivered: Bool, message: AMQPMessage)
    /// A delivery whose body is larger than allowed; it was skipped.
    case oversized(number: UInt64, bytes: UInt64)
    /// An unroutable publication came back.
    case returned(code: Int, text: String, message: AMQPMessage)
    case acknowledged(number: UInt64, multiple: Bool)
    case refused(number: UInt64, multiple: Bool)
    /// The broker ended our consumer, since its queue was deleted or lost its leader.
    case consumerCancelled(tag: String)
    case blocked(reason: String)
    case unblocked
}

/// A message as it came in.
struct AMQPMessage {
    var exchange: String
    var routingKey: String
    var properties: MessageProperties
    var body: [UInt8]
}
