import Contracts
import Messaging
import ServiceRuntime

/// What runs: the broker's queues, and how the studies stand.
struct SystemStatus: Encodable, Sendable, Equatable {
    struct Queue: Encodable, Sendable, Equatable {
        var name: String
        /// Messages that wait.
        var ready: Int
        /// Messages that somebody has in hand; nil where nobody can tell (AMQP cannot, RabbitMQ's HTTP API can).
        var unacknowledged: Int?
        var consumers: Int

        private enum CodingKeys: String, CodingKey { case name, ready, unacknowledged, consumers }

        /// The keys are fixed: what is not known is null.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .name)
            try container.encode(ready, forKey: .ready)
            try container.encode(unacknowledged, forKey: .unacknowledged)
            try container.encode(consumers, forKey: .consumers)
        }
    }

    /// Counts of studies; all but `parked` come from aggregation's ledger and are nil without it.
    struct Studies: Encodable, Sendable, Equatable {
        var inFlight: Int?
        var final: Int?
        var partial: Int?
        var failed: Int?
        var rejected: Int?
        /// Messages in parking queues.
        var parked: Int

        private enum CodingKeys: String, CodingKey { case inFlight, final, partial, failed, rejected, parked }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(inFlight, forKey: .inFlight)
            try container.encode(final, forKey: .final)
            try container.encode(partial, forKey: .partial)
            try container.encode(failed, forKey: .failed)
            try container.encode(rejected, forKey: .rejected)
            try container.encode(parked, forKey: .parked)
        }
    }

    var queues: [Queue]
    var studies: Studies
    /// Queues of the topology that the broker does not have.
    var missing: [String]
    /// What could not be learned, and how it could.
    var notes: [String]

    private enum CodingKeys: String, CodingKey { case queues, studies }

    /// Asks the broker, and where they are given, its HTTP API and the ledger.
    ///
    /// - Parameters:
    ///   - broker: A connection is opened and closed.
    ///   - unacknowledged: Answers with messages in hand by queue.
    ///   - ledger: Answers with the studies' counts.
    /// - Returns: What could be learned, and notes on what could not.
    /// - Throws: `BrokerError`; the other two only leave a note.
    static func read(
        broker: any Broker, unacknowledged: (@Sendable () async throws -> [String: Int])? = nil,
        ledger: (@Sendable () async throws -> StudyCounts)? = nil
    ) async throws -> SystemStatus {
        let names = OncoRelayTopology.description.queues.map(\.name)
        let counts = try await TopologyWork.withAdministrator(of: broker) { try await $0.queueStatus(names) }
        var notes: [String] = []
        let inHand = await ask(
            unacknowledged, "messages in hand", &notes,
            absent: "unacknowledged: AMQP cannot tell; give the address of RabbitMQ's HTTP API (--management-url, "
                + "\(ManagementAPI.variable))")
        let studies = await ask(
            ledger, "studies", &notes,
            absent: "studies: only aggregation's ledger knows; name its file (\(SettingsKey.ledger.spellings))")
        let parking = Set(QueueName.allParking)
        let present = Set(counts.map(\.name))
        return SystemStatus(
            queues: counts.map { queue in
                Queue(
                    name: queue.name, ready: queue.ready, unacknowledged: inHand.map { $0[queue.name] ?? 0 },
                    consumers: queue.consumers)
            },
            studies: Studies(
                inFlight: studies?.inFlight, final: studies?.final, partial: studies?.partial, failed: studies?.failed,
                rejected: studies?.rejected,
                parked: counts.filter { parking.contains($0.name) }.reduce(0) { $0 + $1.ready }),
            missing: names.filter { !present.contains($0) }, notes: notes)
    }

    private static func ask<Value>(
        _ source: (@Sendable () async throws -> Value)?, _ what: String, _ notes: inout [String], absent: String
    ) async -> Value? {
        guard let source else {
            notes.append(absent)
            return nil
        }
        do {
            return try await source()
        } catch {
            notes.append("\(what): \(CommandFailure(error)?.message ?? "\(error)")")
            return nil
        }
    }
}

/// How many studies aggregation's ledger holds, by how they stand.
struct StudyCounts: Sendable, Equatable {
    var inFlight: Int
    var final: Int
    var partial: Int
    var failed: Int
    var rejected: Int
}
