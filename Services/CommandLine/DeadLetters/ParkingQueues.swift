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

    /// Whether to look at the next message, too.
    enum Course {
        case onward
        case enough
    }

    /// Shows `visit` each message that is there now, in order, with its position in its queue.
    ///
    /// Whatever `visit` does not acknowledge goes back untouched. What arrives meanwhile is not looked at, so that
    /// a message that is replayed and parked again is not met twice.
    ///
    /// - Throws: `BrokerError`; `missing` where a parking queue does not exist.
    func walk(
        _ visit: (Delivery, Int, any TopologyAdministrator) async throws -> Course
    ) async throws {
        // Before anything is fetched: looking for a queue that is missing costs the connection.
        let counts = try await TopologyWork.withAdministrator(of: broker) { try await $0.queueStatus(names) }
        if let absent = names.first(where: { name in !counts.contains { $0.name == name } }) {
            throw BrokerError.missing("queue '\(absent)' does not exist")
        }
        try await TopologyWork.withAdministrator(of: broker) { administrator in
            for queue in counts where queue.ready > 0 {
                var index = 0
                while index < queue.ready {
                    let wanted = min(batch, queue.ready - index)
                    let deliveries = try await administrator.fetch(from: queue.name, limit: wanted)
                    for delivery in deliveries {
                        try Task.checkCancellation()
                        if try await visit(delivery, index, administrator) == .enough { return }
                        index += 1
                    }
                    // Somebody else took the rest.
                    if deliveries.count < wanted { break }
                }
            }
        }
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
