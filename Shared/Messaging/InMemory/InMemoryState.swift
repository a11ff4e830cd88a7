/// Exchanges, queues, consumers and what is in hand. Lives behind the broker's lock; what is to happen after the lock
/// is released (tasks to resume, timers to set) is gathered in `effects`.
struct InMemoryState {
    struct Exchange {
        let description: ExchangeDescription
        var bindings: [(binding: BindingDescription, pattern: RoutingKeyPattern)] = []
    }

    struct Consumer {
        let queues: [String]
        var prefetch: Int
        var inHand: [String: Int] = [:]
        var waiters: [(identifier: UInt64, continuation: CheckedContinuation<Delivery?, any Error>)] = []
        var cancelled: Set<UInt64> = []
        var isStopped = false
    }

    struct Effects {
        var resumptions: [(CheckedContinuation<Delivery?, any Error>, Delivery?)] = []
        var timers: [(queue: String, at: Instant)] = []
    }

    var exchanges: [String: Exchange] = [:]
    var queues: [String: InMemoryQueue] = [:]
    var consumers: [UInt64: Consumer] = [:]
    var inHand: [UInt64: (queue: String, owner: UInt64, message: StoredMessage)] = [:]
    var effects = Effects()
    private var lastNumber: UInt64 = 0

    mutating func makeNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    // MARK: - Publishing

    /// - Returns: Why the publication failed, or nil.
    mutating func publish(_ publication: Publication) -> PublishError.Reason? {
        guard publication.exchange.isEmpty || exchanges[publication.exchange] != nil else {
            return .refused("no exchange '\(publication.exchange)' (404)")
        }
        let targets = route(publication.exchange, publication.routingKey)
        if targets.isEmpty {
            return publication.isMandatory ? .returned(code: 312, text: "NO_ROUTE") : nil
        }
        var refusing: String?
        for target in targets where !enqueue(StoredMessage(publication), to: target, ignoringLimit: false) {
            refusing = target
        }
        return refusing.map { .refused("queue '\($0)' is full (basic.nack)") }
    }

    /// The queues that a message goes to, each once; those of the alternate exchange if there are none.
    private func route(_ exchange: String, _ key: String) -> [String] {
        if exchange.isEmpty { return queues[key] == nil ? [] : [key] }
        var visited: Set<String> = []
        var name: String? = exchange
        while let current = name, visited.insert(current).inserted, let exchange = exchanges[current] {
            let words = exchange.description.kind == .topic ? RoutingKeyPattern.words(key) : []
            var targets: [String] = []
            for (binding, pattern) in exchange.bindings where !targets.contains(binding.queue) {
                let isMatch =
                    switch exchange.description.kind {
                    case .topic: pattern.matches(words)
                    case .direct: binding.routingKey == key
                    case .fanout: true
                    }
                if isMatch, queues[binding.queue] != nil { targets.append(binding.queue) }
            }
            if !targets.isEmpty { return targets }
            name = exchange.description.alternateExchange
        }
        return []
    }

    private mutating func enqueue(_ message: StoredMessage, to name: String, ignoringLimit: Bool) -> Bool {
        guard let queue = queues[name] else { return true }
        if queue.isFull, !ignoringLimit {
            if queue.description.overflowRejectPublish == true { return false }
            if let oldest = queues[name]?.ready.popFirst() { die(oldest, in: name, .maximumLength) }
        }
        queues[name]?.append(message)
        serve(name)
        setTimer(name)
        return true
    }

    // MARK: - Dead letters

    mutating func die(_ message: StoredMessage, in name: String, _ reason: DeathRecord.Reason) {
        guard let description = queues[name]?.description, let exchange = description.deadLetterExchange else { return }
        let dead = message.deadLettered(
            from: name, reason: reason, exchange: exchange, routingKey: description.deadLetterRoutingKey)
        for target in route(exchange, dead.routingKey) where reason == .rejected || !dead.wouldCycle(into: target) {
            // At-least-once dead-lettering waits for room; here a dead letter finds room always.
            _ = enqueue(dead, to: target, ignoringLimit: true)
        }
    }

    /// Lets messages whose time is over die; as in RabbitMQ only from the head of the queue.
    mutating func expire(_ name: String) {
        let now = Instant.now
        while let expiry = queues[name]?.ready.first?.expiry, expiry <= now,
            let message = queues[name]?.ready.popFirst()
        {
            die(message, in: name, .expired)
        }
    }

    mutating func timerFired(_ name: String) {
        queues[name]?.isTimerSet = false
        expire(name)
        setTimer(name)
    }

    private mutating func setTimer(_ name: String) {
        guard let queue = queues[name], !queue.isTimerSet, let expiry = queue.ready.first?.expiry else { return }
        queues[name]?.isTimerSet = true
        effects.timers.append((name, expiry))
    }

    // MARK: - Consuming

    /// Takes the first message of a queue for `owner`.
    mutating func take(from name: String, owner: UInt64) -> Delivery? {
        expire(name)
        guard let message = queues[name]?.ready.popFirst(), let kind = queues[name]?.description.kind else {
            return nil
        }
        let number = makeNumber()
        inHand[number] = (name, owner, message)
        var properties = message.properties
        if kind == .quorum, message.deliveryCount > 0 {
            properties.headers["x-delivery-count"] = .int(Int64(message.deliveryCount))
        }
        return Delivery(
            queue: name, exchange: message.exchange, routingKey: message.routingKey,
            isRedelivered: message.isRedelivered, body: message.body, properties: properties,
            tag: DeliveryTag(epoch: owner, number: number))
    }

    /// The next delivery for a consumer, of its earliest queue that has one and whose prefetch is not used up.
    mutating func take(for identifier: UInt64) -> Delivery? {
        guard let consumer = consumers[identifier], !consumer.isStopped else { return nil }
        for queue in consumer.queues where consumer.inHand[queue, default: 0] < consumer.prefetch {
            if let delivery = take(from: queue, owner: identifier) {
                consumers[identifier]?.inHand[queue, default: 0] += 1
                return delivery
            }
        }
        return nil
    }

    /// Hands messages of a queue to consumers that wait, in turn.
    mutating func serve(_ name: String) {
        var tries = queues[name]?.consumers.count ?? 0
        while tries > 0, queues[name]?.ready.isEmpty == false, let identifier = queues[name]?.consumers.first {
            queues[name]?.consumers.removeFirst()
            queues[name]?.consumers.append(identifier)
            guard consumers[identifier]?.waiters.isEmpty == false, let delivery = take(for: identifier) else {
                tries -= 1
                continue
            }
            if let waiter = consumers[identifier]?.waiters.removeFirst() {
                effects.resumptions.append((waiter.continuation, delivery))
            }
        }
    }

    /// Ends a delivery's being in hand.
    mutating func settle(_ tag: DeliveryTag) -> (queue: String, message: StoredMessage)? {
        guard let entry = inHand[tag.number], entry.owner == tag.epoch else { return nil }
        inHand[tag.number] = nil
        if let count = consumers[entry.owner]?.inHand[entry.queue] {
            consumers[entry.owner]?.inHand[entry.queue] = count - 1
        }
        return (entry.queue, entry.message)
    }

    mutating func putBack(_ message: StoredMessage, to name: String) {
        if let dead = queues[name]?.putBack(message) { die(dead, in: name, .deliveryLimit) }
        setTimer(name)
    }

    /// Puts everything back that `owner` has in hand, keeping its order.
    mutating func putBackAll(of owner: UInt64) {
        let numbers = inHand.filter { $0.value.owner == owner }.keys.sorted(by: >)
        var touched: Set<String> = []
        for number in numbers {
            guard let entry = inHand.removeValue(forKey: number) else { continue }
            putBack(entry.message, to: entry.queue)
            touched.insert(entry.queue)
        }
        for queue in touched { serve(queue) }
    }

    mutating func stop(_ identifier: UInt64) {
        guard let consumer = consumers[identifier] else { return }
        consumers[identifier]?.isStopped = true
        consumers[identifier]?.waiters = []
        for waiter in consumer.waiters { effects.resumptions.append((waiter.continuation, nil)) }
        for name in consumer.queues {
            queues[name]?.consumers.removeAll { $0 == identifier }
            if queues[name]?.description.isAutoDelete == true, queues[name]?.consumers.isEmpty == true {
                deleteQueue(name)
            }
        }
    }

    mutating func deleteQueue(_ name: String) {
        queues[name] = nil
        for exchange in exchanges.keys { exchanges[exchange]?.bindings.removeAll { $0.binding.queue == name } }
        inHand = inHand.filter { $0.value.queue != name }
    }
}
