/// Runs jobs on an administrator's connection, and opens a new one whenever the broker closed it over an error: a
/// question after something that does not exist counts as one.
final class AdministratorLoop: ConnectionLoop<RabbitMQAdministrator.Message> {
    private var closers: [CheckedContinuation<Void, Never>] = []

    override func receive(_ message: RabbitMQAdministrator.Message) {
        switch message {
        case .perform(let job): job(self)
        case .close(let continuation):
            closers.append(continuation)
            isClosing = true
        case .abandon: isClosing = true
        }
    }

    override func finish(_ leftOver: [RabbitMQAdministrator.Message]) {
        for message in leftOver {
            switch message {
            case .perform(let job): job(nil)
            case .close(let continuation): closers.append(continuation)
            case .abandon: break
            }
        }
        for closer in closers { closer.resume() }
    }

    /// Runs `body` with a connection that stands, once more on a new one if the old one turns out to be lost.
    func withConnection<Answer>(
        _ body: (AMQPConnection) throws(BrokerError) -> Answer
    ) throws(BrokerError) -> Answer {
        for attempt in 1...2 {
            let isFresh = connection == nil
            if isFresh, let problem = connect() { throw problem }
            guard let connection else { throw lastProblem }
            do {
                return try body(connection)
            } catch {
                lose(error)
                reconnectAtOnce()
                if case .connectionLost = error, attempt == 1, !isFresh { continue }
                throw error
            }
        }
        throw lastProblem
    }

    /// nil if the queue does not exist.
    func status(ofQueue name: String) throws(BrokerError) -> QueueStatus? {
        do {
            return try withConnection { connection throws(BrokerError) in try connection.status(ofQueue: name) }
        } catch .channelClosed(code: 404, _) {
            return nil
        }
    }

    func exists(_ exchange: ExchangeDescription) throws(BrokerError) -> Bool {
        do {
            try withConnection { connection throws(BrokerError) in try connection.declare(exchange, passive: true) }
            return true
        } catch .channelClosed(code: 404, _) {
            return false
        }
    }

    func apply(_ topology: TopologyDescription) throws(BrokerError) -> [TopologyChange] {
        var changes: [TopologyChange] = []
        var conflicts: [TopologyDifference] = []
        var new: Set<String> = []
        for exchange in topology.exchanges {
            let isNew = try !exists(exchange)
            let detail = try inequivalence { connection throws(BrokerError) in
                try connection.declare(exchange, passive: false)
            }
            if let detail {
                conflicts.append(.inequivalent(name: exchange.name, detail: detail))
            } else if isNew {
                changes.append(.declaredExchange(exchange.name))
                new.insert(exchange.name)
            }
        }
        for queue in topology.queues {
            let isNew = try status(ofQueue: queue.name) == nil
            let detail = try inequivalence { connection throws(BrokerError) in try connection.declare(queue) }
            if let detail {
                conflicts.append(.inequivalent(name: queue.name, detail: detail))
            } else if isNew {
                changes.append(.declaredQueue(queue.name))
                new.insert(queue.name)
            }
        }
        if !conflicts.isEmpty { throw .topologyConflict(conflicts) }
        for binding in topology.bindings {
            try withConnection { connection throws(BrokerError) in try connection.bind(binding) }
            if new.contains(binding.exchange) || new.contains(binding.queue) { changes.append(.bound(binding)) }
        }
        return changes
    }

    /// What the broker says if something exists with other arguments; nil if it does not.
    private func inequivalence(
        _ declare: (AMQPConnection) throws(BrokerError) -> Void
    ) throws(BrokerError) -> String? {
        do {
            try withConnection(declare)
            return nil
        } catch .channelClosed(code: 406, let text) {
            return text
        }
    }
}
