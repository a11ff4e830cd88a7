/// Publishes in order with at most `window` publications unconfirmed, and accounts for every one of them.
final class PublisherLoop: ConnectionLoop<RabbitMQPublisher.Message> {
    private struct Item {
        let batch: PublishBatch
        let index: Int
        var publication: Publication { batch.publications[index] }
    }

    private struct Sent {
        let item: Item
        let time: Instant
        var isSettled = false
        /// basic.return comes before the basic.ack of the same publication.
        var returned: PublishError.Reason?
    }

    private var queued = FIFO<Item>()
    /// Publications in the order of their sequence numbers, from `firstNumber` on.
    private var sent = FIFO<Sent>()
    private var firstNumber: UInt64 = 1
    private var unconfirmed = 0
    /// Batches in the order of their deadlines.
    private var batches = FIFO<PublishBatch>()
    private var blockedReason: String?
    /// Since when the broker has been taking publications; time spent blocked does not count as waiting.
    private var openSince = Instant.now
    /// Grows with each stall, so that a slow broker is not flooded with repetitions.
    private var patience: Duration
    /// After the broker closed the channel, so many publications go out one at a time, until the culprit is found.
    private var suspects = 0
    private var isSocketFull = false
    private var closers: [CheckedContinuation<Void, Never>] = []

    /// How many bytes may be written before asking whether the socket takes more.
    private static let writeBurst = 64 * 1024

    override init(
        _ configuration: BrokerConfiguration, role: String, mailbox: Mailbox<RabbitMQPublisher.Message>,
        states: ConnectionStates
    ) {
        patience = configuration.confirmPatience
        super.init(configuration, role: role, mailbox: mailbox, states: states)
    }

    override func prepare(_ connection: AMQPConnection) throws(BrokerError) {
        try connection.selectConfirms()
        firstNumber = 1
        blockedReason = nil
        isSocketFull = false
    }

    override func receive(_ message: RabbitMQPublisher.Message) {
        switch message {
        case .publish(let batch):
            batch.submit()
            batches.append(batch)
            for index in batch.publications.indices { queued.append(Item(batch: batch, index: index)) }
        case .cancel(let batch): batch.cancel()
        case .close(let continuation):
            closers.append(continuation)
            isClosing = true
        case .abandon: isClosing = true
        }
    }

    // MARK: - Writing

    override var wantsToWrite: Bool { isSocketFull }

    override func write(to connection: AMQPConnection) throws(BrokerError) {
        guard !isClosing, blockedReason == nil, !queued.isEmpty else { return }
        let window = suspects > 0 ? 1 : configuration.window
        var burst = isSocketFull ? Self.writeBurst : 0
        let isMany = queued.count > 1 && window > 1
        if isMany { connection.setCork(true) }
        defer { if isMany { connection.setCork(false) } }
        // Confirmations may come out of order: bound the distance to the oldest, too.
        while unconfirmed < window, sent.count < window * 4, let item = queued.popFirst() {
            guard item.batch.isOpen(item.index) else { continue }
            if burst >= Self.writeBurst {
                isSocketFull = !connection.isWritable
                if isSocketFull {
                    queued.prepend(item)
                    return
                }
                burst = 0
            }
            sent.append(Sent(item: item, time: .now))
            unconfirmed += 1
            try connection.publish(item.publication)
            burst += item.publication.body.count + 512
        }
    }

    // MARK: - Answers

    override func handle(_ event: AMQPEvent, _ connection: AMQPConnection) throws(BrokerError) {
        switch event {
        case .acknowledged(let number, let multiple):
            settle(upTo: number, multiple) { sent in
                if let reason = sent.returned {
                    sent.item.batch.fail(sent.item.index, reason)
                } else {
                    sent.item.batch.confirm(sent.item.index)
                }
            }
        case .refused(let number, let multiple):
            settle(upTo: number, multiple) { sent in
                sent.item.batch.fail(
                    sent.item.index,
                    sent.returned ?? .refused("a queue that it is routed to is full or lost its leader (basic.nack)"))
            }
        case .returned(let code, let text, let message): markReturned(message, .returned(code: code, text: text))
        case .blocked(let reason): blockedReason = reason
        case .unblocked:
            blockedReason = nil
            openSince = .now
        case .delivered, .oversized, .consumerCancelled: break
        }
    }

    private func settle(upTo number: UInt64, _ multiple: Bool, _ body: (Sent) -> Void) {
        // Number 0 with `multiple` means everything so far (AMQP 0-9-1, basic.ack).
        let last = number == 0 ? sent.count - 1 : Int(truncatingIfNeeded: number &- firstNumber)
        guard last >= 0, last < sent.count else { return }
        patience = configuration.confirmPatience
        for offset in (multiple ? 0 : last)...last where !sent[offset].isSettled {
            sent[offset].isSettled = true
            unconfirmed -= 1
            if suspects > 0 { suspects -= 1 }
            body(sent[offset])
        }
        while sent.first?.isSettled == true {
            _ = sent.popFirst()
            firstNumber += 1
        }
        while batches.first?.isDone == true { _ = batches.popFirst() }
    }

    /// A return does not say which publication it belongs to. Returns come in the order of publishing, so it is the
    /// first that has the same address and ID and was not returned yet.
    private func markReturned(_ message: AMQPMessage, _ reason: PublishError.Reason) {
        for offset in 0..<sent.count where !sent[offset].isSettled && sent[offset].returned == nil {
            let publication = sent[offset].item.publication
            if publication.routingKey == message.routingKey, publication.exchange == message.exchange,
                publication.properties.messageID == message.properties.messageID,
                publication.body == message.body
            {
                sent[offset].returned = reason
                return
            }
        }
    }

    // MARK: - Losses

    override func disconnected(_ reason: BrokerError) {
        let open = sent.removeAll().filter { !$0.isSettled }
        unconfirmed = 0
        firstNumber = 1
        blockedReason = nil
        isSocketFull = false
        if case .channelClosed(let code, let text) = reason {
            // What the broker objects to would close every further channel, so it must be found and failed.
            if open.count == 1 {
                open[0].item.batch.fail(open[0].item.index, .refused("\(text) (\(code))"))
                suspects = max(0, suspects - 1)
                reconnectAtOnce()
                return
            }
            suspects = open.count
            reconnectAtOnce()
        }
        queued.prepend(contentsOf: open.map(\.item))
    }

    override var deadline: Instant? {
        guard let stall = stallDeadline else { return batches.first?.deadline }
        return batches.first.map { min($0.deadline, stall) } ?? stall
    }

    /// When the oldest unconfirmed publication has waited too long on a connection that seems sound: its confirmation
    /// got lost, or the channel hangs on a queue that lost its leader. A new channel starts afresh.
    private var stallDeadline: Instant? {
        guard connection != nil, blockedReason == nil, let oldest = sent.first else { return nil }
        return max(oldest.time, openSince).advanced(by: patience)
    }

    override func deadlinePassed() {
        let now = Instant.now
        while let batch = batches.first, batch.isDone || batch.deadline <= now {
            _ = batches.popFirst()
            if batch.isDone { continue }
            if let blockedReason {
                batch.failAll(.blocked(blockedReason))
            } else if connection == nil {
                batch.failAll(.notConfirmed(lastProblem.description))
            } else {
                batch.failAll(.notConfirmed("no confirmation within \(configuration.confirmTimeout)"))
            }
        }
        if let stall = stallDeadline, stall <= now {
            lose(.connectionLost("publications were not confirmed for \(patience); they are published again"))
            patience = min(patience * 2, configuration.confirmTimeout)
            reconnectAtOnce()
        }
    }

    override func finish(_ leftOver: [RabbitMQPublisher.Message]) {
        for message in leftOver { receive(message) }
        for batch in batches.removeAll() { batch.failAll(.notConfirmed("the publisher was closed")) }
        for closer in closers { closer.resume() }
    }
}
