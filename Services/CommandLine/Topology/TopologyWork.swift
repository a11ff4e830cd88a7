import Messaging
import ServiceRuntime

/// What the topology commands do, apart from printing.
enum TopologyWork {
    /// Declares what is missing.
    ///
    /// - Throws: `BrokerError`; `topologyConflict` where something exists with other arguments.
    static func apply(
        _ topology: TopologyDescription = OncoRelayTopology.description, broker: any Broker
    ) async throws -> AppliedTopology {
        try await withAdministrator(of: broker) { administrator in
            AppliedTopology(changes: try await administrator.apply(topology), total: topology.queues.count)
        }
    }

    /// Checks what is there.
    ///
    /// - Throws: `BrokerError`.
    static func verify(
        _ topology: TopologyDescription = OncoRelayTopology.description, broker: any Broker
    ) async throws -> VerifiedTopology {
        try await withAdministrator(of: broker) { administrator in
            VerifiedTopology(differences: try await administrator.verify(topology), total: topology.queues.count)
        }
    }

    /// Opens a connection for administration and closes it whatever happens.
    static func withAdministrator<Value: Sendable>(
        of broker: any Broker, _ body: (any TopologyAdministrator) async throws -> Value
    ) async throws -> Value {
        let administrator = try await broker.makeAdministrator()
        do {
            let value = try await body(administrator)
            await administrator.close()
            return value
        } catch {
            await administrator.close()
            throw error
        }
    }
}

/// What `topology apply` made.
struct AppliedTopology: Encodable, Sendable {
    struct Creation: Encodable, Sendable, Equatable {
        var kind: String
        var name: String?
        var exchange: String?
        var queue: String?
        var routingKey: String?
    }

    var created: [Creation]
    /// The same for a person.
    var lines: [String]

    private enum CodingKeys: String, CodingKey { case created }

    init(changes: [TopologyChange], total: Int) {
        created = changes.map { change in
            switch change {
            case .declaredExchange(let name): Creation(kind: "exchange", name: name)
            case .declaredQueue(let name): Creation(kind: "queue", name: name)
            case .bound(let binding):
                Creation(
                    kind: "binding", exchange: binding.exchange, queue: binding.queue, routingKey: binding.routingKey)
            }
        }
        lines =
            changes.isEmpty
            ? ["nothing to do: all exchanges and all \(total) queues were there"]
            : changes.map(\.description)
    }
}

/// What `topology verify` found.
struct VerifiedTopology: Encodable, Sendable {
    struct Difference: Encodable, Sendable, Equatable {
        var kind: String
        var name: String
        var detail: String
    }

    var verified: Bool
    var differences: [Difference]
    /// The same for a person.
    var lines: [String]

    private enum CodingKeys: String, CodingKey { case verified, differences }

    init(differences found: [TopologyDifference], total: Int) {
        verified = found.isEmpty
        differences = found.map { difference in
            let detail = difference.description
            return switch difference {
            case .missingExchange(let name): Difference(kind: "missing-exchange", name: name, detail: detail)
            case .missingQueue(let name): Difference(kind: "missing-queue", name: name, detail: detail)
            case .inequivalent(let name, _): Difference(kind: "inequivalent", name: name, detail: detail)
            }
        }
        lines =
            found.isEmpty
            ? ["all exchanges and all \(total) queues are there"]
            : found.map(\.description) + ["run 'oncorelay topology apply' to declare what is missing"]
    }
}
