import Contracts
import Messaging

/// The parking queues, walked through without taking anything out of them.
struct ParkingQueues: Sendable {
    let broker: any Broker
    let names: [String]
    /// Messages are fetched so many at a time, so that large queues do not fill the memory.
    private let batch = 16

    init(broker: any Broker, _ source: ParkingSource? = nil) {
        self.broker = broker
        names = source.map { [$0.queue] } ?? QueueName.allParking
    }

    /// What was done with a message.
    struct Visit {
        /// It was acknowledged, and so is gone.
        var isTaken = false
        /// No other is to be looked at.
        var isLast = false
    }

    /// Shows `visit` each message that is there now, in order, with its position in its queue.
    ///
    /// Whatever `visit` does not take goes back untouched and in order, though the broker may put it at the queue's
    /// end (RabbitMQ 3.10 does so where a queue has no delivery limit, and a parking queue has none). What arrives
    /// meanwhile is not looked at, so that a message that is replayed and parked again is not met twice.
    ///
    /// - Throws: `BrokerError`; `missing` where a parking queue does not exist.
    func walk(_ visit: (Delivery, Int, any TopologyAdministrator) async throws -> Visit) async throws {
        // Before anything is fetched: looking for a queue that is missing costs the connection.
        let counts = try await TopologyWork.withAdministrator(of: broker) { try await $0.queueStatus(names) }
        if let absent = names.first(where: { name in !counts.contains { $0.name == name } }) {
            throw BrokerError.missing("queue '\(absent)' does not exist")
        }
        try await TopologyWork.withAdministrator(of: broker) { administrator in
            for queue in counts where queue.ready > 0 {
                if try await walk(queue, administrator, visit) { return }
            }
        }
    }

    /// - Returns: Whether no other queue is to be looked at.
    private func walk(
        _ queue: QueueStatus, _ administrator: any TopologyAdministrator,
        _ visit: (Delivery, Int, any TopologyAdministrator) async throws -> Visit
    ) async throws -> Bool {
        var kept: [Delivery] = []
        var index = 0
        var isOver = false
        while index < queue.ready, !isOver {
            let wanted = min(batch, queue.ready - index)
            let deliveries = try await administrator.fetch(from: queue.name, limit: wanted)
            for delivery in deliveries {
                try Task.checkCancellation()
                var result = Visit()
                if !isOver { result = try await visit(delivery, index, administrator) }
                if !result.isTaken { kept.append(delivery.withoutBody) }
                isOver = isOver || result.isLast
                index += 1
            }
            // Somebody else took the rest.
            if deliveries.count < wanted { break }
        }
        for delivery in kept { try await administrator.requeue(delivery) }
        return isOver
    }
}

extension Delivery {
    /// What it takes to give the delivery back.
    fileprivate var withoutBody: Delivery {
        Delivery(
            queue: queue, exchange: exchange, routingKey: routingKey, isRedelivered: isRedelivered, body: [],
            properties: MessageProperties(), tag: tag)
    }
}

/// Whose parked messages are meant: those of a stage, or those that no queue wanted.
enum ParkingSource: Sendable, Equatable {
    case stage(StageName)
    case unrouted

    var queue: String {
        switch self {
        case .stage(let stage): QueueName.parking(stage)
        case .unrouted: QueueName.parkingUnrouted
        }
    }
}
