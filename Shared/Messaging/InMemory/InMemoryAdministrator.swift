final class InMemoryAdministrator: TopologyAdministrator {
    private let broker: InMemoryBroker
    private let identifier: UInt64

    init(broker: InMemoryBroker, identifier: UInt64) {
        self.broker = broker
        self.identifier = identifier
    }

    func apply(_ topology: TopologyDescription) async throws -> [TopologyChange] {
        try broker.withState { state in
            let conflicts = Self.conflicts(topology, state)
            if !conflicts.isEmpty { throw BrokerError.topologyConflict(conflicts) }
            var changes: [TopologyChange] = []
            var new: Set<String> = []
            for exchange in topology.exchanges where state.exchanges[exchange.name] == nil {
                state.exchanges[exchange.name] = InMemoryState.Exchange(description: exchange)
                changes.append(.declaredExchange(exchange.name))
                new.insert(exchange.name)
            }
            for queue in topology.queues where state.queues[queue.name] == nil {
                state.queues[queue.name] = InMemoryQueue(queue)
                // Consumers that lost a queue of this name get it back.
                state.queues[queue.name]?.consumers = state.consumers.filter {
                    !$0.value.isStopped && $0.value.queues.contains(queue.name)
                }.keys.sorted()
                changes.append(.declaredQueue(queue.name))
                new.insert(queue.name)
            }
            for binding in topology.bindings {
                guard let exchange = state.exchanges[binding.exchange] else {
                    throw BrokerError.channelClosed(code: 404, text: "no exchange '\(binding.exchange)'")
                }
                guard state.queues[binding.queue] != nil else {
                    throw BrokerError.channelClosed(code: 404, text: "no queue '\(binding.queue)'")
                }
                if !exchange.bindings.contains(where: { $0.binding == binding }) {
                    state.exchanges[binding.exchange]?.bindings.append((binding, RoutingKeyPattern(binding.routingKey)))
                }
                if new.contains(binding.exchange) || new.contains(binding.queue) { changes.append(.bound(binding)) }
            }
            return changes
        }
    }

    private static func conflicts(_ topology: TopologyDescription, _ state: InMemoryState) -> [TopologyDifference] {
        let exchanges = topology.exchanges.compactMap { exchange -> TopologyDifference? in
            guard let existing = state.exchanges[exchange.name], existing.description != exchange else { return nil }
            return .inequivalent(name: exchange.name, detail: "kind or alternate exchange differs")
        }
        let queues = topology.queues.compactMap { queue -> TopologyDifference? in
            guard let existing = state.queues[queue.name]?.description, existing.arguments != queue.arguments else {
                return nil
            }
            let names = Set(existing.arguments.keys).union(queue.arguments.keys)
            let differing = names.filter { existing.arguments[$0] != queue.arguments[$0] }.sorted()
            return .inequivalent(name: queue.name, detail: "inequivalent arg \(differing.joined(separator: ", "))")
        }
        return exchanges + queues
    }

    func verify(_ topology: TopologyDescription) async throws -> [TopologyDifference] {
        broker.withState { state in
            topology.exchanges.filter { state.exchanges[$0.name] == nil }.map { .missingExchange($0.name) }
                + topology.queues.filter { state.queues[$0.name] == nil }.map { .missingQueue($0.name) }
        }
    }

    func queueStatus(_ queues: [String]) async throws -> [QueueStatus] {
        broker.withState { state in
            queues.compactMap { name in
                state.queues[name].map {
                    QueueStatus(name: name, ready: $0.ready.count, consumers: $0.consumers.count)
                }
            }
        }
    }

    func fetch(from queue: String, limit: Int) async throws -> [Delivery] {
        try broker.withState { state in
            guard state.queues[queue] != nil else {
                throw BrokerError.channelClosed(code: 404, text: "no queue '\(queue)'")
            }
            var deliveries: [Delivery] = []
            while deliveries.count < limit, let delivery = state.take(from: queue, owner: identifier) {
                deliveries.append(delivery)
            }
            return deliveries
        }
    }

    func acknowledge(_ delivery: Delivery) async throws { try settle(delivery, requeue: false) }

    func requeue(_ delivery: Delivery) async throws { try settle(delivery, requeue: true) }

    private func settle(_ delivery: Delivery, requeue: Bool) throws {
        try broker.withState { state in
            guard let (queue, message) = state.settle(delivery.tag) else {
                throw BrokerError.connectionLost("the fetched message is in hand no more; fetch it again")
            }
            if requeue {
                state.putBack(message, to: queue)
                state.serve(queue)
            }
        }
    }

    func purge(_ queue: String) async throws -> Int {
        broker.withState { state in state.queues[queue]?.ready.removeAll().count ?? 0 }
    }

    func deleteQueue(_ queue: String) async throws { broker.withState { $0.deleteQueue(queue) } }

    func deleteExchange(_ exchange: String) async throws { broker.withState { $0.exchanges[exchange] = nil } }

    func unbind(_ binding: BindingDescription) async throws {
        broker.withState { $0.exchanges[binding.exchange]?.bindings.removeAll { $0.binding == binding } }
    }

    func close() async { broker.withState { $0.putBackAll(of: identifier) } }
}
